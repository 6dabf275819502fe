"""The pacer hands out what it was given, once and in order, and knows to the sample what was heard."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.media import Pcm
from visavis.speak.base import Speech, WordMark
from visavis.speak.pacer import Pacer

RATE_HZ = 1000
FRAME_S = 0.02
FRAME = 20


def piece(*words: tuple[str, float], tail_s: float = 0.0, level: int = 1000) -> Speech:
    """Words of the given lengths in seconds, one after another."""
    marks, at_s = [], 0.0
    for text, length_s in words:
        marks.append(WordMark(text, at_s, at_s + length_s))
        at_s += length_s
    return Speech(np.full(round((at_s + tail_s) * RATE_HZ), level, np.int16), RATE_HZ, tuple(marks))


def pacing(*pieces: Speech, released: bool = True) -> Pacer:
    pacer = Pacer(RATE_HZ, FRAME_S)
    pacer.begin(1, released=released)
    for speech in pieces:
        pacer.add(speech)
    return pacer


def drain(pacer: Pacer, from_s: float = 0.0, frames: int = 10_000) -> Pcm:
    out = []
    for number in range(frames):
        paced = pacer.next_frame(from_s + number * FRAME_S)
        if paced is None:
            break
        out.append(paced.pcm)
    return np.concatenate(out) if out else np.zeros(0, np.int16)


def test_a_word_is_heard_when_its_last_sample_is_at_the_ear() -> None:
    pacer = pacing(piece(("we", 0.3), ("open", 0.4), ("at", 0.2), ("nine", 0.5)))
    drain(pacer, from_s=10.0)
    assert pacer.heard(10.0 + 0.699 + 0.1, 0.1) == "we"
    assert pacer.heard(10.0 + 0.700 + 0.1, 0.1) == "we open"
    assert pacer.heard(10.0 + 1.4 + 0.1, 0.1) == "we open at nine"


def test_nothing_leaves_before_release() -> None:
    pacer = pacing(piece(("we", 0.3)), released=False)
    assert pacer.next_frame(0.0) is None
    assert pacer.spoken() == pacer.heard(100.0, 0.0) == ""
    pacer.released = True
    assert pacer.next_frame(0.0) is not None


def test_what_has_not_left_was_not_heard_however_late_it_is() -> None:
    """The loop was held up in the middle of a piece: time went by, samples did not."""
    pacer = pacing(piece(("we", 0.3), ("open", 0.4), ("at", 0.2)))
    drain(pacer, frames=25)
    assert pacer.heard(5.0, 0.1) == "we"
    drain(pacer, from_s=5.0, frames=10)
    assert pacer.heard(5.2 + 0.1, 0.1) == "we open"


def test_a_break_in_the_pace_shifts_only_what_comes_after() -> None:
    pacer = pacing(piece(("we", 0.3), ("open", 0.4), ("at", 0.2)))
    drain(pacer, frames=20)
    drain(pacer, from_s=2.0)
    assert pacer.heard(1.0, 0.0) == "we"
    assert pacer.heard(2.29, 0.0) == "we"
    assert pacer.heard(2.31, 0.0) == "we open"
    assert pacer.heard(2.51, 0.0) == "we open at"


def test_after_a_stop_heard_stands_still() -> None:
    pacer = pacing(piece(("we", 0.3), ("open", 0.4)))
    drain(pacer, frames=20)
    pacer.stop(0.4)
    assert pacer.heard(0.4, 0.05) == pacer.heard(99.0, 0.05) == "we"


def test_what_was_heard_stays_heard_when_the_way_to_the_ear_grows() -> None:
    """The client's reports come every few seconds, and need not agree."""
    pacer = pacing(piece(("we", 0.3), ("open", 0.4), ("at", 0.2)))
    drain(pacer)
    assert pacer.heard(0.75, 0.05) == "we open"
    assert pacer.heard(0.76, 0.4) == "we open"
    pacer.stop(0.77)
    assert pacer.heard(0.77, 0.5) == "we open"
    pacer.begin(2, released=True)
    assert pacer.heard(9.0, 0.0) == ""


def test_stop_fades_out_within_10_ms_and_drops_the_rest() -> None:
    pacer = pacing(piece(("we", 0.3)), piece(("open", 0.4)))
    drain(pacer, frames=5)
    tail = pacer.stop(0.1)
    assert len(tail) == 10
    assert list(np.abs(np.diff(tail)) > 0) == [True] * 9
    assert tail[-1] == 0
    assert pacer.next_frame(0.12) is None
    assert pacer.done


