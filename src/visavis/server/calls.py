"""The calls of one process: admits them up to the limit, finds them again after a dropped line or a restart."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from visavis.journal.journal import Journal, SessionLog
from visavis.kernel.agent import Agent
from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.errors import AtCapacity, JournalError, PeerGone
from visavis.kernel.events import SessionEnded
from visavis.kernel.settings import Settings
from visavis.session.kept import Person
from visavis.session.phrases import phrase
from visavis.session.session import Session
from visavis.session.stack import Layers
from visavis.transport.base import Transport
from visavis.transport.webrtc import WebRtcTransport

REMEMBERED_FACTOR = 4
"""After a restart a call can be found again for this many times `reconnect_s`: loading models takes its part."""


logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Call:
    transport: Transport
    task: asyncio.Task[str]


class Calls:
    """Holds every session's task in `group`; `close` ends them all."""

    def __init__(
        self, group: asyncio.TaskGroup, agent: Agent, settings: Settings, layers: Layers, journal: Journal
    ) -> None:
        self._group = group
        self._agent = agent
        self._settings = settings
        self._layers = layers
        self._journal = journal
        self._calls: dict[str, _Call] = {}
        self._closing = False
        self._offers = asyncio.Lock()
        self._opening = 0

    def __len__(self) -> int:
        return len(self._calls)

    async def offer(
        self, sdp: str, session: str, still_there: Callable[[], bool] = lambda: True, person: Person | None = None
    ) -> tuple[str, str]:
        """Answer a WebRTC offer; returns the answer's SDP and the session's key.

        With the key of a live call the same conversation gets a new line; with that of a call this server held
        before it was restarted, the conversation goes on from the journal. Offers are answered one at a time, so
        that two for the same session cannot both begin it; one whose client has gone meanwhile (`still_there`) is
        dropped. `person`: who calls, if known. Raises AtCapacity, JournalError, NegotiationFailed, PeerGone.
        """
        async with self._offers:
            if not still_there():
                raise PeerGone("the client gave up before it was answered", stage="transport")
            live = self._calls.get(session)
            if live is not None and isinstance(live.transport, WebRtcTransport):
                return await live.transport.rejoin(sdp), session
            async with self.seat():
                log = (await self._resumed(session) if live is None else None) or self._fresh()
                transport = WebRtcTransport(self._settings.webrtc)
                try:
                    answer = await transport.answer(sdp)
                except BaseException:
                    await transport.close("error")
                    raise
                self.begin(transport, log, person)
            return answer, log.session

    @asynccontextmanager
    async def seat(self) -> AsyncIterator[None]:
        """Keeps room for one call while its line is being opened.

        Raises AtCapacity when no call can be taken, JournalError when none could be recorded.
        """
        if self._journal.failure is not None:
            try:
                await self._journal.recover()
            except JournalError as error:
                raise JournalError(phrase("no_record", self._agent.language), stage="journal") from error
        if self._closing or len(self._calls) + self._opening >= self._settings.server.max_sessions:
            raise AtCapacity(phrase("busy", self._agent.language), stage="transport")
        self._opening += 1
        try:
            yield
        finally:
            self._opening -= 1

    def begin(
        self, transport: Transport, log: SessionLog | None = None, person: Person | None = None
    ) -> asyncio.Task[str]:
        """Start the call's task, which returns the reason the call ended."""
        log = log or self._fresh()
        session = Session(self._agent, self._settings, self._layers, transport, log, person)
        task = self._group.create_task(_run(session), name=f"session-{log.session[:6]}")
        self._calls[log.session] = _Call(transport, task)
        task.add_done_callback(lambda _: self._calls.pop(log.session, None))
        return task

    def _fresh(self) -> SessionLog:
        return self._journal.open(secrets.token_urlsafe(16), MediaClock(LoopClock()))

    async def _resumed(self, session: str) -> SessionLog | None:
        """The log of a call that an earlier process of this server held and that has not ended."""
        if not session:
            return None
        log = await self._journal.resume(session, lambda start_s: MediaClock(LoopClock(), start_s=start_s))
        if not log.past or any(isinstance(record.event, SessionEnded) for record in log.past):
            return None
        away_s = LoopClock().wall() - log.past[-1].wall_s
        return log if away_s <= REMEMBERED_FACTOR * self._settings.webrtc.reconnect_s else None

    async def close(self) -> None:
        """End every call: first a grace for those that are ending, then at once."""
        self._closing = True
        tasks = [call.task for call in self._calls.values()]
        for call in list(self._calls.values()):
            call.task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self._settings.server.stop_grace_s)


async def _run(session: Session) -> str:
    """A call that breaks ends alone: the others in this process go on."""
    try:
        return await session.run()
    except Exception:
        logger.exception("a call ended by a fault")
        return "error"
