"""How a turn ends, piece of evidence by piece, and what always holds."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.agent import Agent
from visavis.kernel.cleared import Cleared
from visavis.kernel.events import (
    EndpointScored,
    Event,
    SpeechStarted,
    SpeechStopped,
    TimerFired,
    TranscriptRevised,
    TurnEnded,
    TurnResumed,
)
from visavis.kernel.media import AudioFrame, Pcm
from visavis.kernel.settings import Settings, TurnSettings
from visavis.session.ears import Ears
from visavis.session.stack import Layers
from visavis.testing.doubles import ScriptedAsr, ScriptedVad, sound
from visavis.turn.completeness import how_it_ends, is_acknowledgement
from visavis.turn.ending import Cues, Ending, Habit, ending, log_odds
from visavis.turn.expecting import Kind, expected, how_much, trailing_digits
from visavis.turn.floor import Floor

SETTINGS = TurnSettings()


def over_s(text: str, **cues: object) -> float:
    return ending(Cues(text, **cues), SETTINGS).over_s  # type: ignore[arg-type]


# How a text ends.


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("What time is it?", "question"),
        ("Where are you from?", "question"),
        ("Can you tell me where it is?", "question"),
        ("Is it possible to?", "open"),  # a recogniser's question mark proves nothing
        ("what time is it in", "open"),
        ("okay and what time is it", "asking"),
        ("My name is.", "open"),
        ("The problem is that", "open"),
        ("I would like that.", "stop"),
        ("Yes, I do.", "stop"),
        ("I will take the, um,", "filler"),
        ("I need", "wanting"),
        ("If it rains.", "wanting"),
        ("If it rains, we will stay.", "stop"),
        ("On Tuesday,", "comma"),
        ("No, thank you.", "closing"),
        ("on friday", ""),
        ("", ""),
    ],
)
def test_how_an_english_text_ends(text: str, sign: str) -> None:
    assert how_it_ends(text, "en-US") == sign


@pytest.mark.parametrize(
    ("text", "language", "sign"),
    [
        ("Quisiera una mesa para", "es", "open"),
        ("¿Qué hora es?", "es", "question"),
        ("Nada más, gracias.", "es", "closing"),
        ("Ich hätte gern einen", "de", "open"),
        ("Das war ähm", "de", "filler"),
        ("Je voudrais une", "fr", "open"),
        ("C'est tout, merci.", "fr", "closing"),
        ("我想咨询一下关于", "zh", ""),
    ],
)
def test_other_languages_have_lists_too(text: str, language: str, sign: str) -> None:
    assert how_it_ends(text, language) == sign


def test_an_acknowledgement_says_nothing_else() -> None:
    assert is_acknowledgement("Okay, sure.", "en")
    assert not is_acknowledgement("Okay, Friday.", "en")
    assert not is_acknowledgement("", "en")


# What was asked for.


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("Could you give me your phone number?", "phone"),
        ("Thanks. What's the card number, please?", "card"),
        ("Please tell me your order number.", "digits"),
        ("What is your e-mail address?", "email"),
        ("Could you spell that for me?", "spelling"),
        ("And your address? Take your time.", "address"),
        ("Is that all right?", "yes_no"),
        ("Would you like red or blue?", "open"),
        ("How can I help you?", "open"),
        ("Your phone number is on the bill.", ""),
        ("", ""),
    ],
)
def test_what_a_question_asks_for(asked: str, kind: Kind) -> None:
    assert expected(asked) == kind


@pytest.mark.parametrize(
    ("text", "kind", "state"),
    [
        ("My number is 415.", "phone", "coming"),
        ("415-555-0122", "phone", "come"),
        ("four one five five five five oh one double two", "phone", "come"),
        ("I would rather not say that.", "phone", ""),
        ("4929 1234 5678", "card", "coming"),
        ("It's john smith at", "email", "coming"),
        ("It's john at gmail dot com.", "email", "come"),
        ("john.smith@gmail.com", "", "come"),
        ("S, I, T,", "spelling", "coming"),
        ("four one five", "", "coming"),
        ("in 2018", "", ""),
    ],
)
def test_how_much_of_it_has_come(text: str, kind: Kind, state: str) -> None:
    assert how_much(text, kind) == state


def test_digits_are_counted_from_the_end() -> None:
    assert trailing_digits("I have 3 cars, my number is 41 55 twenty two") == 6
    assert trailing_digits("3 cars") == 0


# From evidence to silence.


def test_a_clear_question_closes_at_once_and_an_open_clause_waits() -> None:
    assert over_s("What time do you open?", score=0.9) == SETTINGS.least_s
    assert over_s("I would like to", score=0.9) > 1.0
    assert over_s("Okay.", asked="How can I help you?") > over_s("Okay.", asked="Is that all right?")


def test_a_number_is_waited_for_in_groups() -> None:
    asked = "What is your phone number?"
    assert over_s("My number is 415.", score=0.95, asked=asked) > 1.4
    assert over_s("My number is 415-555-0122.", score=0.95, asked=asked) < 0.5


def test_a_reply_that_would_almost_surely_be_wasted_is_not_begun() -> None:
    surely = ending(Cues("What time is it?", score=0.9), SETTINGS)
    hardly = ending(Cues("My name is um", score=0.05), SETTINGS)
    assert surely.start_s == 0.0
    assert hardly == Ending(hardly.over_s, hardly.over_s, "patience") or hardly.start_s > 1.0


def test_patience_and_habit_stretch_the_wait() -> None:
    cues = Cues("It is blue.", score=0.5)
    patient = msgspec.structs.replace(SETTINGS, patience=1.5)
    assert ending(cues, patient).over_s == pytest.approx(1.5 * ending(cues, SETTINGS).over_s, abs=0.002)
    slow, quick = Habit(pauses=8, pause_s=1.2), Habit(pauses=8, pause_s=0.25)
    assert (
        ending(replace(cues, habit=slow), SETTINGS).over_s
        > ending(cues, SETTINGS).over_s
        > ending(replace(cues, habit=quick), SETTINGS).over_s
    )


def test_an_agents_patience_is_a_factor_on_the_settings() -> None:
    slow = msgspec.structs.replace(Settings(), turn=msgspec.structs.replace(SETTINGS, patience=2.0))
    assert Agent("Ada", "You answer.", patience=1.5).adapted(slow).turn.patience == 3.0


def test_a_moving_mouth_holds_and_a_still_one_ends_sooner() -> None:
    plain = over_s("It is blue.", score=0.9)
    assert over_s("It is blue.", score=0.9, mouth="moving") > plain + 0.4
    assert over_s("It is blue.", score=0.9, mouth="still", facing="here") < plain


texts = st.one_of(
    st.sampled_from(["", "It is blue.", "What time is it?", "I would like to", "um", "415", "Okay.", "john at"]),
    st.text(max_size=30),
)
cues_of_any_kind = st.builds(
    Cues,
    texts,
    st.sampled_from(["en", "es-MX", "de", "fr", "zh", ""]),
    score=st.one_of(st.none(), st.floats(0, 1)),
    asked=st.sampled_from(["", "How can I help?", "What is your phone number?", "Is that right?"]),
    habit=st.builds(Habit, st.integers(0, 50), st.floats(0, 20)),
    mouth=st.sampled_from(["", "moving", "still", "unsure"]),
    facing=st.sampled_from(["", "here", "away"]),
)


@given(cues_of_any_kind)
def test_the_silence_needed_lies_within_the_limits(cues: Cues) -> None:
    ends = ending(cues, SETTINGS)
    assert 0 <= ends.start_s <= ends.over_s
    assert SETTINGS.least_s <= ends.over_s <= 1.5 * SETTINGS.patience_s + 1e-6


@given(cues_of_any_kind, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_never_makes_it_longer(cues: Cues, one: float, other: float) -> None:
    low, high = (replace(cues, score=score) for score in sorted((one, other)))
    assert log_odds(low) <= log_odds(high)
    assert ending(high, SETTINGS).over_s <= ending(low, SETTINGS).over_s


@given(cues_of_any_kind, st.floats(0.001, 0.49), st.floats(0.001, 0.49))
def test_who_accepts_more_cut_offs_waits_less(cues: Cues, one: float, other: float) -> None:
    careful, bold = (msgspec.structs.replace(SETTINGS, cutoff_p=p) for p in sorted((one, other)))
    assert ending(cues, bold).over_s <= ending(cues, careful).over_s


# The floor over it.


def facts_of(pcm: Pcm, sizes: list[int]) -> list[Event]:
    """What the ears tell of speech and silence when the audio comes in pieces of these sizes, over and over."""
    told: list[Event] = []

    async def hear() -> None:
        layers = Layers(vad=ScriptedVad(), asr=ScriptedAsr([]), llm=None, tts=None)  # type: ignore[arg-type]
        ears = Ears(layers, SETTINGS, "en", told.append)
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(ears.run())
            at = 0
            for size in itertools.cycle(sizes):
                if at >= len(pcm):
                    break
                ears.hear(Cleared.by_trust(AudioFrame(pcm[at : at + size], HEAR_RATE_HZ, at / HEAR_RATE_HZ)))
                at += size
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            listening.cancel()

    asyncio.run(hear())
    return [rounded(fact) for fact in told if isinstance(fact, SpeechStarted | SpeechStopped)]


def rounded(fact: SpeechStarted | SpeechStopped) -> Event:
    """As the journal keeps it."""
    if isinstance(fact, SpeechStarted):
        return SpeechStarted(round(fact.at_s, 4))
    return SpeechStopped(round(fact.at_s, 4), round(fact.after_s, 4))


def decisions(facts: list[Event], texts: list[str]) -> list[tuple[float, Event]]:
    """What the floor makes of them, each known when its media time has come; a score and words follow each pause."""
    floor = Floor(SETTINGS)
    due: list[tuple[float, int, Event]] = []
    for number, fact in enumerate(facts):
        if isinstance(fact, SpeechStarted):
            due.append((fact.at_s + SETTINGS.vad_start_s, number, fact))
        elif isinstance(fact, SpeechStopped):
            known_s, pause = fact.at_s + fact.after_s, number // 2
            due.append((known_s, number, fact))
            due.append((known_s + 0.05, number, EndpointScored(0.8, pause + 1)))
            due.append((known_s + 0.1, number, TranscriptRevised(texts[pause % len(texts)], pause + 1)))
    told: list[tuple[float, Event]] = []
    for at_s, _, event in [*sorted(due, key=lambda one: one[:2]), (1e3, 0, None)]:
        while floor.wake_at_s is not None and floor.wake_at_s <= at_s:
            woken_s = floor.wake_at_s
            told += [(round(woken_s, 4), decision) for decision in floor.feed(TimerFired(woken_s), woken_s)]
        if event is not None:
            told += [(round(at_s, 4), decision) for decision in floor.feed(event, at_s)]
    return told


stretches = st.lists(st.tuples(st.integers(2, 40), st.integers(2, 60)), min_size=1, max_size=5)
sizes = st.lists(st.integers(1, 5000), min_size=1, max_size=6)
said_texts = st.lists(st.sampled_from(["It is", "It is blue.", "What time is it?", "um"]), min_size=1, max_size=5)


@given(stretches, sizes, said_texts)
@settings(max_examples=60, deadline=None)
def test_any_chunking_of_the_audio_gives_the_same_decisions(
    parts: list[tuple[int, int]], pieces: list[int], texts: list[str]
) -> None:
    audio = [sound(k, seconds / 40) for speech, silence in parts for k, seconds in ((1, speech), (0, silence))]
    pcm = np.concatenate([*audio, sound(0, 1.0)])
    facts = facts_of(pcm, pieces)
    assert facts == facts_of(pcm, [320])
    assert decisions(facts, texts) == decisions(facts_of(pcm, [len(pcm)]), texts)


@given(cues_of_any_kind, st.lists(st.floats(0.0, 8.0), max_size=12))
def test_more_silence_never_un_ends_a_turn(cues: Cues, looks: list[float]) -> None:
    """However often the floor is woken in one long silence, the turn ends once, and not too soon."""
    floor = Floor(SETTINGS)
    floor.feed(SpeechStarted(0.5), 0.6)
    floor.feed(SpeechStopped(1.0, 0.1), 1.1)
    floor.feed(TranscriptRevised("blue " + cues.text, 1), 1.2)
    ended: list[float] = []
    for at_s in [*sorted(1.2 + look for look in looks), 20.0]:
        decided = floor.feed(TimerFired(at_s), at_s)
        assert not any(isinstance(event, TurnResumed) for event in decided)
        ended += [at_s for event in decided if isinstance(event, TurnEnded)]
    assert len(ended) <= 1
    least_s = ending(Cues("blue " + cues.text), SETTINGS).over_s
    assert all(at_s - 1.0 >= least_s - 0.01 for at_s in ended)