def test_a_stop_before_anything_left_says_nothing() -> None:
    pacer = pacing(piece(("we", 0.3)))
    assert len(pacer.stop(0.1)) == 0


def test_a_paused_voice_goes_on_at_the_word_that_was_at_the_ear() -> None:
    pacer = pacing(piece(("we", 0.3), ("open", 0.4), ("at", 0.2)), piece(("nine", 0.5)))
    drain(pacer, frames=50)
    pacer.pause(1.0, 0.15)
    assert pacer.paused
    assert pacer.next_frame(1.02) is None
    assert pacer.heard(9.0, 0.15) == "we open", "what had not reached the ear did not"
    pacer.resume()
    again = pacer.next_frame(9.0)
    assert again is not None and again.started is not None
    assert [word.text for word in again.started.words] == ["at"], "the word that was under way, from its beginning"
    rest = drain(pacer, from_s=9.02)
    assert len(rest) + FRAME == pytest.approx((0.2 + 0.5) * RATE_HZ, abs=FRAME)
    assert pacer.heard(20.0, 0.15) == "we open at nine"


def test_a_pause_that_takes_back_a_whole_piece_says_it_again() -> None:
    pacer = pacing(piece(("we", 0.3)), piece(("open", 0.2)))
    drain(pacer, frames=17)
    pacer.pause(0.34, 0.1)
    pacer.resume()
    started = [frame.started for n in range(30) if (frame := pacer.next_frame(1.0 + n * FRAME_S)) is not None]
    assert [speech.words[0].text for speech in started if speech is not None] == ["we", "open"]


def test_a_stop_while_paused_plays_nothing_more() -> None:
    pacer = pacing(piece(("we", 0.3), ("open", 0.4)))
    drain(pacer, frames=20)
    pacer.pause(0.4, 0.0)
    assert len(pacer.stop(0.6)) == 0
    assert pacer.done
    assert pacer.heard(9.0, 0.0) == "we"


def test_a_resumed_voice_is_at_full_level_however_it_was_ducked() -> None:
    pacer = pacing(piece(("long", 3.0), level=10_000))
    drain(pacer, frames=10)
    pacer.duck(True)
    drain(pacer, from_s=0.2, frames=5)
    pacer.pause(0.3, 0.0)
    pacer.resume()
    drain(pacer, from_s=1.0, frames=3)
    assert int(drain(pacer, from_s=1.06, frames=1).min()) == 10_000


def test_a_new_reply_takes_nothing_over() -> None:
    pacer = pacing(piece(("old", 0.3)), piece(("words", 0.3)))
    drain(pacer, frames=5)
    pacer.duck(True)
    pacer.begin(2, released=True)
    assert pacer.waiting_s == 0
    pacer.add(piece(("new", 0.3)))
    assert int(np.abs(drain(pacer, from_s=1.0)).min()) == 1000, "full level"
    assert pacer.spoken() == "new"


def test_ducking_is_12_db_within_60_ms_and_comes_back_as_fast() -> None:
    pacer = pacing(piece(("long", 3.0), level=10_000))
    drain(pacer, frames=10)
    pacer.duck(True)
    ramp = drain(pacer, from_s=0.2, frames=3)
    ducked = drain(pacer, from_s=0.26, frames=5)
    level_db = 20 * np.log10(np.abs(ducked).max() / 10_000)
    assert level_db <= -12
    assert np.all(np.diff(ramp.astype(np.int32)) <= 0), "no step up on the way down"
    assert np.abs(np.diff(ramp.astype(np.int32))).max() < 1000, "no click"
    pacer.duck(False)
    drain(pacer, from_s=0.36, frames=3)
    assert int(drain(pacer, from_s=0.42, frames=1).min()) == 10_000


def test_the_frame_that_holds_a_pieces_first_sample_says_so() -> None:
    first, second = piece(("we", 0.05)), piece(("open", 0.1))
    pacer = pacing(first, second)
    pacer.complete = True
    frames = [pacer.next_frame(number * FRAME_S) for number in range(8)]
    assert [frame.started for frame in frames if frame is not None] == [
        first, None, second, None, None, None, None, None,
    ]  # fmt: skip
    assert [frame.ended for frame in frames if frame is not None] == [False] * 7 + [True]


def test_a_wrong_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="24000 Hz on a pacer at 1000 Hz"):
        pacing().add(Speech(np.zeros(10, np.int16), 24_000, ()))


lengths = st.floats(0.001, 0.3)
pieces = st.lists(
    st.builds(
        lambda words, tail_s: (words, tail_s),
        st.lists(lengths, max_size=5),
        st.one_of(st.just(-0.02), st.floats(0, 0.1)),
    ),
    max_size=6,
)


