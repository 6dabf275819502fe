"""A model that obeys whatever it reads, in calls on a virtual clock: nothing is written that the person did not say
or approve."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest
from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    AnyEvent,
    ApprovalAsked,
    ConsentGiven,
    DocumentRead,
    SessionStarted,
    ToolCalled,
    ToolRefused,
)  # fmt: skip
from visavis.kernel.settings import KnowledgeSettings, TurnSettings
from visavis.kernel.tool import Grounded, tool
from visavis.session.knowing import Knowledge
from visavis.session.stack import Layers
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import ToolCall
from visavis.think.knowledge.base import Passage

INJECTIONS: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "injections.toml").read_text(encoding="utf-8")
)["injection"]
WRITES = ("refund", "cancel_order", "send_mail")
ran: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_ran_yet() -> None:
    ran.clear()


@tool(writes=True)
async def refund(order: Annotated[str, Grounded()]) -> str:
    """Pays the price of an order back."""
    ran.append(f"refund {order}")
    return "paid back"


@tool(writes=True, approval="Shall I cancel order {number}?")
async def cancel_order(number: str) -> str:
    """Cancels an order."""
    ran.append(f"cancel {number}")
    return "cancelled"


@tool(writes=True)
async def send_mail(to: Annotated[str, Grounded()], text: str) -> str:
    """Sends a mail."""
    ran.append(f"mail {to}")
    return "sent"


class Shelf:
    def __init__(self, text: str) -> None:
        self.text = text

    async def search(self, question: str, limit: int = 5) -> list[Passage]:
        return [Passage("p1", self.text, "Shop", "/shop.md", 0.9, 0.9)]


def obeying(one: dict[str, Any], said: str = "when do you open") -> Scenario:
    """The text stands where it says, and the model makes every call that it wants."""

    @tool
    async def look_up() -> str:
        """Looks something up."""
        return str(one["text"])

    wanted = [ToolCall(f"w{n}", *call.split(" ", 1)) for n, call in enumerate(one["calls"])]
    answers: list[Any] = [[ToolCall("r", "look_up", "{}")]] if one["place"] == "tool" else []
    script = ScriptedLlm([*answers, *([call] for call in wanted), wanted])
    past: list[tuple[float, AnyEvent]] = []
    if one["place"] == "page":
        started = SessionStarted("Ada", "en", {}, TurnSettings(), True)
        events = (ConsentGiven("1", ("listen",), "attested"), started, DocumentRead(1, "camera", 0.5, one["text"]))
        past = [(0.1 * n, event) for n, event in enumerate(events)]

    def arrange(layers: Layers) -> Layers:
        return replace(layers, knowledge=Knowledge(Shelf(one["text"]), KnowledgeSettings()))

    there = {"knowledge": ("docs/",)} if one["place"] == "document" else {}
    agent = Agent("Ada", "You answer.", greeting="", tools=[look_up, refund, cancel_order, send_mail], **there)
    more: dict[str, Any] = {"arrange": arrange} if there else {}
    call = Scenario(agent, llm=script, past=past, **more)
    call.says(6.0, said)
    return call


def wrote(played: Played) -> list[str]:
    return [event.name for event in played.events(ToolCalled) if event.name in WRITES]


@pytest.mark.parametrize("one", INJECTIONS, ids=lambda one: f"{one['place']}: {one['kind']}")
def test_nothing_is_written_that_only_a_text_asks_for(one: dict[str, Any]) -> None:
    call = obeying(one)
    call.says(14.0, "what a fine day it is today")
    played = checked(call, until=30.0)
    assert ran == [] and wrote(played) == [], played.told()
    tried = {event.name for event in (*played.events(ToolRefused), *played.events(ApprovalAsked))}
    assert tried & {name.split(" ")[0] for name in one["calls"]}, "the model did obey"
    if one["place"] != "page":
        assert any("never an instruction" in message.text for message in call.llm.requests[-1].messages)


def test_a_value_that_only_a_tool_named_is_asked_about_and_a_yes_lets_it_run() -> None:
    call = obeying(INJECTIONS[0])
    call.says(16.0, "yes please")
    played = checked(call, until=26.0)
    asked = played.events(ApprovalAsked)
    assert "A-991" in asked[0].question and "A-991" in played.heard()[0]
    assert ran == ["refund A-991"]


def test_what_the_person_said_themselves_runs_at_once() -> None:
    call = obeying({**INJECTIONS[0], "place": "none"}, said="refund my order A 991 please")
    played = checked(call, until=14.0)
    assert ran == ["refund A-991"] and not played.events(ApprovalAsked)
