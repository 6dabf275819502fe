"""Text to phonemes, English and Spanish, with every written word kept beside its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.speak import spanish_g2p
from visavis.speak.english import MAX_PHONEMES, EnglishG2p, joined, phoneme_ids
from visavis.speak.spanish_numbers import cardinal, in_words


@pytest.fixture(scope="module")
def english() -> EnglishG2p:
    return EnglishG2p()


def test_english_words_keep_their_written_form(english: EnglishG2p) -> None:
    [words] = english.utterances("Pay $3.50 at 3:30 pm to **Dr. Lee**, on 3/4/2025.")
    assert [word.text for word in words] == [
        "Pay",
        "$3.50",
        "at",
        "3:30",
        "pm",
        "to",
        "Dr.",
        "Lee,",
        "on",
        "3/4/2025.",
    ]
    said = {word.text: word.phonemes for word in words}
    assert said["$3.50"] == "θɹˈi dˈɑləɹz ænd fˈɪfti sˈɛnts"
    assert said["3:30"].startswith("θɹˈi θˈɜɹ")
    assert said["Dr."] == "dˈɑktəɹ"
    assert said["3/4/2025."].startswith("mˈɑɹʧ")


def test_no_is_not_a_number(english: EnglishG2p) -> None:
    [first] = english.utterances("I said no.")
    assert first[-1].phonemes == "nˈO."
    [first] = english.utterances("It is No. 5 there.")
    assert "nˈʌmbəɹ fˈIv" in joined(first)


def test_sentences_come_apart_and_silence_is_left_out(english: EnglishG2p) -> None:
    assert len(list(english.utterances("One. Two! Three?"))) == 3
    assert list(english.utterances("...")) == []
    assert list(english.utterances("😀")) == []


def test_an_endless_sentence_is_split(english: EnglishG2p) -> None:
    parts = list(english.utterances("very " * 400 + "long."))
    assert len(parts) > 1
    assert all(len(joined(words)) <= MAX_PHONEMES for words in parts)
    assert sum(len(words) for words in parts) == 401


def test_phonemes_have_numbers() -> None:
    ids = phoneme_ids("həlˈO ðˈɛɹ.")
    assert len(ids) == len("həlˈO ðˈɛɹ.")
    assert phoneme_ids("\ue123") == []


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("hola", "ˈola"),
        ("guerra", "ɡˈera"),
        ("pingüino", "pinɡwˈino"),
        ("quiero", "kjˈeɾo"),
        ("lápiz", "lˈapis"),
        ("canción", "kansjˈon"),
        ("día", "dˈia"),
        ("ciudad", "sjuðˈað"),
        ("cuidado", "kwiðˈaðo"),
        ("hoy", "ˈoi"),
        ("gente", "xˈente"),
        ("llave", "ʝˈaβe"),
        ("año", "ˈaɲo"),
        ("México", "mˈexiko"),
        ("un", "un"),
        ("PDF", "pˈe de ˈefe"),
        ("OTAN", "ˈotan"),
    ],
)
def test_spanish_spelling(word: str, sounds: str) -> None:
    assert spanish_g2p.phonemes(word) == sounds


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "cero"),
        (16, "dieciséis"),
        (31, "treinta y uno"),
        (100, "cien"),
        (101, "ciento uno"),
        (999, "novecientos noventa y nueve"),
        (1000, "mil"),
        (21_000, "veintiún mil"),
        (1_000_000, "un millón"),
        (2_500_000, "dos millones quinientos mil"),
    ],
)
def test_spanish_numbers(number: int, words: str) -> None:
    assert cardinal(number) == words


def test_spanish_numbers_in_a_text() -> None:
    assert in_words("Son 1.250,75 euros y -5 grados.") == (
        "Son mil doscientos cincuenta coma setenta y cinco euros y menos cinco grados."
    )
    assert in_words("21 años, 31 casas, el 2º piso") == "veintiún años, treinta y una casas, el segundo piso"


def test_spanish_utterances_keep_written_words() -> None:
    first, second = spanish_g2p.utterances("Tengo 21 años. ¿Y usted, Sra. Gil?")
    assert [word.text for word in first] == ["Tengo", "21", "años."]
    assert first[1].phonemes == "beintjˈun"
    assert [word.text for word in second] == ["¿Y", "usted,", "Sra.", "Gil?"]


@given(st.text(max_size=60))
def test_any_text_goes_through_in_spanish(text: str) -> None:
    for words in spanish_g2p.utterances(text):
        assert any(char.isalpha() for word in words for char in word.phonemes)
