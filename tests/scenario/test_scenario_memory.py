"""Memory: within a call, and across calls of one person who has agreed to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import cast

import pytest
from calls import asked, checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    AnyEvent,
    ConsentGiven,
    FirstAudioPlayed,
    MemoryForgotten,
    MemoryNoted,
    MemoryRecalled,
    ProviderFailed,
    SessionEnded,
    TurnEnded,
    UsageCounted,
)
from visavis.kernel.messages import Consent
from visavis.kernel.settings import LlmSettings, MemorySettings, Settings
from visavis.session.kept import Person
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import Finished, LlmEvent, LlmRequest, TextDelta, Usage
from visavis.think.memory.base import MemoryFailed
from visavis.think.memory.sqlite import SqliteMemory

AGENT = Agent("Ada", "You answer questions.", greeting="")
EVERYTHING = Consent(True, ["listen", "memory"])
NO_MEMORY = Consent(True, ["listen"])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteMemory]:
    made = SqliteMemory(str(tmp_path / "memory.db"))
    yield made
    made.close()


def call(
    store: SqliteMemory,
    *says: str,
    consent: Consent = EVERYTHING,
    who: str = "jo",
    session: str = "s",
    lines: bool = False,
) -> Scenario:
    """A turn every six seconds from the second one on."""
    made = Scenario(
        AGENT, ScriptedLlm(["All right."]), consent_via="message", person=Person(who, store), session=session
    )
    made.settings = Settings(memory=MemorySettings(lines=lines))
    made.does(0.5, consent)
    for number, text in enumerate(says):
        made.says(2.0 + 6.0 * number, text)
    return made


def played(made: Scenario) -> Played:
    return checked(made, until=2.0 + 6.0 * len(made.script.utterances) + 4.0)


def prompt(made: Scenario, nth: int = -1) -> str:
    return "\n".join(text for _, text in asked(made.llm, nth))


def test_the_second_call_knows_what_the_first_was_told(store: SqliteMemory) -> None:
    played(call(store, "my name is Jordan", session="one"))
    second = call(store, "what is my name", session="two")
    result = played(second)
    assert [event.text for event in result.events(MemoryRecalled)] == ["my name is Jordan"]
    assert "my name is Jordan" in prompt(second)
    assert "earlier calls" in prompt(second)


def test_without_consent_nothing_is_kept_and_nothing_recalled(store: SqliteMemory) -> None:
    first = played(call(store, "my name is Jordan", consent=NO_MEMORY, session="one"))
    assert [event.text for event in first.events(MemoryNoted)] == ["my name is Jordan"], "within the call it is known"
    assert store.persons() == []
    played(call(store, "my name is Jordan", session="two"))
    third = call(store, "what is my name", consent=NO_MEMORY, session="three")
    assert played(third).events(MemoryRecalled) == []
    assert "Jordan" not in prompt(third)


def test_another_person_knows_nothing_of_it(store: SqliteMemory) -> None:
    played(call(store, "my name is Jordan", session="one"))
    other = call(store, "what is my name", who="sam", session="two")
    assert played(other).events(MemoryRecalled) == []


def test_what_is_to_be_forgotten_is_gone_from_store_and_prompt(store: SqliteMemory, tmp_path: Path) -> None:
    made = call(store, "my order number is 447199", "forget that", "what is my order number")
    result = played(made)
    assert "All right, I have forgotten that." in result.heard()
    assert store.persons() == []
    assert "447199" not in prompt(made)
    assert all(b"447199" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_memory_of_an_earlier_call_can_be_forgotten(store: SqliteMemory) -> None:
    played(call(store, "my name is Jordan", "I live in Oslo", session="one"))
    second = call(store, "forget that I live in Oslo", "where do I live", session="two")
    result = played(second)
    assert [event.why for event in result.events(MemoryForgotten)] == ["asked"]
    assert [item.text for item in store.items("jo")] == ["my name is Jordan"]
    assert "Oslo" not in prompt(second).replace("[forgotten]", "")


def test_a_correction_replaces_what_was_known(store: SqliteMemory) -> None:
    played(call(store, "my order number is 447199", session="one"))
    second = call(store, "what is my order number", "that's wrong, it's 447200", session="two")
    second.llm = ScriptedLlm(["It is 447199.", "Thank you."])
    played(second)
    assert [item.text for item in store.items("jo")] == ["my order number is 447200"]


def test_telling_it_again_otherwise_replaces_it_too(store: SqliteMemory) -> None:
    played(call(store, "my name is Jordan", "my name is Gordon"))
    assert [item.text for item in store.items("jo")] == ["my name is Gordon"]


def test_withdrawal_deletes_what_this_call_added_and_stops_the_rest(store: SqliteMemory) -> None:
    played(call(store, "my name is Jordan", session="one"))
    second = call(store, "I live in Oslo", "I work at the harbour", "who am I", session="two")
    second.does(6.5, Consent(False, ["memory"]))
    result = played(second)
    assert [item.text for item in store.items("jo")] == ["my name is Jordan"]
    assert "Jordan" not in prompt(second)
    assert result.events(ConsentGiven)[-1].purposes == ("listen",)
    assert result.reason == "left", "the call goes on"


def test_taking_everything_back_deletes_what_this_call_added(store: SqliteMemory) -> None:
    made = call(store, "I live in Oslo")
    made.does(6.5, Consent(False, []))
    assert played(made).reason == "declined"
    assert store.persons() == []


def test_consent_in_mid_call_covers_what_is_told_from_then_on(store: SqliteMemory) -> None:
    made = call(store, "my name is Jordan", "I live in Oslo", consent=NO_MEMORY)
    made.does(6.5, EVERYTHING)
    played(made)
    assert [item.text for item in store.items("jo")] == ["I live in Oslo"]


def test_an_agent_that_promises_is_reminded_of_it_in_the_next_call(store: SqliteMemory) -> None:
    first = call(store, "can you send me the form", session="one")
    first.llm = ScriptedLlm(["Sure, I'll send you the form by email."])
    played(first)
    second = call(store, "hello again", session="two")
    played(second)
    assert "I'll send you the form by email" in prompt(second)


class NotingLlm(ScriptedLlm):
    """Answers as scripted, and writes lines when it is asked for them."""

    def __init__(self, line: str, *, line_s: float = 0.2) -> None:
        super().__init__(["It is ready on Friday."])
        self.line = line
        self.line_s = line_s
        self.begun = self.ended = 0

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        if "keep the notes" not in request.messages[0].text:
            async for event in super().stream(request):
                yield event
            return
        self.begun += 1
        await asyncio.sleep(self.line_s)
        self.ended += 1
        yield TextDelta(self.line)
        yield Finished("stop", Usage(50, 9))


def test_lines_are_written_when_nothing_goes_on_and_known_in_the_next_call(store: SqliteMemory) -> None:
    first = call(store, "when is the red bike ready", session="one", lines=True)
    first.llm = NotingLlm("1: The red bike is ready on Friday.")
    result = played(first)
    [line] = result.events(MemoryNoted)
    assert (line.kind, line.by, line.text) == ("line", "model", "The red bike is ready on Friday.")
    source = next(record for record in result.records if record.seq == line.source_seq)
    assert isinstance(source.event, TurnEnded)
    counted = [event for event in result.events(UsageCounted) if not event.reply]
    assert len(counted) == 1, "what it costs is counted"
    assert counted[0].amounts["input_tokens"] == 50
    second = call(store, "hello", session="two")
    played(second)
    assert "The red bike is ready on Friday." in prompt(second)


def test_a_line_that_was_made_up_is_dropped(store: SqliteMemory) -> None:
    made = call(store, "when is the red bike ready", lines=True)
    made.llm = NotingLlm("1: The red bike is ready on Friday for 80 euros.")
    assert played(made).events(MemoryNoted) == []


def test_writing_lines_ends_when_the_person_speaks_and_delays_nothing(store: SqliteMemory) -> None:
    v2v_s = []
    for lines in (False, True):
        made = call(store, "when is the red bike ready", "and the blue one", lines=lines)
        made.llm = noting = NotingLlm("1: The red bike is ready on Friday.", line_s=4.5)
        result = played(made)
        v2v_s.append([event.v2v_s for event in result.events(FirstAudioPlayed)])
        if lines:
            assert noting.begun >= 2
            assert noting.ended < noting.begun, "the person spoke meanwhile"
    assert v2v_s[0] == v2v_s[1]


def test_short_calls_of_nobody_known_cost_no_lines() -> None:
    made = Scenario(AGENT, noting := NotingLlm("1: The red bike is ready on Friday."))
    made.says(1.0, "when is the red bike ready")
    checked(made, until=12.0)
    assert noting.begun == 0


def test_a_fact_outlives_its_turn_in_a_long_call() -> None:
    made = Scenario(AGENT, ScriptedLlm(["We have that one too."]))
    made.settings = Settings(llm=LlmSettings(context_tokens=700, max_tokens=60), memory=MemorySettings(lines=False))
    made.says(1.0, "hello my name is Jordan")
    for number in range(30):
        made.says(8.0 + 7.0 * number, "do you also have the next book of that series about ships")
    checked(made, until=8.0 + 7.0 * 30 + 6.0)
    rows = asked(made.llm)
    assert not any(text.startswith("hello my name is Jordan") for _, text in rows), "the turn has gone"
    assert 'They said: "my name is Jordan"' in rows[0][1]


def test_after_a_crash_the_call_goes_on_with_its_memory(store: SqliteMemory) -> None:
    before = played(call(store, "my name is Jordan", "I live in Oslo"))
    facts = [record for record in before.records if not isinstance(record.event, SessionEnded)]
    past = [(record.at_s, cast(AnyEvent, record.event)) for record in facts]
    again = Scenario(AGENT, ScriptedLlm(["Yes."]), consent_via="message", person=Person("jo", store), past=past)
    again.settings = Settings(memory=MemorySettings(lines=False))
    began_s = before.records[-1].at_s
    again.says(began_s + 5.0, "forget that I live in Oslo")
    result = checked(again, until=began_s + 12.0)
    assert len(result.events(MemoryNoted)) == 2, "nothing is noted twice"
    assert [item.text for item in store.items("jo")] == ["my name is Jordan"]


def test_a_store_that_fails_is_told_of_when_something_was_to_be_forgotten(store: SqliteMemory) -> None:
    made = call(store, "my order number is 447199", "forget that")

    def broken(numbers: list[int]) -> int:
        raise MemoryFailed("the disk is gone", stage="think")

    store.forget = broken  # type: ignore[method-assign]
    result = played(made)
    assert any("could not make sure" in text for text in result.heard())
    assert [event.layer for event in result.events(ProviderFailed)] == ["memory"]
    assert result.reason == "left"
