"""From phonemes to mouth shapes, and from a piece of audio to when each phoneme sounds.

The voices here do not tell durations, so they are estimated: the voiced part of the audio is shared out by a
weight per phoneme class, anchored at the pauses that can be heard. Good to about a tenth of a second.
Shapes are those of `kernel.messages.VisemeTrack`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visavis.speak.base import Viseme, WordMark

REST = "sil"

_VOWELS: dict[str, tuple[str, ...]] = {
    # Misaki's capitals are diphthongs: eɪ, aɪ, oʊ, əʊ, aʊ, ɔɪ.
    "A": ("ee", "ih"),
    "I": ("aa", "ih"),
    **dict.fromkeys("OQ", ("oh", "ou")),
    "W": ("aa", "ou"),
    "Y": ("oh", "ih"),
    **dict.fromkeys("aɑɐæʌ", ("aa",)),
    **dict.fromkeys("eɛəᵊɜɚ", ("ee",)),
    **dict.fromkeys("iɪᵻɨ", ("ih",)),
    **dict.fromkeys("oɔɒ", ("oh",)),
    **dict.fromkeys("uʊɯ", ("ou",)),
}
_CONSONANTS: dict[str, str] = {
    **dict.fromkeys("mbp", "mm"),
    **dict.fromkeys("fvβɸ", "ff"),
    **dict.fromkeys("θð", "th"),
    **dict.fromkeys("tdTɾʔ", "dd"),
    **dict.fromkeys("kɡgŋxɣhɰ", "kk"),
    **dict.fromkeys("ʃʒʤʧʨʥʝ", "ch"),
    **dict.fromkeys("szʦʣç", "ss"),
    **dict.fromkeys("nlɲʎɳ", "nn"),
    **dict.fromkeys("ɹrɻɽ", "rr"),
    **dict.fromkeys("wɥ", "ou"),
    **dict.fromkeys("jʲ", "ih"),
}
_WEIGHTS: dict[str, float] = {
    **dict.fromkeys(_CONSONANTS, 0.7),
    **dict.fromkeys("tdTɾkɡpb", 0.6),
    **dict.fromkeys("szʃʧʤfθ", 0.9),
    **dict.fromkeys("jwʲ", 0.5),
    **dict.fromkeys(_VOWELS, 1.0),
    **dict.fromkeys("AIOQWY", 1.6),
    **dict.fromkeys("əᵊᵻ", 0.7),
}
_STRESS = "ˈˌ"
_STRESSED = 1.25
_LENGTH = 0.5
_PAUSE_MARKS = ",;:.!?—…"
_PAUSE = 2.5


@dataclass(frozen=True, slots=True)
class PhoneWord:
    """A word as written, and its phonemes: Misaki's alphabet with stress, length and punctuation marks.

    A written word may be spoken as several ("$5"); its phonemes then hold spaces. They may be empty.
    """

    text: str
    phonemes: str


@dataclass(slots=True)
class _Sound:
    word: int
    shape: str
    weight: float


def timing(
    words: Sequence[PhoneWord], *, start_s: float, end_s: float, pauses: Sequence[tuple[float, float]] = ()
) -> tuple[tuple[WordMark, ...], tuple[Viseme, ...]]:
    """Word marks and mouth shapes for `words`, spoken between `start_s` and `end_s`.

    `pauses` are silences heard in between, as (start, end) in seconds; they are used when there are as many as
    pause marks inside the phonemes, else the marks get a share of the time like any sound.
    """
    runs = _runs(words)
    spans = _spans(runs, start_s, end_s, pauses)
    at: list[tuple[float, float, _Sound]] = []
    for run, (run_start, run_end) in zip(runs, spans, strict=True):
        total = sum(sound.weight for sound in run) or 1.0
        now = run_start
        for sound in run:
            length = (run_end - run_start) * sound.weight / total
            at.append((now, now + length, sound))
            now += length
    return _word_marks(words, at, start_s), _shapes(at, end_s)


def _runs(words: Sequence[PhoneWord]) -> list[list[_Sound]]:
    """Sounds in order, split after each pause mark that has sounds on both sides."""
    runs: list[list[_Sound]] = [[]]
    paused = False
    for index, word in enumerate(words):
        boost = 1.0
        for char in word.phonemes:
            if char in _PAUSE_MARKS:
                paused = bool(runs[-1])
            elif char in _STRESS:
                boost = _STRESSED
            elif char == "ː" and runs[-1]:
                runs[-1][-1].weight += _LENGTH
            elif sounds := _sounds(index, char, boost):
                if paused:
                    runs.append([])
                    paused = False
                runs[-1] += sounds
                boost = 1.0 if char in _VOWELS else boost
    return runs


def _sounds(word: int, char: str, boost: float) -> list[_Sound]:
    shapes = _VOWELS.get(char)
    if shapes is not None:
        return [_Sound(word, shape, _WEIGHTS[char] * boost / len(shapes)) for shape in shapes]
    shape = _CONSONANTS.get(char)
    return [] if shape is None else [_Sound(word, shape, _WEIGHTS[char])]


def _spans(
    runs: Sequence[Sequence[_Sound]], start_s: float, end_s: float, pauses: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """When each run begins and ends."""
    if len(pauses) == len(runs) - 1:
        edges = [start_s, *(edge for pause in pauses for edge in pause), end_s]
        return list(zip(edges[::2], edges[1::2], strict=True))
    weights = [sum(sound.weight for sound in run) for run in runs]
    per_weight = (end_s - start_s) / (sum(weights) + _PAUSE * (len(runs) - 1) or 1.0)
    spans, now = [], start_s
    for weight in weights:
        spans.append((now, now + weight * per_weight))
        now += (weight + _PAUSE) * per_weight
    return spans


def _word_marks(
    words: Sequence[PhoneWord], at: Sequence[tuple[float, float, _Sound]], start_s: float
) -> tuple[WordMark, ...]:
    marks: list[WordMark] = []
    now = start_s
    for index, word in enumerate(words):
        times = [(start, end) for start, end, sound in at if sound.word == index]
        begin, end = (times[0][0], times[-1][1]) if times else (now, now)
        now = end
        marks.append(WordMark(word.text, begin, end))
    return tuple(marks)


def _shapes(at: Sequence[tuple[float, float, _Sound]], end_s: float) -> tuple[Viseme, ...]:
    """Each shape once when it begins; rest in pauses and at the end."""
    visemes: list[Viseme] = []
    last_end = 0.0
    for start, end, sound in at:
        if start - last_end > 0.01 or not visemes:
            visemes.append((last_end, REST))
        if visemes[-1][1] != sound.shape:
            visemes.append((start, sound.shape))
        last_end = end
    visemes.append((end_s, REST))
    return tuple(visemes)
