"""The clause cutter: where a reply may be cut, where never, and that chunking does not matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.speak.segment import FIRST_HARD_WORDS, HARD_CHARS, ClauseCutter


def pieces(*deltas: str, language: str = "en") -> list[str]:
    cutter = ClauseCutter(language)
    return [piece for delta in deltas for piece in cutter.feed(delta)] + cutter.flush()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Of course, let me look. It is open.", ["Of course,", "let me look.", "It is open."]),
        ("Sure. I can, if you like, do it.", ["Sure.", "I can, if you like, do it."]),
        ("Sure, I can do that. Yes.", ["Sure,", "I can do that.", "Yes."]),
        ("I can do it — maybe.", ["I can do it —", "maybe."]),
        ("Here it is: take it. Then go.", ["Here it is:", "take it.", "Then go."]),
        ("**Sure.** I can.", ["**Sure.**", "I can."]),
        ("He said “go.” Then he left.", ["He said “go.”", "Then he left."]),
        ("Really?! Yes!", ["Really?!", "Yes!"]),
        ("¿Cómo estás? ¡Muy bien! Gracias.", ["¿Cómo estás?", "¡Muy bien!", "Gracias."]),
        ("你好。我是你的助手，可以帮你。再见", ["你好。", "我是你的助手，可以帮你。", "再见"]),
        ("1. Open it\n2. Close it", ["1. Open it", "2. Close it"]),
    ],
)
def test_a_reply_is_cut_where_it_can_be_spoken(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "whole",
    [
        "It costs 3.5 dollars.",
        "About 1,250 people.",
        "Dr. Smith is in.",
        "Some fruit, e.g. apples.",
        "The U.S. Army is here.",
        "Write to ana.b@mail.example.org now.",
        "See https://example.com/a,b.html;c now.",
        "Well... let me see.",
        "At 5:30 p.m. on Sundays.",
        "At 5:30 exactly.",
        "J. K. Rowling wrote it.",
        "See No. 5 there.",
        "On March 3, 2024 at noon.",
        "Come on Mon. Dec. 5 please.",
    ],
)
def test_numbers_names_and_addresses_stay_whole(whole: str) -> None:
    assert pieces(f"Yes. {whole} Good.") == ["Yes.", whole, "Good."]


@pytest.mark.parametrize(
    ("language", "yes", "whole"),
    [
        ("de", "Ja.", "Wir sehen uns am 3. Mai."),
        ("de", "Ja.", "Das geht vom 3. bis zum 5. Mai, z. B. am Montag, 4. Mai."),
        ("de", "Ja.", "Es kostet 3,50 Euro bzw. 1.250,00 Euro inkl. Steuern."),
        ("de", "Ja.", "Die Hauptstr. 5 ist um 15.30 Uhr offen, d.h. jetzt."),
        ("de", "Ja.", "Hr. Müller wohnt im 2. Stock."),
        ("fr", "Oui.", "M. Dupont et Mme. Petit paient 3,50 € pour 1 250 pages."),
        ("fr", "Oui.", "Vous venez à 15 h 30, p. ex. mardi ?"),
        ("it", "Sì.", "Il sig. Rossi paga 3,50 euro, tasse ecc. incluse."),
        ("it", "Sì.", "Il dott. Bianchi arriva alle 15.30."),
        ("pt", "Sim.", "A Dra. Souza mora na av. Paulista, nº 5."),
        ("nl", "Ja.", "Dhr. Jansen betaalt 3,50 euro, bijv. met pin."),
        ("pl", "Tak.", "Spotkanie jest 3. maja o godz. 15.30 przy ul. Długiej."),
        ("ja", "はい。", "料金は3.5パーセントです。"),
        ("ko", "네.", "요금은 3.5퍼센트입니다."),
        ("hi", "हाँ।", "डॉ. शर्मा 3.5 बजे आएँगे।"),
        ("ar", "نعم.", "الدكتور د. أحمد يصل الساعة 3.5 تقريبا."),
    ],
)
def test_numbers_dates_and_titles_of_other_languages_stay_whole(language: str, yes: str, whole: str) -> None:
    assert pieces(f"{yes} {whole} {yes}", language=language) == [yes, whole, yes]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Es kostet 3. Danach ist es frei.", ["Es kostet 3.", "Danach ist es frei."]),
        ("de", "„Ja.“ Dann ging er.", ["„Ja.“", "Dann ging er."]),
        ("de", "»Ja.« Dann ging er.", ["»Ja.«", "Dann ging er."]),
        ("fr", "« Oui. » Il part.", ["« Oui. »", "Il part."]),
        ("fr", "Vous venez ? Très bien !", ["Vous venez ?", "Très bien !"]),
        ("fr", "Dis-le à moi. Me voici.", ["Dis-le à moi.", "Me voici."]),
        ("en", "Tell me. Then go.", ["Tell me.", "Then go."]),
        ("es", "¿Vienes a las 15:30? Muy bien.", ["¿Vienes a las 15:30?", "Muy bien."]),
        ("es", "Está en la Avda. 5. Venga.", ["Está en la Avda. 5.", "Venga."]),
        ("ja", "はい、分かりました。「どうぞ。」次です。", ["はい、分かりました。", "「どうぞ。」", "次です。"]),
        ("zh", "好的，没问题。三点半见！", ["好的，没问题。", "三点半见！"]),
        ("ko", "네, 알겠습니다. 다음은요?", ["네, 알겠습니다.", "다음은요?"]),
        ("hi", "ठीक है। आगे बढ़ें॥ कहाँ?", ["ठीक है।", "आगे बढ़ें॥", "कहाँ?"]),
        ("ar", "نعم، بالتأكيد. متى تأتي؟ غدا.", ["نعم، بالتأكيد.", "متى تأتي؟", "غدا."]),
    ],
)
def test_sentences_of_other_languages_end_where_they_do(language: str, text: str, expected: list[str]) -> None:
    assert pieces(text, language=language) == expected


def test_a_number_with_spaces_and_a_mark_behind_a_space_are_not_parted() -> None:
    words = " ".join(["mot"] * (FIRST_HARD_WORDS - 1))
    assert pieces(f"{words} 1 250 euros", language="fr")[0] == f"{words} 1 250"
    assert pieces(f"{words} mot ? Oui.", language="fr")[0] == f"{words} mot ?"
    assert pieces(f"{words} mot\u202f? Oui.", language="fr")[0] == f"{words} mot\u202f?"


def test_a_clock_time_can_end_a_sentence() -> None:
    assert pieces("We close at 3 p.m. The cafe stays open.") == ["We close at 3 p.m.", "The cafe stays open."]


def test_a_long_first_clause_is_cut_before_a_joining_word() -> None:
    text = "I would like to tell you about the many wonderful things that we have prepared"
    assert pieces(text)[0] == "I would like"


def test_a_first_clause_without_any_joint_is_cut_all_the_same() -> None:
    first = pieces(" ".join(["word"] * 40))[0]
    assert len(first.split()) == FIRST_HARD_WORDS


def test_the_first_piece_comes_before_the_sentence_is_over() -> None:
    cutter = ClauseCutter()
    given = "Of course, let"
    got = [piece for char in given for piece in cutter.feed(char)]
    assert got == ["Of course,"]


def test_long_later_sentences_are_cut_at_clauses() -> None:
    clause = "and this clause goes on for quite some while, "
    got = pieces("Yes. A" + clause * 12 + "done.")
    assert got[0] == "Yes."
    assert len(got) > 2
    assert all(len(piece) <= HARD_CHARS and piece.endswith((",", ".")) for piece in got)


def test_code_is_not_cut_inside_its_fence() -> None:
    assert pieces("Look. ```\na = 1.\nb = 2.\n``` That is all.") == ["Look.", "```\na = 1.\nb = 2.\n``` That is all."]


def test_flush_starts_a_new_reply() -> None:
    cutter = ClauseCutter()
    cutter.feed("One. Two, three.")
    cutter.flush()
    assert cutter.feed("Of course, yes") == ["Of course,"]


SAMPLES = (
    "Sure, I can do that. Your bill is $1,250.75, due on 3/4. Dr. Lee said “yes.” Wait… e.g. this: x. "
    "See https://a.example/b,c. ¿Qué? 你好，我是。再见！\n1. A\n2. B — and - or –. « Oui. » am 3. Mai, 1 250 € ? "
)


@given(
    words=st.lists(st.sampled_from([*SAMPLES.split(" "), " ", "```", "\n", "a", "3", ".", ","]), max_size=40),
    glue=st.sampled_from([" ", "", "  "]),
    language=st.sampled_from(["en", "de", "fr"]),
    data=st.data(),
)
def test_any_chunking_gives_the_same_pieces(words: list[str], glue: str, language: str, data: st.DataObject) -> None:
    text = glue.join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = pieces(text, language=language)
    assert pieces(*chunks, language=language) == whole == pieces(*text, language=language)
    assert "".join("".join(whole).split()) == "".join(text.split())
    assert all(piece == piece.strip() != "" for piece in whole)


def test_an_interjection_stands_alone_and_what_follows_it_begins_as_early() -> None:
    cutter = ClauseCutter()
    text = "Yes, every repair in this workshop has a warranty of six months."
    pieces = [piece for word in text.split(" ") for piece in cutter.feed(f" {word}")] + cutter.flush()
    assert pieces[0] == "Yes,"
    assert len(pieces[1].split()) <= FIRST_HARD_WORDS
    assert " ".join(pieces) == text


def test_a_name_before_a_comma_is_no_interjection() -> None:
    cutter = ClauseCutter()
    assert (cutter.feed("Anna, we open at nine. ") + cutter.flush())[0] != "Anna,"
