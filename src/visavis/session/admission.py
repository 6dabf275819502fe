"""The first thing in every call: who we are, what happens to what you say, and do you agree?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from visavis.kernel.agent import Agent
from visavis.kernel.events import ConsentAsked, ConsentGiven, ConsentRefused, ConsentRevoked, MessageRejected
from visavis.kernel.messages import Consent, Leave, Notice, Start
from visavis.session.scribe import Scribe
from visavis.transport.base import Bad, Gone, Incoming, Transport
from visavis.trust.consent import NOTICE_VERSION, PURPOSES, notice

ANSWER_WITHIN_S = 180.0


async def admit(agent: Agent, transport: Transport, incoming: AsyncIterator[Incoming], scribe: Scribe) -> str:
    """Ask for consent in the door's own way. Returns '' when given, else why the call ends.

    Until the answer is in, everything but the answer itself is dropped unread: no audio, no picture, no text.
    """
    scribe.note(ConsentAsked(NOTICE_VERSION, agent.language, transport.consent_via))
    if transport.consent_via == "attested":
        return _given(list(PURPOSES), transport, scribe)
    transport.send(Notice(NOTICE_VERSION, notice(agent.name, agent.language)))
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            return await _answer(transport, incoming, scribe)
    except TimeoutError:
        return f"declined: no answer within {ANSWER_WITHIN_S:.0f} s"


async def _answer(transport: Transport, incoming: AsyncIterator[Incoming], scribe: Scribe) -> str:
    async for item in incoming:
        match item:
            case Consent(given=True, purposes=purposes):
                return _given(purposes, transport, scribe)
            case Start(consent=True):
                return _given(["listen"], transport, scribe)
            case Consent(given=False):
                scribe.gate.consent.refuse()
                scribe.note(ConsentRefused(NOTICE_VERSION, transport.consent_via))
                return "declined"
            case Leave():
                return "left"
            case Gone(reason=reason):
                return reason
            case Bad(why=why, size=size):
                scribe.note(MessageRejected(why, size))
    return "peer_gone"


def _given(purposes: list[str], transport: Transport, scribe: Scribe) -> str:
    agreed = scribe.gate.consent.give(purposes)
    scribe.note(ConsentGiven(NOTICE_VERSION, agreed, transport.consent_via))
    return ""


def amend(answer: Consent, transport: Transport, scribe: Scribe) -> bool:
    """Consent that changes in mid-call: more purposes, some taken back, or all. Returns whether the call goes on."""
    consent = scribe.gate.consent
    before = consent.purposes
    if answer.given:
        consent.give(answer.purposes)
    elif not answer.purposes or "listen" in answer.purposes:
        scribe.note(ConsentRevoked(tuple(sorted(before))))
        consent.refuse()
        return False
    elif withdrawn := consent.withdraw(answer.purposes):
        scribe.note(ConsentRevoked(withdrawn))
    if consent.purposes != before:
        scribe.note(ConsentGiven(NOTICE_VERSION, tuple(sorted(consent.purposes)), transport.consent_via))
    return True
