"""Spanish text to phonemes in Kokoro's inventory, by rule: spelling tells the sounds, accents the stress. Pure.

Latin American (seseo, yeísmo). Stress stands before the stressed vowel, as Misaki writes it for this model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from visavis.speak.piece import ends_sentence
from visavis.speak.spanish_numbers import in_words
from visavis.speak.spoken import spoken_words
from visavis.speak.visemes import PhoneWord

MAX_PHONEMES = 380

_VOWELS = "aeiouáéíóúü"
_ACUTE = {"á": "a", "é": "e", "í": "i", "ó": "o", "ú": "u"}
_PUNCTUATION = frozenset(",;:.!?—…")
_NAMES = (
    "a:a b:be c:ce d:de e:e f:efe g:ge h:hache i:i j:jota k:ka l:ele m:eme n:ene ñ:eñe o:o p:pe q:cu r:erre s:ese"
    " t:te u:u v:uve w:uvedoble x:equis y:igriega z:zeta"
)
_LETTER_NAMES = dict(pair.split(":") for pair in _NAMES.split())
# Small words that lean on the next one and carry no stress.
_LEANING = (
    "el la los las un una unos unas de del al a en con sin por para y e o u que si se me te le lo nos os les mi tu su"
    " mis tus sus pero como donde cuando ni desde hasta"
)
_UNSTRESSED = frozenset(_LEANING.split())
_WORD = re.compile(r"[^\W\d_]+")

_PRONOUNCEABLE = re.compile(r"(?:[bcfgkp][lr]|[dt]r|ch|ll|[^\W\d_])?[aeiouáéíóúü][^\W\d_]+$")
_X_AS_J = ("méxic", "mexic", "oaxac", "texas", "texan")
_PAIRS = {"ch": "ʧ", "ll": "ʝ", "rr": "r", "qu": "k", "sh": "ʃ", "ph": "f", "th": "t"}
_SINGLE = dict(zip("bcdfgjklmnñpqstvwxyzç", "bkdfɡxklmnɲpkstbwXʝss", strict=True)) | {"x": "ks"}
_SOFT = {"b": "β", "d": "ð", "ɡ": "ɣ"}
"""Between vowels and after most consonants these are soft."""


def utterances(text: str) -> Iterator[list[PhoneWord]]:
    """The sentences of `text`, each as its written words with phonemes; a stretch without sound is left out."""
    sentence: list[PhoneWord] = []
    length = 0
    pairs = spoken_words(text, "es")
    for (written, said), (_, following) in zip(pairs, [*pairs[1:], ("", "")], strict=False):
        word = PhoneWord(written, " ".join(filter(None, map(_token, in_words(said, following).split()))))
        if sentence and length + len(word.phonemes) > MAX_PHONEMES:
            yield from _audible(sentence)
            sentence, length = [], 0
        sentence.append(word)
        length += len(word.phonemes) + 1
        if ends_sentence(said):
            yield from _audible(sentence)
            sentence, length = [], 0
    yield from _audible(sentence)


def _audible(words: list[PhoneWord]) -> Iterator[list[PhoneWord]]:
    if any(char.isalpha() for word in words for char in word.phonemes):
        yield words


def _token(token: str) -> str:
    """A word with the punctuation around it; hyphens join words."""
    out = []
    at = 0
    for word in _WORD.finditer(token):
        out.append(_marks(token[at : word.start()]))
        out.append(phonemes(word.group()))
        at = word.end()
    out.append(_marks(token[at:]))
    return "".join(out).replace("\0", " ").strip()


def _marks(text: str) -> str:
    return "".join(char if char in _PUNCTUATION else "\0" if char in "-/_'" else "" for char in text)


def phonemes(word: str) -> str:
    """The phonemes of one word; capitals that cannot be said as a word are spelled out."""
    lower = unicodedata.normalize("NFC", word).lower()
    if lower.startswith(_X_AS_J):
        lower = lower.replace("x", "j")
    if len(word) > 1 and word.isupper() and not _PRONOUNCEABLE.match(lower):
        return " ".join(phonemes(_LETTER_NAMES[char]) for char in lower if char in _LETTER_NAMES)
    if len(lower) == 1 and lower in _LETTER_NAMES and lower not in "aeiouy":
        return phonemes(_LETTER_NAMES[lower])
    if lower == "y":
        return "i"
    stressed = None if lower in _UNSTRESSED else _stressed_vowel(lower)
    return _softened(_sounds(lower, stressed))


def _nuclei(word: str) -> list[int]:
    """Index of each syllable's vowel. i and u beside another vowel glide, unless they carry an accent."""
    vowels = [i for i, char in enumerate(word) if char in _VOWELS and not _silent_u(word, i)]
    return [i for i in vowels if not _glides(word, i)] or vowels[:1]


def _silent_u(word: str, index: int) -> bool:
    return (
        word[index] == "u" and word[index - 1 : index] in ("q", "g") and word[index + 1 : index + 2] in tuple("eiéí")
    )


def _glides(word: str, index: int) -> bool:
    if word[index] not in "iuü":
        return False
    before, after = word[index - 1] if index else "", word[index + 1 : index + 2]
    if before and before in "aeoáéó":
        return True
    if after and after in "aeoáéó":
        return True
    return bool(after) and after in "iuíú" and after != word[index]  # the first of "iu", "ui" glides


def _stressed_vowel(word: str) -> int | None:
    for index, char in enumerate(word):
        if char in _ACUTE:
            return index
    nuclei = _nuclei(word)
    if not nuclei:
        return None
    ends_open = word[-1] in _VOWELS or word[-1] in "ns"
    return nuclei[-2] if ends_open and len(nuclei) > 1 else nuclei[-1]


def _sounds(word: str, stressed: int | None) -> str:
    out: list[str] = []
    index = 0
    while index < len(word):
        pair = word[index : index + 2]
        char = word[index]
        if pair in _PAIRS and not (pair == "qu" and word[index + 2 : index + 3] not in tuple("eiéí")):
            out.append(_PAIRS[pair])
            index += 2
            continue
        if char in _VOWELS:
            out.append(_vowel(word, index, stressed))
        else:
            out.append(_consonant(word, index))
        index += 1
    return "".join(out)


def _vowel(word: str, index: int, stressed: int | None) -> str:
    char = word[index]
    if _silent_u(word, index):
        return ""
    sound = _ACUTE.get(char, "u" if char == "ü" else char)
    mark = "ˈ" if index == stressed else ""
    if not mark and _glides(word, index):
        after = word[index + 1 : index + 2]
        if after and after in _VOWELS:
            return "j" if sound == "i" else "w"
    return mark + sound


def _consonant(word: str, index: int) -> str:
    char, after = word[index], word[index + 1 : index + 2]
    if char == "h":
        return ""
    if char == "c" and after and after in "eiéí":
        return "s"
    if char == "g" and after and after in "eiéí":
        return "x"
    if char == "r":
        return "r" if index == 0 or word[index - 1] in "nls" else "ɾ"
    if char == "y" and (not after or after not in _VOWELS):
        return "i"
    if char == "x" and index == 0:
        return "s"
    return _SINGLE.get(char, "")


def _softened(sounds: str) -> str:
    out = []
    for index, char in enumerate(sounds):
        before = sounds[:index].rstrip("ˈ")[-1:]
        hard = before in ("", "m", "n", "ɲ") or (char == "d" and before == "l")
        out.append(char if hard else _SOFT.get(char, char))
    return "".join(out)
