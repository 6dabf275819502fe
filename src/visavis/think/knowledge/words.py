"""Words of questions and passages: which of them say what is asked about, and how many a passage has."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")

_COMMON_WORDS = """\
a about after again all also am an and any anything are as at be because been before being but by can cannot could
did do does doing done down each else even ever every few find for from further get give go going good had has
have having he hello help her here hers hi him his how i if in information into is it its just kind know let like
look looking many may maybe me might mine more most much must my need no nor not now of off ok okay on once one
only or other our out over own please possible really same say see shall she should so some something still such
sure take tell than thank thanks that the their them then there these they thing things this those to too under
until up us use very want was we well were what when where whether which while who whom whose why will with would
yes yet you your yours yourself don't doesn't didn't isn't aren't wasn't won't can't couldn't wouldn't shouldn't
i'm i'd i've i'll it's that's there's what's who's how's you're we're they're let's el la los las un una de del
que y en es por con para su se lo como más o pero sus le ya este sí porque esta entre cuando muy sin sobre también
hasta hay donde quien desde todo nos durante todos uno les ni contra cuál qué cómo des du et est une dans pour pas
sur au aux avec ce ces cette il elle nous vous ils elles qui quoi où comment quel quelle mon ma mes son sa ses
leur leurs je tu der die das ein eine einer eines einem einen und ist zu den dem von mit für auf im nicht sich
auch als wie wer wo wann warum welche welcher welches ich er sie wir ihr kann können"""
"""What says little about a question, in English, Spanish, French and German."""


def words(text: str) -> list[str]:
    """Lower-cased words without accents, in order."""
    plain = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    return _WORD.findall("".join(char for char in plain if not unicodedata.combining(char)))


_COMMON = frozenset(words(_COMMON_WORDS))


def telling(text: str) -> list[str]:
    """The words of `text` that say what it is about, without repetition."""
    return [word for word in dict.fromkeys(words(text)) if word not in _COMMON and len(word) > 1]


def stem(word: str) -> str:
    """A word without its commonest endings, so that 'refunds' and 'refunded' meet 'refund'; crude, for counting."""
    word = word.removesuffix("'s")
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "es", "ed", "er", "ly", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def coverage(question: str, passage: str) -> float:
    """Share of the telling words of `question` that `passage` has, 0–1; 0 when there are none."""
    wanted = {stem(word) for word in telling(question)}
    if not wanted:
        return 0.0
    there = {stem(word) for word in words(passage)}
    return len(wanted & there) / len(wanted)
