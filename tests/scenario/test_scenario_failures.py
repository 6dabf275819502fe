"""When something breaks the person is told, aloud or on the page; and the call goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from calls import BreakingLlm, EndlessLlm, StallingLlm, StallingTts, asked, checked

from visavis.journal.memory import MemoryStore
from visavis.kernel.errors import JournalError, ProviderTimeout, Rejected
from visavis.kernel.events import (
    Apologized,
    EndpointScored,
    FloorTaken,
    PlaybackStarted,
    ProviderFailed,
    ReplyEnded,
    SessionEnded,
    TurnEnded,
)
from visavis.kernel.media import Samples
from visavis.kernel.messages import Problem, Say, State, Transcript
from visavis.kernel.settings import LlmSettings, Settings
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.session.phrases import phrase
from visavis.session.reply import MAX_REPLY_CHARS
from visavis.speak.base import Speech
from visavis.testing.doubles import ScriptedEndpoint, ScriptedLlm, ScriptedTts, ScriptedVad
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import LlmRequest

APOLOGY = phrase("apology", "en")
LOST_THREAD = phrase("lost_thread", "en")


def shown(played: Played) -> list[str]:
    return [message.code for message in played.messages(Problem) if isinstance(message, Problem)]


def failed(played: Played) -> list[tuple[str, str]]:
    return [(event.layer, event.code) for event in played.events(ProviderFailed)]


def asking(llm: ScriptedLlm, **more: Any) -> Scenario:
    """One question, and a second one later: does the call go on?"""
    call = Scenario(llm=llm, **more)
    call.says(1.0, "when do you open")
    call.says(16.0, "and on Sundays")
    return call


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("boom"), "provider"),
        (ConnectionResetError(), "provider"),
        (ProviderTimeout("slow", which="first"), "provider_timeout"),
        (Rejected("no such key"), "rejected"),
    ],
)
def test_a_failing_model_is_apologised_for_and_the_call_goes_on(error: Exception, code: str) -> None:
    played = checked(call := asking(ScriptedLlm([error, "At nine."])), until=22.0)
    assert played.heard() == [APOLOGY, "At nine."]
    assert failed(played) == [("llm", code)]
    assert shown(played) == [code]
    assert [event.code for event in played.events(Apologized)] == [code]
    assert asked(call.llm) == [("user", "when do you open"), ("assistant", APOLOGY), ("user", "and on Sundays")]


def test_an_empty_answer_is_apologised_for() -> None:
    played = checked(asking(ScriptedLlm(["", "At nine."])), until=22.0)
    assert played.heard() == [APOLOGY, "At nine."]
    assert shown(played) == ["empty_reply"]


def test_an_empty_answer_that_is_ready_before_the_turn_ends_is_apologised_for_once_it_ends() -> None:
    """The apology is a whole reply: recorded as heard, and open to interruption."""
    call = Scenario(llm=ScriptedLlm(["", "At nine."]), endpoint=ScriptedEndpoint([0.3]))
    call.says(1.0, "when do you open")
    played = checked(call, until=12.0)
    assert played.heard() == [APOLOGY]
    assert played.at(PlaybackStarted) > played.at(TurnEnded)


def test_an_apology_can_be_interrupted() -> None:
    call = Scenario(llm=ScriptedLlm(["", "At nine."]), endpoint=ScriptedEndpoint([0.3]))
    call.says(1.0, "when do you open")
    call.does(4.0, Say("hello?"))
    played = checked(call, until=12.0)
    assert len(played.events(FloorTaken)) == 1
    assert played.heard()[-1] == "At nine."
    assert played.door.loudness(4.05, played.at(PlaybackStarted, 1) - 0.001) == 0.0


@pytest.mark.parametrize("words", ["", "Let me see, "])
def test_a_model_that_stalls_is_given_up(words: str) -> None:
    llm = StallingLlm(words)
    settings = Settings(llm=LlmSettings(first_timeout_s=3.0, idle_timeout_s=2.0))
    call = Scenario(llm=llm, settings=settings)
    end_s = call.says(1.0, "when do you open")
    played = checked(call, until=25.0)
    assert failed(played) == [("llm", "provider_timeout")]
    assert shown(played) == ["provider_timeout"]
    assert llm.closed == 1
    assert APOLOGY in played.heard()[-1] or LOST_THREAD in played.heard()[-1]
    assert played.at(Apologized) - end_s < 3.0 + 1.0 + 1.0


def test_a_model_that_breaks_off_says_it_lost_the_thread() -> None:
    played = checked(asking(BreakingLlm("We open at nine. We close")), until=15.0)
    (first,) = played.heard()
    assert first.startswith("We open at nine.")
    assert first.endswith(LOST_THREAD)


def test_an_endless_model_is_cut() -> None:
    llm = EndlessLlm()
    call = Scenario(llm=llm, tts=ScriptedTts(first_s=0.001))
    call.says(1.0, "when do you open")
    played = checked(call, until=500.0)
    (ended,) = played.events(ReplyEnded)[:1]
    assert ended.ok
    assert len(ended.text) <= MAX_REPLY_CHARS + 100
    assert llm.closed == 1


def test_a_reply_that_is_interrupted_stops_the_model() -> None:
    llm = EndlessLlm()
    call = Scenario(llm=llm)
    call.says(1.0, "when do you open")
    call.does(1.0 + 1.2 + 0.4, Say("and where are you?"))
    checked(call, until=6.0)
    assert llm.closed == len(llm.requests) == 2


def test_a_broken_voice_shows_the_answer_instead() -> None:
    played = checked(call := asking(ScriptedLlm(["We open at nine.", "At ten."]), tts=ScriptedTts(fails=True)), 22.0)
    assert not played.events(PlaybackStarted)
    assert [event.text for event in played.events(ReplyEnded)] == ["We open at nine.", "At ten."]
    lines = [m for m in played.messages(Transcript) if isinstance(m, Transcript) and m.final]
    assert [(line.role, line.text) for line in lines] == [
        ("user", "when do you open"),
        ("agent", "We open at nine."),
        ("user", "and on Sundays"),
        ("agent", "At ten."),
    ]
    assert len({(line.role, line.id) for line in lines}) == 4
    assert set(shown(played)) == {"provider"}
    assert asked(call.llm) == [
        ("user", "when do you open"),
        ("assistant", "We open at nine."),
        ("user", "and on Sundays"),
    ]
    states = [message.state for message in played.messages(State) if isinstance(message, State)]
    assert states[-1] == "idle"


class BreakingTts(ScriptedTts):
    """The second piece fails."""

    async def stream(self, text: str, *, voice: str = "", language: str = "en") -> AsyncGenerator[Speech, None]:
        if self.texts:
            raise RuntimeError("the voice broke")
        async for speech in super().stream(text):
            yield speech


def test_a_voice_that_breaks_in_the_middle_is_shown() -> None:
    call = Scenario(llm=ScriptedLlm(["We open at nine. We close at six."]), tts=BreakingTts())
    call.says(1.0, "when do you open")
    played = checked(call, until=12.0)
    assert played.heard() == ["We open at nine."]
    assert shown(played) == ["provider"]


def test_a_voice_that_stalls_is_given_up() -> None:
    call = Scenario(llm=ScriptedLlm(["We open at nine."]), tts=StallingTts())
    call.says(1.0, "when do you open")
    played = checked(call, until=30.0)
    assert failed(played) == [("tts", "provider_timeout")]
    assert [event.text for event in played.events(ReplyEnded)][:1] == ["We open at nine."]


def test_failing_recognition_is_apologised_for_and_the_call_goes_on() -> None:
    call = asking(ScriptedLlm(["At nine."]), asr_options={"fails": {1: RuntimeError("boom")}})
    played = checked(call, until=22.0)
    assert played.heard() == [APOLOGY, "At nine."]
    assert failed(played) == [("asr", "provider")]
    assert shown(played) == ["provider"]
    assert [turn.text for turn in played.events(TurnEnded)] == ["and on Sundays"]


def test_recognition_that_stalls_is_done_with_the_words_known_so_far() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine."]), asr_options={"final_s": 1e6})
    call.says(1.0, "when do you open today")
    played = checked(call, until=18.0)
    assert played.heard() == ["At nine."], "no apology after an answer"
    assert failed(played) == [("asr", "provider_timeout")]


def test_recognition_that_stalls_without_any_words_is_apologised_for() -> None:
    call = Scenario(asr_options={"final_s": 1e6, "partial_every_s": 1e6})
    call.says(1.0, "when do you open today")
    played = checked(call, until=20.0)
    assert played.heard() == [APOLOGY]
    assert shown(played) == ["provider_timeout"]


class BrokenEndpoint(ScriptedEndpoint):
    async def p_complete(self, samples: Samples) -> float:
        raise RuntimeError("boom")


def test_a_failing_end_of_turn_model_only_costs_time() -> None:
    call = Scenario(llm=ScriptedLlm(["At nine."]), endpoint=BrokenEndpoint())
    end_s = call.says(1.0, "when do you open")
    played = checked(call, until=9.0)
    assert played.heard() == ["At nine."]
    assert not played.events(EndpointScored)
    assert end_s + 0.4 < played.at(TurnEnded) < end_s + 1.0
    assert shown(played) == []


def test_deafness_is_told_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def push(self: ScriptedVad, window: object) -> float:
        raise RuntimeError("boom")

    monkeypatch.setattr(ScriptedVad, "push", push)
    call = Scenario(llm=ScriptedLlm(["At nine."]))
    call.does(10.0, Say("when do you open"))
    played = checked(call, until=15.0)
    assert played.heard() == [APOLOGY, "At nine."], "typing still works"


def test_hearing_comes_back_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    healthy, calls = ScriptedVad.push, 0

    async def push(self: ScriptedVad, window: Any) -> float:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise RuntimeError("boom")
        return await healthy(self, window)

    monkeypatch.setattr(ScriptedVad, "push", push)
    call = Scenario(llm=ScriptedLlm(["At nine."]))
    call.says(9.0, "when do you open")
    played = checked(call, until=15.0)
    assert played.heard() == [APOLOGY, "At nine."]


class Unhelpful(ScriptedLlm):
    """Prefilling fails, or takes for ever."""

    def __init__(self, *, stalls: bool) -> None:
        super().__init__(["At nine."])
        self.stalls = stalls

    async def prefill(self, request: LlmRequest) -> None:
        self.prefills += 1
        if self.stalls:
            await asyncio.sleep(1e6)
        raise RuntimeError("boom")


@pytest.mark.parametrize("stalls", [False, True])
def test_a_model_that_cannot_think_ahead_answers_all_the_same(stalls: bool) -> None:
    call = Scenario(llm=Unhelpful(stalls=stalls))
    call.says(1.0, "when do you open on the first Monday of May")
    call.says(7.0, "and on the last Sunday of the month of June")
    call.says(13.0, "and when do you close then if I may ask")
    played = checked(call, until=19.0)
    assert played.heard() == ["At nine."] * 3
    assert failed(played) == []
    if stalls:
        assert call.llm.prefills == 1, "one at a time"
    else:
        assert call.llm.prefills >= 3, "a failure is no reason to stop trying"


# The end of everything.


def test_a_full_journal_ends_the_call_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    healthy = MemoryStore.append

    def append(self: MemoryStore, records: Any) -> None:
        if any(isinstance(record.event, TurnEnded) for record in records):
            raise JournalError("the disk is full", stage="journal")
        healthy(self, records)

    monkeypatch.setattr(MemoryStore, "append", append)
    call = Scenario(llm=ScriptedLlm(["At nine."]))
    call.says(1.0, "when do you open")
    played = call.run(until=9.0)
    assert played.reason == "error: the disk is full"
    assert shown(played) == ["journal"]
    assert not [record for record in played.records if isinstance(record.event, SessionEnded)]


def test_nothing_is_left_running_when_the_call_is_cancelled() -> None:
    """The server stops: the session writes its end and hangs up, whatever it was doing."""
    call = Scenario(llm=StallingLlm("We open at nine. "))
    call.says(1.0, "when do you open")

    async def cut() -> None:
        playing = asyncio.ensure_future(call._play())
        await asyncio.sleep(3.0)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing

    call.script.end_s = 100.0
    loop = VirtualTimeLoop(wall_s=1_750_000_000.0)
    loop.run_until_complete(cut())
    assert not asyncio.all_tasks(loop)
    loop.close()
    assert isinstance(call.llm, StallingLlm)
    assert call.llm.closed == 1
