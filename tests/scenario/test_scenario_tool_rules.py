"""The rules of tools in a call: asked before, once only, side by side, grounded, mended twice, cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import pytest
from calls import checked

from visavis.kernel.agent import Agent
from visavis.kernel.events import (
    AnyEvent,
    ApprovalAnswered,
    ApprovalAsked,
    ConsentGiven,
    PageShown,
    ReplyReleased,
    SessionEnded,
    SessionStarted,
    ToolCalled,
    ToolRefused,
    ToolReturned,
)
from visavis.kernel.messages import Clicked, Say
from visavis.kernel.settings import TurnSettings
from visavis.kernel.tool import Grounded, tool
from visavis.session.finishing import FINISH_S
from visavis.session.phrases import phrase
from visavis.show import Card
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import ToolCall, ToolSpec
from visavis.think.context import as_data
from visavis.think.tools import Tool

ran: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_ran_yet() -> None:
    ran.clear()


def calling(*answers: Any, tools: Any, said: str = "please do it", at_s: float = 1.0, **more: Any) -> Scenario:
    call = Scenario(Agent("Ada", "You answer.", greeting="", tools=tools), llm=ScriptedLlm(list(answers)), **more)
    call.says(at_s, said)
    return call


def wants(name: str, arguments: str = "{}", call: str = "c1") -> list[ToolCall]:
    return [ToolCall(call, name, arguments)]


def told(call: Scenario, nth: int = -1) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in call.llm.requests[nth].messages[1:]]


def why(played: Played) -> list[str]:
    return [event.reason for event in played.events(ToolRefused)]


# The person is asked first.


@tool(writes=True, approval="Shall I cancel order {number}?")
async def cancel_order(number: Annotated[str, Grounded()]) -> str:
    """Cancels an order."""
    ran.append(number)
    return f"{number} is cancelled"


def cancelling(answer: str, *answers: Any) -> tuple[Scenario, Played]:
    wanted = wants("cancel_order", '{"number": "427"}')
    call = calling(wanted, *answers, tools=[cancel_order], said="cancel order four two seven")
    call.says(7.0, answer)
    return call, checked(call, until=14.0)


def test_a_clear_yes_lets_the_call_run() -> None:
    call, played = cancelling("yes please", "It is cancelled.")
    assert ran == ["427"]
    assert played.heard() == ["Shall I cancel order 427?", "It is cancelled."]
    (asked,) = played.events(ApprovalAsked)
    assert (asked.name, asked.arguments, asked.question) == (
        "cancel_order", {"number": "427"}, "Shall I cancel order 427?"
    )  # fmt: skip
    assert [event.answer for event in played.events(ApprovalAnswered)] == ["yes"]
    order = [type(record.event) for record in played.records]
    assert order.index(ToolCalled) > [at for at, kind in enumerate(order) if kind is ReplyReleased][1]
    assert told(call)[-2:] == [("assistant", ""), ("tool", as_data("a tool", "427 is cancelled"))]


@pytest.mark.parametrize(
    ("answer", "noted"),
    [("no leave it", "no"), ("what would that cost", "unclear"), ("yes but only the soup", "unclear")],
)
def test_without_a_clear_yes_it_is_not_run_and_the_model_knows(answer: str, noted: str) -> None:
    call, played = cancelling(answer, "All right then.")
    assert ran == []
    assert not played.events(ToolCalled)
    assert [event.answer for event in played.events(ApprovalAnswered)] == [noted]
    assert why(played) == ["not_approved"]
    assert "was not run" in told(call)[-1][1]
    assert played.heard()[-1] == "All right then."


def test_a_yes_to_a_question_that_was_not_heard_out_does_not_count() -> None:
    call = calling(
        wants("cancel_order", '{"number": "427"}'), "All right.", tools=[cancel_order], said="cancel order 427"
    )
    call.does(3.35, Say("yes"))
    played = checked(call, until=9.0)
    assert [event.answer for event in played.events(ApprovalAnswered)] == ["unheard"], played.told()
    assert ran == []


def test_a_yes_two_turns_later_does_not_count() -> None:
    wanted = wants("cancel_order", '{"number": "427"}')
    call = calling(wanted, "At six.", "Yes what?", tools=[cancel_order], said="cancel order 427")
    call.says(7.0, "when do you close")
    call.says(12.0, "yes")
    played = checked(call, until=18.0)
    assert ran == []
    assert [event.answer for event in played.events(ApprovalAnswered)] == ["unclear"]


# Refusals, repairs, and words for the person.


@tool
async def add(first: int, second: int) -> int:
    """Adds two numbers."""
    ran.append(f"{first}+{second}")
    return first + second


def test_a_call_may_be_mended_twice() -> None:
    call = calling(
        wants("add", '{"first": "1", "second": 2}'),
        wants("add", '{"first": 1, "second": 2, "third": 3}'),
        wants("add", '{"first": 1, "second": 2}'),
        "Three.",
        tools=[add],
    )
    played = checked(call, until=9.0)
    assert why(played) == ["wrong_type", "extra_field"]
    assert ran == ["1+2"]
    assert played.heard() == ["Three."]
    assert "must be a whole number" in told(call, 1)[-1][1]


def test_after_two_repairs_the_person_is_told() -> None:
    call = calling(wants("add", '{"first": NaN}'), tools=[add])
    played = checked(call, until=15.0)
    assert why(played) == ["not_finite"] * 3
    assert len(call.llm.requests) == 3
    assert played.heard() == [phrase("tool_refused", "en")]
    assert ran == []


def test_an_invented_order_number_never_reaches_the_tool() -> None:
    call = calling(wants("cancel_order", '{"number": "A-99"}'), tools=[cancel_order], said="cancel my order")
    played = checked(call, until=15.0)
    assert why(played) == ["not_grounded"] * 3
    assert not played.events(ApprovalAsked)
    assert played.heard() == [phrase("tool_needs", "en").replace("{fields}", "number")]


def test_what_a_tool_has_returned_may_be_used() -> None:
    @tool
    async def my_orders() -> str:
        """Lists the person's orders."""
        return '[{"number": "K-17", "dish": "soup"}]'

    call = calling(
        wants("my_orders"), wants("cancel_order", '{"number": "K17"}', "c2"), tools=[my_orders, cancel_order]
    )
    played = checked(call, until=8.0)
    assert played.heard() == ["Shall I cancel order K17?"]


