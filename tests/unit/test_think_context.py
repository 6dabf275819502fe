"""The prompt: stable first, only what was heard, within its budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.agent import Agent
from visavis.think.base import Message, ToolCall
from visavis.think.context import Turn, build, cost, system_prompt, tokens

AGENT = Agent(name="Ada", instructions="You help visitors of a library.")


def said(*texts: str) -> list[Turn]:
    return [Turn("user" if n % 2 == 0 else "assistant", text) for n, text in enumerate(texts)]


def test_the_system_message_says_who_and_how_and_in_which_language() -> None:
    system = build(Agent(name="Eva", instructions="Ayudas.", language="es-MX"), [], budget_tokens=500)[0]
    assert system.role == "system"
    assert "You are Eva. Ayudas." in system.text
    assert "Speak Spanish." in system.text


def test_an_interrupted_reply_shows_where_it_was_cut_off() -> None:
    turns = [Turn("user", "Hi"), Turn("assistant", "We open at nine,", interrupted=True), Turn("user", "Sundays?")]
    assert [m.text for m in build(AGENT, turns, budget_tokens=1000)[1:]] == ["Hi", "We open at nine—", "Sundays?"]


def test_a_reply_of_which_nothing_was_heard_is_not_in_the_prompt() -> None:
    turns = [Turn("user", "What is"), Turn("assistant", " ", interrupted=True), Turn("user", "the time?")]
    assert build(AGENT, turns, budget_tokens=1000)[1:] == [Message("user", "What is\nthe time?")]


def test_tool_exchanges_are_kept_as_they_are() -> None:
    call = ToolCall("c1", "weather", '{"city":"Oslo"}')
    turns = [
        Turn("user", "Weather?"),
        Turn("assistant", "", tool_calls=(call,)),
        Turn("tool", "", tool_call_id="c1"),
        Turn("assistant", "Rain."),
    ]
    built = build(AGENT, turns, budget_tokens=1000)[1:]
    assert built[1] == Message("assistant", "", (call,))
    assert built[2] == Message("tool", "", tool_call_id="c1")


def test_old_turns_go_first_and_a_tool_result_never_stands_alone() -> None:
    call = ToolCall("c1", "find", "{}")
    old = [Turn("user", "x" * 300), Turn("assistant", "", tool_calls=(call,)), Turn("tool", "r", tool_call_id="c1")]
    turns = [*old, Turn("assistant", "a"), *said("b" * 300, "c", "d")]
    budget = tokens(system_prompt(AGENT)) + 140
    kept = build(AGENT, turns, budget_tokens=budget)[1:]
    assert kept[0].role == "user"
    assert kept[-1].text == "d"
    assert len(kept) < 4


def test_the_start_of_the_prompt_moves_rarely() -> None:
    budget = tokens(system_prompt(AGENT)) + 300
    turns: list[Turn] = []
    starts = []
    for n in range(60):
        turns += said(f"question {n} " + "w" * 30, f"answer {n} " + "w" * 30)
        starts.append(build(AGENT, turns, budget_tokens=budget)[1].text)
    assert len(set(starts[20:])) <= 40 // 3


@given(
    st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=80)), max_size=30),
    st.integers(250, 900),
)
def test_the_budget_holds(rows: list[tuple[str, str]], budget: int) -> None:
    turns = [Turn("user" if role == "user" else "assistant", text) for role, text in rows]
    built = build(AGENT, turns, budget_tokens=budget)
    assert sum(map(cost, built)) <= budget or len(built) <= 2
    assert built[0].text == system_prompt(AGENT)
    said_last = [turn.text.strip() for turn in turns if turn.role == "user" and turn.text.strip()]
    if said_last:
        assert any(message.text.endswith(said_last[-1]) for message in built[1:])
