"""A session: one person's conversation with one agent, from joining to leaving.

It owns the clock of the call, one task group with everything that runs for it, and the order of steps: notice and
consent, greeting, then facts in and decisions out until somebody leaves. The rooms do the work; this wires them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from visavis.journal.journal import SessionLog
from visavis.kernel.agent import Agent
from visavis.kernel.errors import JournalError, ProviderError
from visavis.kernel.events import (
    Apologized,
    AsideIgnored,
    BargeInIgnored,
    ClockRemapped,
    ConsentGiven,
    Ducked,
    Event,
    FinalRequested,
    FloorTaken,
    HoldRequested,
    IdlePrompted,
    MessageRejected,
    NothingSaid,
    PeerLost,
    PeerReturned,
    PlaybackStarted,
    PlaybackStopped,
    Record,
    SessionJoined,
    SessionResumed,
    SessionStarted,
    TextTyped,
    TimerFired,
    TrackChanged,
    TranscriptRevised,
    TurnEnded,
    VoicePaused,
    WordsScored,
)
from visavis.kernel.media import AudioFrame, VideoFrame
from visavis.kernel.messages import Committed, Consent, Cue, Hello, Leave, PageAct, Problem, Say, Track, Typing
from visavis.kernel.settings import Settings
from visavis.session.admission import admit, amend
from visavis.session.alarm import Alarm
from visavis.session.ears import Ears
from visavis.session.eyes import Eyes
from visavis.session.hearing import Hearing
from visavis.session.history import History
from visavis.session.kept import Person
from visavis.session.listener import Listener
from visavis.session.look import Look
from visavis.session.mouth import Mouth
from visavis.session.page import PageView
from visavis.session.phrases import phrase, prompt
from visavis.session.presence import Presence, heard_out
from visavis.session.remembering import Remembering
from visavis.session.replies import Replies
from visavis.session.scribe import Scribe
from visavis.session.sight import Sight
from visavis.session.stack import Layers
from visavis.session.surviving import for_call
from visavis.session.unwinding import CallEnded, closed_after, ended_by, leave
from visavis.session.yielding import Yielding
from visavis.transport.base import Bad, Gone, Incoming, Lost, Remapped, Returned, Transport
from visavis.trust.consent import Consent as ConsentState
from visavis.trust.gate import Gate
from visavis.turn.conductor import Conductor
from visavis.turn.floor import Floor
from visavis.turn.requests import wait_request

COMMIT_AFTER_S = 0.03

WORTH_ASKING_S = 0.15
"""What the model thinks of the words comes so much later; a turn that ends sooner need not ask."""


class Session:
    """Build it with a transport that has a person on it, then `await run()`."""

    def __init__(
        self,
        agent: Agent,
        settings: Settings,
        layers: Layers,
        transport: Transport,
        log: SessionLog,
        person: Person | None = None,
    ) -> None:
        self._agent = agent
        self._settings = settings = agent.adapted(settings)
        shared = layers
        self._layers, self._mending = layers, _ = for_call(layers, agent, settings, self._note)
        self._transport = transport
        self._log = log
        self._media = log.media
        self._scribe = Scribe(log, Gate(ConsentState()))
        self._history = History(log.past, agent.language)
        self._page = PageView(transport.send, agent.language, log.past)
        self._floor = Floor(settings.turn, agent.language)
        self._conductor = Conductor()
        self._mouth = Mouth(transport, self._media, self._fact, echo=self._cancels_echo)
        far_end = self._mouth.echo.at if self._mouth.echo is not None else None
        self._ears = Ears(layers, settings.turn, agent.language, self._fact, far_end=far_end)
        self._hearing = Hearing(self._ears, layers.asr.name, self._media, self._note, self._sorry)
        self._sight = Sight(
            layers.sighted, agent, settings.vision, self._scribe, self._page.frame_sent, self._history.last_words
        )
        gate, hands = self._scribe.gate, layers.gestures
        self._eyes = Eyes(layers.face, transport, self._media, gate, self._note, self._fact, self._sight, hands)
        self._presence = Presence(settings.session, self._media, self._something_goes_on)
        self._listener = Listener(settings.session, agent, shared.tts, self._mouth, self._media, self._note)
        self._memory = Remembering(agent, layers.llm, settings, self._scribe, self._history, self._say, person)
        log.readers += [self._history.read, self._page.read, self._presence.read, self._listener.read]
        log.readers.append(self._memory.read)  # last, since it writes
        log.readers.append(layers.ladder.read)  # last: what it writes down, the others read after what led to it
        self._speech_end_s = 0.0
        self._alarm = Alarm(self._media, lambda: self._floor.wake_at_s)
        self._away = False
        self._cut_off = False
        self._group: asyncio.TaskGroup
        self._replies: Replies

    @property
    def _cancels_echo(self) -> bool:
        return bool(self._layers.echo) and not self._transport.echo_free

    async def run(self) -> str:
        """Hold the call to its end. Returns the reason it ended; the transport is closed by then."""
        reason = "error"
        try:
            reason = await self._hold()
        except asyncio.CancelledError:
            reason = "server_stopped"
            raise
        except JournalError as error:
            reason = self._unrecorded(error)
        except BaseExceptionGroup as group:
            end = ended_by(group)
            reason = end.reason if isinstance(end, CallEnded) else self._unrecorded(end)
        finally:
            await leave(reason, self._note, self._log, self._transport, self._memory.close())
        return reason

    def _unrecorded(self, error: BaseException) -> str:
        self._transport.send(Problem("journal", phrase("no_record", self._agent.language), fatal=True))
        return f"error: {error}"

    async def _hold(self) -> str:
        self._note(SessionJoined(self._transport.name, self._agent.name))
        resumed = bool(self._log.past)
        self._transport.send(Hello(self._log.session, self._agent.name, self._agent.language, resumed=resumed))
        async with closed_after(self._transport.incoming(self._media)) as incoming:
            refused = await self._admit(incoming)
            if refused:
                return refused
            async with asyncio.TaskGroup() as self._group:
                self._start(resumed)
                self._group.create_task(self._hearing.run(), name="ears")
                self._group.create_task(self._mouth.run(), name="mouth")
                self._group.create_task(self._eyes.run(), name="eyes")
                self._group.create_task(self._keep_time(), name="floor-timer")
                self._group.create_task(self._watch_presence(), name="presence")
                self._group.create_task(self._listener.run(), name="listener")
                self._group.create_task(self._memory.run(), name="memory")
                self._group.create_task(self._mending.run(), name="mending")
                await self._listen(incoming)
        return "error"

    async def _admit(self, incoming: AsyncIterator[Incoming]) -> str:
        """Consent of an earlier process of this same call still holds; else the person is asked."""
        for record in reversed(self._log.past):
            if isinstance(record.event, ConsentGiven):
                self._scribe.gate.consent.give(list(record.event.purposes))
                return ""
        return await admit(self._agent, self._transport, incoming, self._scribe)

    def _start(self, resumed: bool) -> None:
        agent = self._agent
        self._replies = Replies(
            self._group,
            agent,
            self._layers,
            self._mouth,
            self._note,
            self._fact,
            self._history.asking,
            self._log.commit,
            self._settings.llm,
            self._log.session,
            Look(self._sight, agent.language, self._settings, self._note),
            self._memory,
            count=self._history.replies,
        )
        self._replies.desk.follow(self._log)
        self._log.readers.append(Yielding(self._group, self._mouth, self._conductor, self._replies, self._note).read)
        self._sight.noted = self._replies.seen
        scored = self._layers.endpoint is not None
        started = SessionStarted(agent.name, agent.language, self._layers.names(), self._settings.turn, scored)
        self._note(started)
        if resumed:
            self._note(SessionResumed("server_restart", self._history.exchanged))
            self._say("resume", phrase("resumed", agent.language))
        elif agent.opening:
            self._say("greeting", agent.opening)
        self._page.state("thinking" if self._replies.busy else "idle")

    # Facts in, decisions out.

    def _note(self, event: Event) -> Record:
        return self._scribe.note(event)

    def _fact(self, event: Event) -> None:
        """A fact that the floor may read: write it down, then carry out what follows."""
        record = self._note(event)
        if isinstance(event, PlaybackStarted):
            self._replies.became_audible(self._speech_end_s, record.at_s)
            self._conductor.started(event.reply)
            self._ears.hurry(True)
            if not (self._floor.words_due or self._floor.undecided):
                self._ears.forget()
        elif isinstance(event, TranscriptRevised) and not event.pause:
            self._replies.hear(event.text)
        elif isinstance(event, PlaybackStopped):
            self._ears.hurry(False)
            if self._conductor.stopped(event.reply):
                self._ears.forget()
        for decision in self._floor.feed(record.event, record.at_s):
            self._scribe.note(decision, record.at_s)  # decided then, however long the computer took over it
            self._carry_out(decision)
        if self._away:
            self._speak_to_nobody()
        self._alarm.reset()

    def _carry_out(self, decision: Event) -> None:
        match decision:
            case FinalRequested(pause=pause):
                self._hear_out(pause)
            case Ducked():
                self._mouth.duck()
            case VoicePaused():
                self._mouth.pause()
            case BargeInIgnored(why=why):
                self._mouth.resume()
                if why != "protected":
                    self._ears.forget()
            case NothingSaid() | AsideIgnored():
                self._ears.forget()
            case FloorTaken():
                self._replies.interrupt()
            case TurnEnded(turn=turn, text=text, speech_end_s=speech_end_s):
                self._speech_end_s = speech_end_s
                if asked := wait_request(text, self._agent.language):
                    self._note(HoldRequested(turn, asked))
                self._group.create_task(self._commit(), name="commit")
        for action in self._conductor.feed(decision):
            self._replies.act(action)

    def _hear_out(self, pause: int) -> None:
        """A pause: what exactly was said, and is the turn over?"""
        ended_s = self._speech_end_s

        def missed() -> bool:
            return self._speech_end_s == ended_s  # no turn has ended since

        self._group.create_task(self._recognise(pause, missed), name=f"final-{pause}")
        self._group.create_task(self._hearing.score(pause), name=f"score-{pause}")

    async def _recognise(self, pause: int, missed: Callable[[], bool]) -> None:
        """The words up to the pause; and while it is open whether they end a turn, what the model thinks of them."""
        text = await self._hearing.recognise(pause, missed)
        began_s, over_at_s = self._media.now(), self._floor.over_at_s
        if text and over_at_s is not None and over_at_s - began_s > WORTH_ASKING_S:
            p = await self._replies.p_ends(text)
            if p is not None:
                self._fact(WordsScored(round(p, 3), pause, round(self._media.now() - began_s, 3)))

    def _say(self, kind: str, text: str) -> None:
        """Speak words of the agent's own, in place of whatever reply is under way."""
        self._conductor.forget()
        self._replies.say(kind, text)

    def _sorry(self, error: ProviderError) -> None:
        """Hearing failed: the person must know that their words did not arrive."""
        if not self._replies.busy:
            self._note(Apologized(0, error.code))
            self._say("apology", self._layers.ladder.unheard(error.code))

    async def _commit(self) -> None:
        """What has been said so far is on disk, and the person's side hears it. The voice goes first: a thread that
        writes may hold the interpreter for some milliseconds."""
        await asyncio.sleep(COMMIT_AFTER_S)
        self._transport.send(Committed(await self._log.commit()))

    async def _keep_time(self) -> None:
        """Wakes the floor when it asked to be."""
        while True:
            self._fact(TimerFired(round(await self._alarm.rings(), 4)))

    # The person's side.

    async def _listen(self, incoming: AsyncIterator[Incoming]) -> None:
        async for item in incoming:
            self._take(item)
        raise CallEnded("peer_gone")

    def _take(self, item: Incoming) -> None:
        match item:
            case AudioFrame():
                self._ears.hear(self._scribe.gate.clear(item))
                self._mouth.nudge()
            case VideoFrame():
                self._eyes.see(item)
            case Cue():
                self._eyes.told(item)
            case Say(text=text) if text.strip():
                self._fact(TextTyped(text.strip()))
            case PageAct():
                self._page.acted(item, self._note, self._fact)
            case Typing():
                self._presence.touch()
            case Track(kind=kind, on=on):
                self._note(TrackChanged(kind, "on" if on else "off"))
                self._eyes.track(kind, on)
            case Bad(why=why, size=size):
                self._note(MessageRejected(why, size))
                self._transport.send(Problem("bad_message", f"That message was not understood: {why}."))
            case Remapped(stream=stream, by_s=by_s):
                self._note(ClockRemapped(stream, round(by_s, 3)))
            case Lost():
                self._lost()
            case Returned(away_s=away_s):
                self._returned(away_s)
            case Leave():
                raise CallEnded("left")
            case Gone(reason=reason):
                raise CallEnded(reason)
            case Consent():
                self._consent_changed(item)

    def _consent_changed(self, answer: Consent) -> None:
        """More purposes agreed to in mid-call, some taken back, or everything, which ends the call."""
        self._eyes.agreeing()
        if not amend(answer, self._transport, self._scribe):
            raise CallEnded("declined")
        self._eyes.agreed()

    def _lost(self) -> None:
        self._away = True
        self._note(PeerLost(self._settings.webrtc.reconnect_s))
        self._speak_to_nobody()

    def _speak_to_nobody(self) -> None:
        """While nobody is on the line nothing is said: it would count as heard."""
        if self._replies.busy:
            self._cut_off = True
            self._conductor.forget()
            self._replies.drop("peer_lost")

    def _returned(self, away_s: float) -> None:
        self._away = False
        self._note(PeerReturned(round(away_s, 3)))
        self._presence.touch()
        self._transport.send(Hello(self._log.session, self._agent.name, self._agent.language, resumed=True))
        self._page.again()
        if self._cut_off:
            self._cut_off = False
            self._say("resume", phrase("resumed", self._agent.language))

    # Silence and the end.

    def _something_goes_on(self) -> bool:
        return self._away or self._floor.person_speaking or self._replies.busy

    async def _watch_presence(self) -> None:
        language = self._agent.language
        while True:
            reason = await self._presence.watch(self._prompt)
            if reason == "time_limit":
                await heard_out(lambda: self._floor.person_speaking or self._floor.undecided)
            self._presence.saying_goodbye()
            self._say("goodbye", phrase("goodbye_idle" if reason == "idle" else "time_limit", language))
            await self._replies.finished()
            if reason != "idle" or not await self._presence.answered(self._words_under_way, language):
                raise CallEnded(reason)

    def _words_under_way(self) -> bool:
        return self._floor.person_speaking or self._floor.wake_at_s is not None

    def _prompt(self, count: int) -> None:
        self._note(IdlePrompted(count))
        self._say("idle", prompt(self._presence.silence, count, self._agent.language))