# Tools of other sources.


def test_a_tool_that_cannot_be_reached_is_refused_and_the_call_goes_on() -> None:
    gone = ["the MCP server shop cannot be reached"]

    async def unavailable() -> str:
        return gone.pop() if gone else ""

    async def invoke(arguments: dict[str, Any]) -> str:
        ran.append("invoked")
        return "on its way"

    spec = ToolSpec("find_order", "Tells where an order is.", {"type": "object", "additionalProperties": False})
    source = Tool(spec, invoke, unavailable=unavailable)
    call = calling(wants("find_order"), "I cannot look just now.", wants("find_order", call="c2"), "It is.", tools=[])
    call.arrange = lambda layers: replace(layers, mcp=(source,))
    call.says(7.0, "please try again")
    played = checked(call, until=14.0)
    assert why(played) == ["unavailable"]
    assert "the MCP server shop cannot be reached" in told(call, 1)[-1][1]
    assert played.heard() == ["I cannot look just now.", "It is."]
    assert ran == ["invoked"]


# Once only.


@tool(writes=True)
async def book(day: str) -> str:
    """Books a table."""
    ran.append(day)
    return f"booked for {day}, number {len(ran)}"


def test_the_same_write_runs_once_in_a_call_and_its_result_is_told_again() -> None:
    monday = '{"day": "Monday"}'
    call = calling(wants("book", monday), "Booked.", wants("book", monday, "c2"), "It is booked.", tools=[book])
    call.says(7.0, "did you book it")
    played = checked(call, until=14.0)
    assert ran == ["Monday"]
    assert why(played) == ["already_run"]
    assert "booked for Monday, number 1" in told(call)[-1][1]


def test_other_arguments_are_another_call() -> None:
    calls = [*wants("book", '{"day": "Monday"}'), *wants("book", '{"day": "Tuesday"}', "c2")]
    checked(calling(calls, "Both.", tools=[book]), until=8.0)
    assert ran == ["Monday", "Tuesday"]


