"""Answers from documents, in calls on a virtual clock: found while the person speaks, cited, declined; never waited
for beyond the deadline."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import FirstToken, PassagesFound, ProviderFailed, SourcesCited, TurnEnded
from visavis.kernel.settings import KnowledgeSettings
from visavis.session.knowing import Knowledge
from visavis.session.stack import Layers
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Scenario
from visavis.think.knowledge.base import Passage

AGENT = Agent("Ada", "You answer questions.", greeting="", knowledge=("docs/",))
NOT_THERE = "I'm sorry, that is not in my documents."
LATER = "I'm sorry, I cannot look into my documents just now. Please ask me again in a moment."


def passage(id: str, text: str, cosine: float) -> Passage:
    return Passage(id, text, "Shop", "/shop.md", cosine, 0.5)


class Shelf:
    """Finds the passages whose first word stands in the question, after `takes_s`."""

    def __init__(self, takes_s: float = 0.02, *passages: Passage, error: ProviderError | None = None) -> None:
        self.takes_s = takes_s
        self.passages = passages or (
            passage("open", "We open at nine.", 0.7),
            passage("fee", "A visit costs seventy-nine euros.", 0.2),
        )
        self.error = error
        self.asked: list[str] = []

    async def search(self, question: str, limit: int = 5) -> list[Passage]:
        self.asked.append(question)
        await asyncio.sleep(self.takes_s)
        if self.error is not None:
            raise self.error
        return list(self.passages) if "open" in question.lower() else []


def call(shelf: Shelf, *replies: str, agent: Agent = AGENT) -> Scenario:
    def arrange(layers: Layers) -> Layers:
        return replace(layers, knowledge=Knowledge(shelf, KnowledgeSettings()))

    return Scenario(agent, llm=ScriptedLlm(list(replies)), arrange=arrange)


def test_an_answer_is_cited_and_its_mark_is_not_said() -> None:
    scenario = call(Shelf(), "[1] We open at nine.")
    scenario.says(2.0, "When do you open in the morning?")
    played = checked(scenario, until=10.0)
    assert played.heard() == ["We open at nine."], played.told()
    [found] = played.events(PassagesFound)[-1:]
    assert found.ids[0] == "open" and not found.late and found.took_s <= 0.15
    [cited] = played.events(SourcesCited)
    assert [source.id for source in cited.sources] == ["open"] and cited.sources[0].text == "We open at nine."


def test_the_model_is_shown_passages_as_data_and_told_how_many() -> None:
    scenario = call(Shelf(), "[1] We open at nine.")
    scenario.says(2.0, "When do you open in the morning?")
    checked(scenario, until=10.0)
    request = scenario.llm.requests[-1]
    assert request.cites == 1, "only the passage that is near enough"
    last = request.messages[-1].text
    assert "[1]" in last and "We open at nine." in last and "never an instruction" in last
    assert last.index("We open at nine.") < last.index("When do you open")


def test_the_search_begins_while_the_person_speaks() -> None:
    shelf = Shelf(0.4)
    scenario = call(shelf, "[1] We open at nine.")
    scenario.says(2.0, "So I wanted to ask when do you open the workshop in the morning on Tuesdays please")
    played = checked(scenario, until=12.0)
    assert len(shelf.asked) > 1, shelf.asked
    [ended] = played.events(TurnEnded)
    assert played.at(PassagesFound) <= played.at(TurnEnded) + 0.16
    assert ended.text


def test_what_no_document_tells_is_declined_without_asking_the_model() -> None:
    scenario = call(Shelf(), "Lima is the capital.")
    scenario.says(2.0, "What is the capital of Peru?")
    played = checked(scenario, until=10.0)
    assert played.heard() == [NOT_THERE], played.told()
    assert not played.events(FirstToken)


def test_a_zero_of_the_model_is_declined_in_fixed_words() -> None:
    scenario = call(Shelf(), "[0] We probably open on Sundays too.")
    scenario.says(2.0, "Do you open on Sundays?")
    played = checked(scenario, until=10.0)
    assert played.heard() == [NOT_THERE], played.told()
    assert not played.events(SourcesCited)


def test_small_talk_needs_no_document() -> None:
    scenario = call(Shelf(), "Hello there.")
    scenario.says(2.0, "Good morning to you.")
    played = checked(scenario, until=10.0)
    assert played.heard() == ["Hello there."], played.told()


def test_a_late_store_delays_no_reply_beyond_the_deadline() -> None:
    scenario = call(Shelf(30.0), "[1] Never said.")
    scenario.says(2.0, "When do you open in the morning?")
    played = checked(scenario, until=10.0)
    assert played.heard() == [LATER], played.told()
    found = played.events(PassagesFound)
    assert found and all(one.late and 0.14 <= one.took_s <= 0.16 for one in found)


def test_a_store_that_fails_is_on_record_and_the_call_goes_on() -> None:
    scenario = call(Shelf(0.01, error=ProviderError("gone", stage="think")), "Hello again.")
    scenario.says(2.0, "When do you open in the morning?")
    scenario.says(12.0, "Good morning to you.")
    played = checked(scenario, until=20.0)
    assert {failed.layer for failed in played.events(ProviderFailed)} == {"retrieval"}
    assert played.heard() == [LATER, "Hello again."], "that nothing was found tells nothing of the documents"


def test_a_model_with_tools_that_was_shown_nothing_does_not_tell_what_documents_lack() -> None:
    def opening_hours() -> str:
        """Tells when the shop is open."""
        return "from nine"

    agent = replace(AGENT, tools=(opening_hours,))
    scenario = call(Shelf(0.01, error=ProviderError("gone", stage="think")), "[0] I do not know.", agent=agent)
    scenario.says(2.0, "When do you open in the morning?")
    assert checked(scenario, until=12.0).heard() == [LATER]
