"""The prompt: stable first, only what was heard, within its budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.agent import Agent
from visavis.see.notes import Row
from visavis.think.base import Message, ToolCall, ToolSpec
from visavis.think.budget import clipped, tools_tokens
from visavis.think.context import Known, Turn, as_data, build, cost, prompt_tokens, system_prompt, tokens
from visavis.think.remembered import Remembered
from visavis.think.seen import Seen

AGENT = Agent(name="Ada", instructions="You help visitors of a library.")


def row(text: str) -> Seen[Row]:
    return Seen([Row("screen reader", "screen", text, text)])


def said(*texts: str) -> list[Turn]:
    return [Turn("user" if n % 2 == 0 else "assistant", text) for n, text in enumerate(texts)]


def test_what_is_seen_stands_in_the_prompt_before_anything_is_said() -> None:
    agent = Agent("Ada", "You answer.")
    ahead = build(agent, [Turn("user", "")], budget_tokens=2000, known=Known(sight=[row("Screen: Gate 14")]))
    asked = build(agent, [Turn("user", "when")], budget_tokens=2000, known=Known(sight=[row("Screen: Gate 14")]))
    assert asked[-1].text == f"{ahead[-1].text}\n\nwhen"
    assert len(build(agent, [Turn("user", "")], budget_tokens=2000, known=Known(sight=[Seen()]))) == 1


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


words = st.text("abc de\nf<>/", max_size=120)
items = st.lists(
    st.builds(
        Remembered, st.sampled_from(["fact", "promise", "document", "line"]), words, st.integers(1, 60), st.just("")
    ),
    max_size=12,
)


@dataclass(frozen=True)
class Found:
    id: str
    text: str


sightings = st.builds(
    Seen,
    st.lists(st.builds(Row, st.sampled_from(["", "screen", "camera"]), st.just(""), words, words), max_size=3),
    st.booleans(),
    st.integers(0, 40),
)
known = st.builds(
    Known,
    recalled=st.none() | items,
    noted=items,
    passages=st.none() | st.lists(st.builds(Found, st.text("ab", min_size=1, max_size=5), words), max_size=4),
    sight=st.none() | st.lists(sightings, max_size=6).map(lambda seen: sorted(seen, key=lambda one: one.seq or 99)),
    begun=st.text("abc ", max_size=20),
)
TOOLS = (ToolSpec("find", "Finds things. " * 5, {"type": "object", "properties": {"what": {"type": "string"}}}),)


@st.composite
def talks(draw: st.DrawFn) -> list[Turn]:
    """Turns of both, of the page, and whole exchanges with tools."""
    turns: list[Turn] = []
    for seq in range(1, draw(st.integers(1, 40))):
        kind = draw(st.sampled_from(["user", "assistant", "page", "tool"]))
        text = draw(words)
        if kind == "tool":
            turns.append(Turn("assistant", "", tool_calls=(ToolCall(f"c{seq}", "find", "{}"),), seq=seq))
            turns.append(Turn("tool", text, tool_call_id=f"c{seq}", seq=seq))
        else:
            role: Literal["user", "assistant"] = "assistant" if kind == "assistant" else "user"
            turns.append(Turn(role, text, page=kind == "page", seq=seq))
    return turns


@given(talks(), known, st.integers(250, 1500), st.sampled_from([(), TOOLS]))
def test_no_section_takes_a_prompt_over_its_budget(
    turns: list[Turn], known: Known, budget: int, tools: tuple[ToolSpec, ...]
) -> None:
    built = build(AGENT, turns, budget_tokens=budget, tools=tools, known=known)
    words_at = [
        index for index, turn in enumerate(turns) if turn.role == "user" and turn.text.strip() and not turn.page
    ]
    last = words_at[-1] if words_at else 0
    never_cut = prompt_tokens(build(AGENT, turns[last:], budget_tokens=0))
    allowed = max(budget, never_cut + tools_tokens(tools) + tokens(known.begun))
    assert prompt_tokens(built) + tools_tokens(tools) + tokens(known.begun) <= allowed
    newest = turns[last : last + 1]
    if newest and newest[0].role == "user" and (text := newest[0].text.strip()):
        whole = as_data("the call page", text) if newest[0].page else text
        assert any(whole in message.text for message in built[1:]), "the newest turn, said or done, is whole"


@given(talks(), known, st.integers(250, 1500), words.filter(str.strip))
def test_the_words_that_are_answered_are_whole_whatever_was_done_on_the_page(
    turns: list[Turn], known: Known, budget: int, asked: str
) -> None:
    built = build(AGENT, [*turns, Turn("user", asked)], budget_tokens=budget, known=known)
    assert built[-1].role == "user" and built[-1].text.endswith(asked.strip())


@given(talks(), st.integers(250, 1500))
def test_no_result_stands_without_its_call(turns: list[Turn], budget: int) -> None:
    called: set[str] = set()
    for message in build(AGENT, turns, budget_tokens=budget):
        called |= {call.id for call in message.tool_calls}
        assert message.role != "tool" or message.tool_call_id in called


def test_another_turn_leaves_all_before_it_as_it_was_but_for_rare_cuts() -> None:
    turns: list[Turn] = []
    cut = 0
    before = build(AGENT, turns, budget_tokens=900)
    for n in range(1, 400):
        text = f"turn {n} " + "w" * (7 * n % 90)
        turns.append(Turn("user" if n % 2 else "assistant", text, seq=n))
        facts = [Remembered("fact", f"fact {seq}", seq) for seq in range(1, n, 9)]
        now = build(AGENT, turns, budget_tokens=900, known=Known(noted=facts))
        if now[: len(before)] != before:
            cut += 1
            assert prompt_tokens(now) < 0.8 * prompt_tokens(before), "many turns go at once"
            assert turns[-1].role == "assistant", "and they go while nobody waits for the prompt"
        before = now
    assert 5 < cut < 400 // 12


def test_what_holds_for_one_turn_changes_its_message_only() -> None:
    turns = said("Hello", "Hi.", "What do you see?")
    seen = build(AGENT, turns, budget_tokens=900, known=Known(sight=[row("a cat")], passages=[]))
    other = build(AGENT, turns, budget_tokens=900, known=Known(sight=[row("a dog")], passages=[]))
    assert seen[:-1] == other[:-1]
    assert seen[-1].text.endswith("What do you see?"), "the words come last: they may be computed while they are said"


def test_a_note_stands_in_the_prompt_once_its_turn_does_not() -> None:
    notes = [Remembered("fact", "my name is Jordan", 1)]
    turns = [Turn("user", "my name is Jordan", seq=1), Turn("assistant", "Hi.", seq=2)]
    turns += [Turn("user" if n % 2 else "assistant", "w" * 90, seq=n) for n in range(3, 40)]
    few, many = (
        "\n".join(m.text for m in build(AGENT, part, budget_tokens=900, known=Known(noted=notes))[1:])
        for part in (turns[:4], turns)
    )
    assert few.count("my name is Jordan") == many.count("my name is Jordan") == 1
    assert "earlier in this call" in many
    assert "earlier in this call" not in few


@given(st.text(max_size=200), st.integers(0, 60))
def test_what_is_clipped_fits(text: str, most: int) -> None:
    assert tokens(clipped(text, most)) <= most or not clipped(text, most)


@given(st.text("<>/ dataDATA\n`~|＜\u200b", max_size=60))
def test_data_cannot_end_its_own_mark(text: str) -> None:
    marked = as_data("a page", text).lower()
    assert marked.count("<") == 2 and marked.endswith("\n</data>")
    assert "```" not in marked and "~~~" not in marked