def test_a_write_that_timed_out_is_never_retried_blindly() -> None:
    @tool(writes=True, timeout_s=1.0)
    async def pay(cents: int) -> str:
        """Pays."""
        ran.append("pay")
        await asyncio.Event().wait()
        return ""

    five = '{"cents": 500}'
    call = calling(wants("pay", five), wants("pay", five, "c2"), "I will have it checked.", tools=[pay])
    played = checked(call, until=12.0)
    assert ran == ["pay"]
    (returned,) = played.events(ToolReturned)
    assert (returned.ok, returned.settled) == (False, False)
    assert why(played) == ["outcome_unknown"]
    assert "not known" in told(call)[-1][1]


@pytest.mark.parametrize("found", ["paid", None])
def test_a_write_that_timed_out_is_reconciled(found: str | None) -> None:
    async def payment_of(cents: int) -> str | None:
        ran.append("look")
        return found

    @tool(writes=True, timeout_s=1.0, reconcile=payment_of)
    async def pay(cents: int) -> str:
        """Pays."""
        ran.append("pay")
        if ran.count("pay") == 1:
            await asyncio.Event().wait()
        return "paid now"

    five = '{"cents": 500}'
    said = "please pay five hundred cents"
    call = calling(wants("pay", five), wants("pay", five, "c2"), "Done.", tools=[pay], said=said)
    played = checked(call, until=12.0)
    if found:
        assert ran == ["pay", "look"]
        assert why(played) == ["already_run"]
    else:
        assert ran == ["pay", "look", "pay"]
        assert [event.ok for event in played.events(ToolReturned)] == [False, True]


def crashed(*events: AnyEvent) -> list[tuple[float, AnyEvent]]:
    """The journal of a process that died in mid-call."""
    started = SessionStarted("Ada", "en", {}, TurnSettings(), True)
    before = (ConsentGiven("1", ("listen",), "attested"), started)
    return [(0.1 * n, event) for n, event in enumerate((*before, *events))]


def test_after_a_crash_a_write_of_unknown_outcome_is_not_repeated() -> None:
    past = crashed(ToolCalled(1, "c0", "book", {"day": "Monday"}))
    call = calling(wants("book", '{"day": "Monday"}'), "It has to be checked.", tools=[book], past=past, at_s=6.0)
    played = checked(call, until=12.0)
    assert ran == []
    assert "outcome_unknown" in why(played)


def test_after_a_crash_a_write_that_was_done_is_told() -> None:
    past = crashed(
        ToolCalled(1, "c0", "book", {"day": "Monday"}),
        ToolReturned(1, "c0", "book", "booked, number 7", True, 0.1),
    )
    call = calling(wants("book", '{"day": "Monday"}'), "It is booked.", tools=[book], past=past, at_s=6.0)
    checked(call, until=12.0)
    assert ran == []
    assert "booked, number 7" in told(call)[-1][1]


# Limits, redaction, waiting.


def test_a_tool_runs_only_so_often_for_one_request() -> None:
    @tool(per_turn=1)
    async def look_up(what: str) -> str:
        """Looks something up."""
        ran.append(what)
        return what

    calls = [*wants("look_up", '{"what": "a"}'), *wants("look_up", '{"what": "b"}', "c2")]
    played = checked(calling(calls, "Found one.", tools=[look_up]), until=8.0)
    assert ran == ["a"]
    assert why(played) == ["rate_limited"]


def test_a_tool_runs_only_so_often_a_minute() -> None:
    @tool(per_minute=2)
    async def look_up(what: str) -> str:
        """Looks something up."""
        ran.append(what)
        return what

    answers = [entry for n in range(4) for entry in (wants("look_up", f'{{"what": "{n}"}}', f"c{n}"), "Fine.")]
    call = calling(*answers, tools=[look_up])
    for n in range(1, 3):
        call.says(1.0 + 5 * n, "and the next one")
    call.says(70.0, "and another one")
    played = checked(call, until=76.0)
    assert ran == ["0", "1", "3"]
    assert why(played) == ["rate_limited"]


