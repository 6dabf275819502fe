"""The ladder, rung by rung: the person is told, the call goes on, and it climbs back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import msgspec
import pytest
from calls import BreakingLlm, checked

from visavis.bench.chaos_calls import ANSWER, SETTINGS
from visavis.hear.base import Asr
from visavis.kernel.agent import Agent
from visavis.kernel.errors import ConfigError, ModelError, Rejected
from visavis.kernel.events import (
    BreakerClosed,
    BreakerOpened,
    Degraded,
    FellBack,
    FirstAudioPlayed,
    HandoffRequested,
    Hedged,
    ProviderFailed,
    Recovered,
    ReplyStarted,
    ToolCalled,
    UsageCounted,
)
from visavis.kernel.messages import Problem, Say, Transcript
from visavis.kernel.settings import FallbackSettings
from visavis.kernel.timeouts import Timeouts
from visavis.session.fallback import KNOWN_FROM, Pool
from visavis.session.fallback_asr import FallbackAsr
from visavis.session.fallback_llm import FallbackLlm
from visavis.session.fallback_tts import FallbackTts
from visavis.session.phrases import phrase
from visavis.session.rungs import noted_words, rung_words
from visavis.session.stack import Layers
from visavis.speak.base import Tts
from visavis.testing.doubles import ScriptedLlm, ScriptedTts
from visavis.testing.faulty import Fault, FaultyAsr, FaultyLlm, FaultyTts, GoingOnLlm, Trouble
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import Llm, LlmEvent, LlmRequest, ToolCall

Arrange = Callable[[Layers], Layers]

BACKUP = rung_words("smaller_model", "en")


def trouble(fault: Fault = "500") -> Trouble:
    return Trouble(fault, Timeouts.of(SETTINGS.llm))


def llms(*models: Llm, settings: FallbackSettings | None = None) -> Arrange:
    pool = Pool("llm", [(f"llm{n}", model) for n, model in enumerate(models, 1)], Timeouts.of(SETTINGS.llm), settings)
    return lambda layers: replace(layers, llm=FallbackLlm(pool))


def voices(*engines: Tts) -> Arrange:
    pool = Pool("tts", [(f"tts{n}", engine) for n, engine in enumerate(engines, 1)], Timeouts.of(SETTINGS.tts))
    return lambda layers: replace(layers, tts=FallbackTts(pool), llm=GoingOnLlm(ANSWER))


def call(arrange: Arrange, *questions_s: float, agent: Agent | None = None) -> Scenario:
    """A question at each of these moments."""
    scenario = Scenario(agent or Agent("Ada", "You answer.", greeting=""), settings=SETTINGS, arrange=arrange)
    for at_s in questions_s:
        scenario.says(at_s, "when do you open")
    return scenario


def rungs(played: Played) -> list[str]:
    """What was lost and found, in order."""
    events = [record.event for record in played.records if isinstance(record.event, (Degraded, Recovered))]
    return [f"-{event.rung}" if isinstance(event, Degraded) else f"+{event.rung}" for event in events]


def shown(played: Played) -> list[str]:
    return [message.code for message in played.messages(Problem) if isinstance(message, Problem)]


def healed(at_s: float, *engines: FaultyLlm | FaultyTts) -> Callable[[Arrange], Arrange]:
    """The engines work from loop time `at_s` on."""

    def heal() -> None:
        for engine in engines:
            engine.well = True

    def around(arrange: Arrange) -> Arrange:
        def arranged(layers: Layers) -> Layers:
            asyncio.get_running_loop().call_at(at_s, heal)
            return arrange(layers)

        return arranged

    return around


# A smaller model.


def test_the_next_model_answers_and_the_first_one_comes_back() -> None:
    faulty = FaultyLlm(trouble(), "Fine again.")
    arrange = healed(16.0, faulty)(llms(faulty, ScriptedLlm(["At nine."])))
    played = checked(call(arrange, 1.0, 10.0, 30.0), until=38.0)
    assert played.heard() == [f"{BACKUP} At nine.", "At nine.", "Fine again."], "told once"
    assert rungs(played) == ["-smaller_model", "+smaller_model"]
    assert [event.why for event in played.events(FellBack)] == ["provider", "provider"]
    opened = [(event.why, event.for_s) for event in played.events(BreakerOpened)]
    assert opened == [("provider", 2.0), ("probe", 4.0)]
    assert len(played.events(BreakerClosed)) == 1
    answered = [event.provider for event in played.events(UsageCounted) if event.reply]
    assert answered == ["llm2", "llm2", "llm1"]


def test_a_model_that_is_known_to_fail_is_not_asked() -> None:
    faulty = FaultyLlm(trouble("stall"), ANSWER)
    played = checked(call(llms(faulty, ScriptedLlm(["At nine."])), 1.0, 12.0), until=20.0)
    assert played.heard()[1] == "At nine."
    assert played.at(FirstAudioPlayed, 0) - played.at(ReplyStarted, 0) > SETTINGS.llm.first_timeout_s
    assert played.at(FirstAudioPlayed, 1) - played.at(ReplyStarted, 1) < 1.0


def test_what_the_ladder_said_is_not_in_the_next_prompt() -> None:
    spare = ScriptedLlm(["At nine.", "At ten."])
    played = checked(call(llms(FaultyLlm(trouble(), ANSWER), spare), 1.0, 10.0), until=18.0)
    assert BACKUP in played.heard()[0]
    assert [message.text for message in spare.requests[-1].messages if message.role == "assistant"] == ["At nine."]


def test_words_that_nobody_heard_are_said_again() -> None:
    """The person goes on: the reply with the words is discarded, and the next one has them."""
    scenario = Scenario(
        Agent("Ada", "You answer.", greeting=""),
        settings=SETTINGS,
        arrange=llms(FaultyLlm(trouble(), ANSWER), ScriptedLlm(["At nine."])),
    )
    scenario.says(1.0, "when do you open")
    scenario.says(2.35, "on the first Monday of May")
    played = checked(scenario, until=14.0)
    assert len(played.events(ReplyStarted)) == 2, played.told()
    assert played.heard() == [f"{BACKUP} At nine."]


class LateLlm(ScriptedLlm):
    """Counts streams that were stopped."""

    stopped = 0

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        try:
            async for event in super().stream(request):
                yield event
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped += 1
            raise


def test_a_hedge_is_sooner_and_the_loser_is_stopped_and_counted() -> None:
    slow = LateLlm(["Slowly, at nine."], first_s=2.5)
    models: list[tuple[str, Llm]] = [("slow", slow), ("quick", ScriptedLlm(["At nine."], first_s=0.1))]
    pool = Pool("llm", models, Timeouts.of(SETTINGS.llm), FallbackSettings(hedge=["llm"]))
    pool.first.firsts_s.extend([0.3] * KNOWN_FROM)
    played = checked(call(lambda layers: replace(layers, llm=FallbackLlm(pool)), 1.0), until=9.0)
    assert played.heard() == ["At nine."]
    assert played.events(Hedged) == [Hedged("llm", "slow", "quick", 0.3, "quick")]
    assert slow.stopped == 1
    counted = [(event.provider, event.estimated) for event in played.events(UsageCounted)]
    assert counted == [("slow", True), ("quick", False)]
    assert rungs(played) == [], "nothing has failed"


def test_without_knowing_a_providers_times_nobody_hedges() -> None:
    slow = LateLlm(["At nine."], first_s=2.5)
    arrange = llms(slow, ScriptedLlm(["At ten."]), settings=FallbackSettings(hedge=["llm"]))
    played = checked(call(arrange, 1.0), until=9.0)
    assert played.heard() == ["At nine."]
    assert not played.events(Hedged)


def test_a_tool_that_a_broken_answer_asked_for_runs_once() -> None:
    runs: list[str] = []

    def book() -> str:
        """Book a table."""
        runs.append("booked")
        return "booked"

    wanted = ToolCall("c1", "book", "{}")
    faulty = FaultyLlm(trouble("disconnect"), "Booked.", call=wanted, from_request=2)
    agent = Agent("Ada", "You answer.", greeting="", tools=(book,))
    arrange = llms(faulty, GoingOnLlm("It is booked.", call=wanted))
    played = checked(call(arrange, 1.0, agent=agent), until=12.0)
    assert runs == ["booked"]
    assert len(played.events(ToolCalled)) == 1
    assert played.heard()[-1].endswith("It is booked.")


# Other voice, captions only.


def test_the_rest_is_said_by_another_voice_at_the_word() -> None:
    played = checked(call(voices(FaultyTts(trouble(), after=2), ScriptedTts()), 1.0), until=12.0)
    words = rung_words("other_voice", "en")
    assert played.heard() == [f"We open {words} at nine in the morning. We close at six in the evening."]
    assert rungs(played) == ["-other_voice"]


def test_without_a_voice_answers_are_shown_until_there_is_one_again() -> None:
    faulty = FaultyTts(trouble())
    played = checked(call(healed(8.0, faulty)(voices(faulty)), 1.0, 5.0, 30.0), until=40.0)
    lines = [
        m.text for m in played.messages(Transcript) if isinstance(m, Transcript) and m.final and m.role == "agent"
    ]
    assert lines == [ANSWER] * 3
    assert rungs(played) == ["-captions_only", "+captions_only"]
    assert shown(played).count("captions_only") == 1
    assert len(played.events(FirstAudioPlayed)) == 1


# Text chat.


def test_somebody_who_is_not_heard_is_asked_to_type_until_words_arrive_again() -> None:
    deaf: list[FaultyAsr] = []

    def arrange(layers: Layers) -> Layers:
        deaf.append(FaultyAsr(trouble(), layers.asr))
        asrs: list[tuple[str, Asr]] = [("asr1", deaf[0])]
        asyncio.get_running_loop().call_at(22.0, lambda: setattr(deaf[0], "well", True))
        return replace(
            layers,
            asr=FallbackAsr(Pool("asr", asrs, Timeouts(first_s=1.0, idle_s=1.0, total_s=3.0))),
            llm=GoingOnLlm(ANSWER),
        )

    scenario = call(arrange, 1.0, 9.0, 45.0)
    scenario.does(16.0, Say("when do you open"))
    played = checked(scenario, until=55.0)
    typing = rung_words("text_chat", "en")
    assert played.heard() == [phrase("apology", "en"), typing, ANSWER, ANSWER]
    assert rungs(played) == ["-text_chat", "+text_chat"]
    assert "text_chat" in shown(played)


# A person, a call-back.


@pytest.mark.parametrize("offered", [True, False])
def test_without_any_model_a_person_is_asked_for_then_a_call_back_is_offered(offered: bool) -> None:
    faulty = FaultyLlm(trouble("auth failure"), "Fine again.")
    arrange = healed(40.0, faulty)(llms(faulty))
    scenario = call(arrange, 1.0, 9.0, 19.0, 30.0, 110.0)
    if not offered:
        scenario.settings = msgspec.structs.replace(SETTINGS, fallback=FallbackSettings(call_back=False))
    played = checked(scenario, until=118.0)
    heard = played.heard()
    handoff = rung_words("handoff", "en")
    assert heard[:2] == [phrase("apology", "en"), handoff]
    assert heard[2:4] == ([rung_words("call_back", "en"), noted_words("en")] if offered else [handoff] * 2)
    assert heard[-1] == "Fine again."
    assert [event.why for event in played.events(HandoffRequested)] == ["rejected"]
    climbed = ["+call_back", "+handoff"] if offered else ["+handoff"]
    assert rungs(played) == ["-handoff", *(["-call_back"] if offered else []), *climbed]


def test_the_models_own_error_comes_up_when_all_have_failed() -> None:
    arrange = llms(BreakingLlm(""), ScriptedLlm([Rejected("no such key")]))
    played = checked(call(arrange, 1.0), until=9.0)
    failures = [(event.provider, event.code) for event in played.events(ProviderFailed)]
    assert failures == [("llm1", "provider"), ("llm2", "rejected")], "each once"


@pytest.mark.parametrize("wrong", [ConfigError("not an address"), ModelError("the model is not there")])
def test_a_setting_that_shows_to_be_wrong_in_the_call_leads_to_the_next_provider(wrong: Exception) -> None:
    played = checked(call(llms(ScriptedLlm([wrong]), ScriptedLlm(["At nine."])), 1.0), until=9.0)
    assert played.heard() == [f"{BACKUP} At nine."]
    assert [event.provider for event in played.events(ProviderFailed)] == ["llm1"]