def built(shape: list[tuple[list[float], float]]) -> list[Speech]:
    """Pieces with numbered words; a negative tail makes the last mark end after the last sample."""
    number, made = 0, []
    for words, tail_s in shape:
        marks = []
        for length_s in words:
            marks.append((f"w{number}", length_s))
            number += 1
        made.append(piece(*marks, tail_s=max(tail_s, -sum(words)), level=len(made) + 1))
    return made


@given(pieces)
def test_every_sample_comes_out_once_and_in_order(shape: list[tuple[list[float], float]]) -> None:
    made = built(shape)
    whole = np.concatenate([np.zeros(0, np.int16), *[speech.pcm for speech in made]])
    out = drain(pacing(*made))
    assert np.array_equal(out[: len(whole)], whole)
    assert not out[len(whole) :].any()
    assert len(out) - len(whole) < FRAME


@given(pieces, st.integers(0, 60), st.floats(0, 3), st.floats(0, 0.5), st.floats(0, 0.5))
def test_heard_is_what_was_said_up_to_some_word(
    shape: list[tuple[list[float], float]], frames: int, stopped_after_s: float, delay_s: float, gap_s: float
) -> None:
    pacer = pacing(*built(shape))
    drain(pacer, frames=frames)
    drain(pacer, from_s=frames * FRAME_S + gap_s, frames=frames)
    heard = [pacer.heard(at_s / 20, delay_s).split() for at_s in range(60)]
    spoken = pacer.spoken().split()
    for earlier, later in pairwise(heard):
        assert later[: len(earlier)] == earlier, "nothing heard is unheard"
    assert spoken[: len(heard[-1])] == heard[-1], "a prefix of what was said"
    pacer.stop(stopped_after_s)
    at_end = pacer.heard(1000.0, delay_s).split()
    assert spoken[: len(at_end)] == at_end
    assert pacer.next_frame(1001.0) is None


@given(pieces)
def test_a_reply_said_to_its_end_was_heard_to_its_end(shape: list[tuple[list[float], float]]) -> None:
    made = [speech for speech in built(shape) if len(speech.pcm)]
    pacer = pacing(*made)
    out = drain(pacer)
    said = " ".join(word.text for speech in made for word in speech.words)
    assert pacer.heard(len(out) / RATE_HZ + 0.2, 0.2) == said


@given(pieces, st.integers(0, 40))
def test_after_a_stop_no_voice_leaves(shape: list[tuple[list[float], float]], frames: int) -> None:
    made = built(shape)
    pacer = pacing(*made)
    drain(pacer, frames=frames)
    tail = pacer.stop(frames * FRAME_S)
    assert len(tail) <= round(RATE_HZ * 0.01)
    assert len(drain(pacer, from_s=frames * FRAME_S)) == 0
    assert pacer.waiting_s == 0


steps = st.lists(
    st.tuples(st.sampled_from(["play", "play", "pause", "resume", "duck", "add"]), st.integers(0, 15)), max_size=25
)


@given(pieces, steps, st.floats(0, 0.3))
def test_pauses_in_any_order_lose_nothing_and_say_no_word_twice_over(
    shape: list[tuple[list[float], float]], done: list[tuple[str, int]], delay_s: float
) -> None:
    made = [speech for speech in built(shape) if len(speech.pcm)]
    pacer, waiting, now_s, before = pacing(), list(made), 0.0, ""
    for kind, count in [*done, *[("add", 0)] * len(made), ("resume", 0), ("play", 10_000)]:
        match kind:
            case "play":
                while count and (frame := pacer.next_frame(now_s)) is not None:
                    assert len(frame.pcm) == FRAME
                    now_s, count = now_s + FRAME_S, count - 1
                now_s += FRAME_S * min(count, 20)
            case "pause":
                pacer.pause(now_s, delay_s)
                assert pacer.next_frame(now_s) is None
            case "resume":
                pacer.resume()
            case "duck":
                pacer.duck(count % 2 == 0)
            case "add" if waiting:
                pacer.add(waiting.pop(0))
        heard = pacer.heard(now_s, delay_s)
        assert heard.startswith(before), "nothing heard is unheard"
        assert pacer.spoken().startswith(heard), "a prefix of what was said"
        before = heard
    said = " ".join(word.text for speech in made for word in speech.words)
    assert pacer.heard(now_s + 1.0, delay_s) == said, "in the end every word, once"
    assert not pacer.waiting_s