def test_redacted_fields_reach_the_tool_and_nobody_else() -> None:
    @tool(writes=True, redact=["card"])
    async def charge(card: str, cents: int) -> dict[str, Any]:
        """Charges a card."""
        ran.append(card)
        return {"card": card, "cents": cents, "note": f"charged {card}"}

    call = calling(wants("charge", '{"card": "4111222233334444", "cents": 5}'), "Done.", tools=[charge])
    played = checked(call, until=8.0)
    assert ran == ["4111222233334444"]
    (called,) = played.events(ToolCalled)
    assert called.arguments == {"card": "[redacted]", "cents": 5}
    (returned,) = played.events(ToolReturned)
    assert "4111" not in returned.result
    assert "4111" not in told(call)[-1][1]


def test_words_are_said_while_a_slow_tool_runs() -> None:
    @tool(while_waiting="One moment, I look that up.")
    async def slow() -> str:
        """Takes three seconds."""
        await asyncio.sleep(3.0)
        return "found"

    played = checked(calling(wants("slow"), "There it is.", tools=[slow]), until=12.0)
    assert played.heard() == ["One moment, I look that up. There it is."]


def test_a_quick_tool_needs_no_words() -> None:
    @tool(while_waiting="One moment, I look that up.")
    async def quick() -> str:
        """Is quick."""
        return "found"

    played = checked(calling(wants("quick"), "There it is.", tools=[quick]), until=12.0)
    assert played.heard() == ["There it is."]


# Side by side, or in order.


def timed(name: str, **rules: Any) -> Callable[..., Any]:
    async def work() -> str:
        ran.append(f"{name} begins")
        await asyncio.sleep(1.0)
        ran.append(f"{name} ends")
        return name

    work.__name__, work.__doc__ = name, f"Does {name}."
    return tool(**rules)(work)


def test_reads_run_side_by_side() -> None:
    calls = [*wants("one"), *wants("two", call="c2")]
    call = calling(calls, "Both.", "Bye.", tools=[timed("one"), timed("two")])
    call.says(9.0, "thank you")
    checked(call, until=14.0)
    assert ran[:2] == ["one begins", "two begins"]
    assert sorted(ran[2:]) == ["one ends", "two ends"]
    for request in call.llm.requests[1:]:
        for at, message in enumerate(request.messages):
            if message.role == "tool":
                before = request.messages[at - 1]
                assert before.role == "tool" or message.tool_call_id in [one.id for one in before.tool_calls]
    assert told(call, 1)[-2:] == [("tool", as_data("a tool", name)) for name in ("one", "two")]


def test_writes_run_in_order() -> None:
    calls = [*wants("one"), *wants("two", call="c2"), *wants("three", call="c3")]
    tools = [timed("one", writes=True), timed("two", writes=True), timed("three")]
    checked(calling(calls, "All.", tools=tools), until=12.0)
    assert ran == [f"{name} {what}" for name in ("one", "two", "three") for what in ("begins", "ends")]


# The person speaks while a tool runs.


def test_a_write_that_is_under_way_is_finished_and_its_result_known() -> None:
    call = calling(wants("one"), "It is done.", tools=[timed("one", writes=True)])
    call.does(3.1, Say("is it done"))
    played = checked(call, until=12.0)
    assert ran == ["one begins", "one ends"], played.told()
    (returned,) = played.events(ToolReturned)
    assert (returned.ok, returned.result) == (True, "one")


def test_a_write_that_is_under_way_when_the_call_ends_is_finished_and_its_outcome_noted() -> None:
    played = checked(calling(wants("one"), "Done.", tools=[timed("one", writes=True)]), until=3.2)
    assert ran == ["one begins", "one ends"], played.told()
    (returned,) = played.events(ToolReturned)
    assert (returned.ok, returned.settled, returned.result) == (True, True, "one")
    assert played.events(SessionEnded) and not played.heard()


def test_a_write_that_does_not_end_holds_up_the_end_of_a_call_for_a_bounded_time() -> None:
    @tool(writes=True, timeout_s=60.0)
    async def pay() -> str:
        """Pays."""
        ran.append("pay")
        await asyncio.Event().wait()
        return ""

    played = checked(calling(wants("pay"), "Done.", tools=[pay]), until=3.2)
    assert ran == ["pay"]
    (returned,) = played.events(ToolReturned)
    assert (returned.ok, returned.settled) == (False, False)
    assert "not known" in returned.result
    assert played.at(SessionEnded) == pytest.approx(3.2 + FINISH_S, abs=0.5)


def endless(**rules: Any) -> Callable[..., Any]:
    async def move() -> str:
        """Moves something."""
        ran.append("move")
        await asyncio.Event().wait()
        return ""

    return tool(on_interruption="cancel", **rules)(move)


@pytest.mark.parametrize(("found", "noted"), [("it was moved", (True, True)), (None, (False, True))])
def test_a_write_that_is_cut_by_the_person_is_found_out_about(found: str | None, noted: tuple[bool, bool]) -> None:
    async def moved() -> str | None:
        return found

    call = calling(wants("move"), "Stopped.", tools=[endless(writes=True, reconcile=moved)])
    call.does(4.1, Say("stop that"))
    played = checked(call, until=9.0)
    (returned,) = played.events(ToolReturned)
    assert (returned.ok, returned.settled) == noted, played.told()
    assert played.at(ToolReturned) < 5.0
    assert "was cut short by the person" in returned.result or returned.result == found


def test_a_write_that_is_cut_by_the_person_is_noted_as_not_known() -> None:
    call = calling(wants("move"), "Stopped.", wants("move", call="c2"), "Somebody has to look.",
                   tools=[endless(writes=True)])  # fmt: skip
    call.does(4.1, Say("stop that"))
    call.does(8.0, Say("please move it"))
    played = checked(call, until=13.0)
    (returned,) = played.events(ToolReturned)
    assert (returned.ok, returned.settled) == (False, False)
    assert ran == ["move"] and "outcome_unknown" in why(played)


@pytest.mark.parametrize("known", [True, False], ids=["a write that may be cut", "a plain function"])
def test_the_end_of_the_call_cuts_no_write_however_it_may_be_interrupted(known: bool) -> None:
    async def move() -> str:
        """Moves something."""
        await asyncio.sleep(2.0)
        ran.append("moved")
        return "moved"

    tools = [tool(writes=True, on_interruption="cancel")(move) if known else move]
    played = checked(calling(wants("move"), "Done.", tools=tools), until=3.2)
    (returned,) = played.events(ToolReturned)
    assert (returned.ok, returned.settled, ran) == (True, True, ["moved"]), played.told()


def test_a_background_result_is_in_the_next_turns_context_once() -> None:
    call = calling(wants("one"), "Wait.", "It is done.", tools=[timed("one", writes=True)])
    call.does(3.1, Say("hello"))
    call.does(8.0, Say("is it done"))
    checked(call, until=14.0)
    results = [message for message in call.llm.requests[-1].messages if message.role == "tool"]
    assert [message.text for message in results] == [as_data("a tool", "one")]


def test_the_same_write_asked_for_again_meanwhile_is_joined() -> None:
    again = wants("one", call="c2")
    call = calling(wants("one"), again, "It is done.", tools=[timed("one", writes=True)])
    call.does(3.1, Say("is it done"))
    checked(call, until=12.0)
    assert ran == ["one begins", "one ends"]
    assert told(call)[-1] == ("tool", as_data("a tool", "one"))


def test_a_read_is_cut_short() -> None:
    call = calling(wants("one"), "Never mind.", tools=[timed("one")])
    call.does(3.1, Say("forget it"))
    played = checked(call, until=12.0)
    assert ran == ["one begins"], played.told()
    assert not played.events(ToolReturned)


def test_a_yes_to_another_question_does_not_count() -> None:
    """The agent has asked whether they are still there: that is what the yes is for."""
    call = calling(wants("cancel_order", '{"number": "427"}'), "All right.", tools=[cancel_order], said="cancel 427")
    call.says(60.0, "yes")
    played = checked(call, until=66.0)
    assert "Are you still there?" in played.heard()
    assert [event.answer for event in played.events(ApprovalAnswered)] == ["unclear"]
    assert ran == []


def test_a_yes_that_is_pressed_on_a_card_answers_the_card() -> None:
    @tool
    async def offer() -> Card:
        """Shows an offer."""
        return Card("A newsletter?", buttons=["Yes", "No"])

    def play(*acts: tuple[float, Clicked]) -> Played:
        wanted = wants("cancel_order", '{"number": "427"}', "c2")
        call = calling(wants("offer"), "Would you?", wanted, "All right.", tools=[offer, cancel_order], said="hello")
        call.says(7.0, "cancel order 427")
        for at_s, act in acts:
            call.does(at_s, act)
        return checked(call, until=20.0)

    (show,) = [record.seq for record in play().records if isinstance(record.event, PageShown)]
    played = play((13.0, Clicked(show, "Yes")))
    assert [event.answer for event in played.events(ApprovalAnswered)] == ["unclear"], played.told()
    assert ran == []


def test_an_okay_after_a_moment_asked_for_does_not_count() -> None:
    call = calling(wants("cancel_order", '{"number": "427"}'), "All right.", tools=[cancel_order], said="cancel 427")
    call.says(7.0, "one moment please")
    call.says(15.0, "okay")
    played = checked(call, until=22.0)
    assert [event.answer for event in played.events(ApprovalAnswered)] == ["unclear"]
    assert ran == []


def test_a_no_counts_whenever_it_comes() -> None:
    call = calling(wants("cancel_order", '{"number": "427"}'), "All right.", tools=[cancel_order], said="cancel 427")
    call.says(60.0, "no")
    played = checked(call, until=66.0)
    assert [event.answer for event in played.events(ApprovalAnswered)] == ["no"]


# What no library stands, what looks different and is the same, and what looks the same and is not.


@tool(writes=True, after_reading="run")
async def pay(amount: float, currency: str = "EUR") -> str:
    """Pays."""
    ran.append(f"{amount} {currency}")
    return "paid"


@pytest.mark.parametrize("arguments", ['{"amount": ' + "9" * 400 + "}", r'{"\ud800": 1}', '{"amount": ' + "[" * 900])
def test_a_call_survives_arguments_that_nothing_stands(arguments: str) -> None:
    played = checked(calling(wants("pay", arguments), "I cannot.", tools=[pay]), until=12.0)
    assert played.heard() == ["I cannot."]
    assert len(why(played)) == 1
    assert ran == []


@pytest.mark.parametrize("again", ['{"amount": 20.0}', '{"amount": 2e1}', '{"currency": "EUR", "amount": 20}'])
def test_a_write_in_other_words_runs_once(again: str) -> None:
    call = calling(wants("pay", '{"amount": 20}'), wants("pay", again, "c2"), "Paid.", tools=[pay])
    played = checked(call, until=12.0)
    assert ran == ["20.0 EUR"]
    assert why(played) == ["already_run"]


def test_a_write_whose_result_cannot_be_written_down_has_run() -> None:
    @tool(writes=True, after_reading="run")
    async def book() -> Any:
        """Books."""
        ran.append("booked")
        loop: dict[Any, Any] = {(1, 2): "free"}
        loop["self"] = loop
        return loop

    played = checked(calling(wants("book"), wants("book", call="c2"), "Done.", tools=[book]), until=12.0)
    assert ran == ["booked"]
    assert why(played) == ["already_run"]


def test_calls_of_one_id_are_each_told_their_own_result() -> None:
    """Some servers number the calls of each answer anew, or give all the same id."""
    both = [ToolCall("call_0", "pay", '{"amount": 1}'), ToolCall("call_0", "pay", '{"amount": 2}')]
    call = calling(both, wants("add", '{"first": 1, "second": 2}', "call_0"), "Done.", tools=[pay, add])
    played = checked(call, until=12.0)
    ids = [event.call for event in played.events(ToolReturned)]
    assert len(set(ids)) == 3, ids
    asked = [one.id for message in call.llm.requests[-1].messages for one in message.tool_calls]
    answered = [message.tool_call_id for message in call.llm.requests[-1].messages if message.role == "tool"]
    assert asked == answered == ids
