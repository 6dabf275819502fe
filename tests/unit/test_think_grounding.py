"""Arguments that must have been said, shown or returned: however they were said, and never when they were not."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from visavis.think.approval import answer, question
from visavis.think.base import ToolSpec
from visavis.think.grounding import Source, occurs, ungrounded
from visavis.think.redaction import redacted

TODAY = date(2026, 11, 23)


def stands(value: str | int | float, *texts: str, language: str = "en") -> bool:
    return occurs(value, [Source(text, TODAY) for text in texts], language)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("427", "it is order four two seven please"),
        ("427", "four hundred and twenty seven"),
        ("427", "order 4 2 7"),
        (427, "number 427."),
        (19.5, "it was 19.5 euros"),
        ("B731", "B as in boy, seven three one"),
        ("B731", "bravo seven three one"),
        ("AB-1234", "a b one two three four"),
        ("4455", "double four double five"),
        ("1984", "nineteen eighty four"),
        ("407", "four oh seven"),
        ("2005", "twenty oh five"),
        ("007", "zero zero seven"),
        ("120", "one hundred and twenty"),
        ("ana.ruiz@mail.com", "ana dot ruiz at mail dot com"),
        ("ana.ruiz@mail.com", "write to Ana.Ruiz@mail.com!"),
        ("ana@mail.com", "you can reach me at ana at mail dot com"),
        ("ana@mail.com", "That is me. ana@mail.com. Thanks"),
        ("ana@mail.com", "my mail - ana@mail.com - please"),
        ("ana@mail.com", "Receipt — Name: Ana; E-mail: ana@mail.com"),
        ("a.b-c_d+e@mail.co.uk", "a dot b dash c underscore d plus e at mail dot co dot uk"),
        ("Ana Ruiz", "my name is ANA ruiz"),
        ("José", "jose"),
        ("2026-11-23", "on the 23rd of November"),
        ("2026-11-23", "November twenty third"),
        ("2026-11-20", "November twentieth"),
        ("2026-11-20", "the twenty of November"),
        ("2026-12-31", "the thirty first of December"),
        ("2026-12-31", "el treinta y uno de diciembre"),
        ("2026-11-23", "23/11/2026"),
        ("2026-11-23", "11/23"),
        ("2026-11-24", "tomorrow at nine"),
        ("2026-11-27", "on Friday"),
        ("2026-11-23", '{"date": "2026-11-23"}'),
        ("+34 600 123 456", "+34600123456"),
    ],
)
def test_what_was_said_is_found(value: str | int | float, said: str) -> None:
    assert stands(value, "hello there", said)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("427", "four two eight"),
        ("42", "it is 1427"),
        ("27", "four two seven eight"),
        ("47", "four oh seven"),
        ("7", "order twenty seven"),
        ("20", "order twenty seven"),
        ("207", "order twenty seven"),
        ("5", "one hundred and five"),
        ("3", "three thousand"),
        ("205", "twenty oh five"),
        ("07", "zero zero seven"),
        ("ana@mail.com", "ana dot ruiz at mail dot com"),
        ("ana.ruiz@mail.com", "ana ruiz, mail, com"),
        ("ruiz@mail.com", "ana dot ruiz at mail dot com"),
        ("ruiz@mail.com", "ana.ruiz@mail.com"),
        ("ana@mail.co", "ana@mail.co.uk"),
        ("ana@mail.co", "ana at mail dot co dot uk"),
        ("2026-11-22", "the 23rd of November"),
        ("2026-11-20", "the twenty third of November"),
        ("2026-11-03", "November twenty-third"),
        ("2026-12-30", "el treinta y uno de diciembre"),
        ("2025-11-23", "November 23rd 2026"),
        ("2026-11-25", "tomorrow"),
        ("2026-99-99", "whenever"),
        ("", "anything"),
        ("--", "anything -- at all"),
        ("+34600123456", "600 123 456"),
    ],
)
def test_what_was_not_said_is_not(value: str, said: str) -> None:
    assert not stands(value, said)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (12.5, "it costs 12.50 euros"),
        (12.5, "12,50 Euro"),
        (12.5, "twelve point five"),
        (12.5, "twelve fifty"),
        (19.99, "nineteen euros and ninety nine cents"),
        (1250, "1,250"),
        (1250, "1.250 Euro"),
        (1234.56, "1.234,56"),
        (427, "4.2.7"),
        (12, "order 12. thanks"),
        (13, "12,13"),
        (-5, "minus five degrees"),
        (1e-07, "0.0000001"),
        ("427", "४२७"),
    ],
)
def test_a_number_is_found_however_it_is_written(value: str | float, said: str) -> None:
    assert stands(value, said)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (12.5, "transfer 125 euros"),
        (1250, "it was 12.50"),
        (1250, "12,50 Euro"),
        (12, "12.50"),
        (12, "twelve point five"),
        (5, "twelve point five"),
        (1, "1,000"),
        (200, "2.00"),
        (-5, "five"),
        (-5, "3-5"),
    ],
)
def test_a_number_with_the_same_digits_is_another_one(value: float, said: str) -> None:
    assert not stands(value, said)


@given(st.decimals(0, 10_000, places=2), st.decimals(0, 10_000, places=2))
def test_an_amount_is_that_amount_only(said: Decimal, invented: Decimal) -> None:
    text = f"transfer {said} please"
    assert stands(float(said), text)
    assert said == invented or not stands(float(invented), text)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("09:00", "tomorrow at nine"),
        ("21:00", "tomorrow at nine"),
        ("15:30", "tomorrow at half past three"),
        ("15:00:00", "tomorrow, 3 p.m."),
        ("15:30+01:00", "tomorrow 15.30"),
        ("09:45", "tomorrow at a quarter to ten"),
        ("09:05", "tomorrow, nine oh five"),
        ("09:00", "tomorrow 09:00, 5 people"),
        ("17:00", "mañana a las cinco de la tarde"),
        ("09:45", "mañana a las diez menos cuarto"),
        ("12:00", "tomorrow at noon"),
        ("00:00", "tomorrow"),
    ],
)
def test_a_time_that_was_said_is_found(time: str, said: str) -> None:
    assert stands(f"2026-11-24T{time}", said)
    assert time == "00:00" or stands(time, said)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("15:00", "tomorrow at nine"),
        ("10:00", "tomorrow"),
        ("03:00", "tomorrow at three pm"),
        ("09:00", "tomorrow at nine thirty"),
        ("21:00", "mañana a las nueve de la mañana"),
        ("morning", "tomorrow morning"),
    ],
)
def test_a_time_of_the_models_own_is_not(time: str, said: str) -> None:
    assert not stands(f"2026-11-24T{time}", said)


def test_in_spanish() -> None:
    assert stands("427", "el cuatro dos siete", language="es")
    assert stands("ana@mail.com", "ana arroba mail punto com", language="es")
    assert stands("2026-12-24", "el veinticuatro de diciembre", language="es")
    assert stands("31", "treinta y uno", language="es")


def test_lists_and_records_are_looked_into() -> None:
    sources = [Source("order 12 and order 13")]
    arguments = {"orders": ["12", "13"], "who": {"id": "14"}, "rush": True, "note": None}
    assert ungrounded(arguments, ["orders", "who", "rush", "note", "absent"], sources) == ["who"]


DIGITS = "zero one two three four five six seven eight nine".split()  # noqa: SIM905
IDS = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=4, max_size=10)


@given(IDS, st.text("abcdefgh ", max_size=20), st.text("abcdefgh ", max_size=20))
def test_a_spelled_identifier_is_found_in_whatever_it_is_said(made: str, before: str, after: str) -> None:
    spelled = " ".join(DIGITS[int(sign)] if sign.isdigit() else sign.lower() for sign in made)
    assert stands(made, f"{before}, {spelled}, {after}")
    assert stands(made, f"{before} {made} {after}")


@given(st.integers(1000, 999_999), st.integers(1000, 999_999))
def test_another_number_is_never_found(said: int, invented: int) -> None:
    assume(said != invented)
    assert not stands(str(invented), f"my order is {said} thanks")
    spelled = " ".join(DIGITS[int(digit)] for digit in str(said))
    assert not stands(str(invented), f"my order is {spelled} thanks")


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(1, 300))
def test_a_date_in_words_is_that_date_only(day: date, other: int) -> None:
    said = f"the {day.day} of {day:%B} {day.year}"
    assert stands(day.isoformat(), said)
    assert not occurs((day + timedelta(days=other)).isoformat(), [Source(said)])


@given(IDS, st.lists(st.text(max_size=30), max_size=4), st.text(max_size=30))
def test_more_sources_never_take_away(value: str, texts: list[str], more: str) -> None:
    if stands(value, *texts):
        assert stands(value, *texts, more)


# A clear yes, and what is asked.


@pytest.mark.parametrize(
    "text", ["yes", "Yes, please.", "yeah go ahead", "Sure, do it!", "ok", "That's right, thanks.", "yes I'm sure"]
)
def test_a_clear_yes(text: str) -> None:
    assert answer(text, "en") == "yes"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("no", "no"),
        ("no thanks", "no"),
        ("yes, no, wait", "no"),
        ("don't", "no"),
        ("", "unclear"),
        ("what does it cost", "unclear"),
        ("yes but for Tuesday", "unclear"),
        ("is that right", "unclear"),
        ("thanks", "unclear"),
        ("I said yes to the other one", "unclear"),
    ],
)
def test_all_else_is_no_yes(text: str, meant: str) -> None:
    assert answer(text, "en") == meant


def test_a_clear_yes_in_spanish() -> None:
    assert answer("Sí, por favor", "es") == "yes"
    assert answer("No, gracias", "es") == "no"
    assert answer("sí pero mañana", "es") == "unclear"


@pytest.mark.parametrize(
    ("text", "language", "meant"),
    [
        ("Ja, bitte!", "de", "yes"),
        ("natürlich, machen Sie das", "de-CH", "yes"),
        ("das stimmt", "de", "yes"),
        ("stimmt das", "de", "unclear"),
        ("ja, aber erst morgen", "de", "unclear"),
        ("Nein, lieber nicht", "de", "no"),
        ("Oui, bien sûr", "fr", "yes"),
        ("d'accord, allez-y", "fr", "yes"),
        ("oui mais demain", "fr", "unclear"),
        ("non merci", "fr", "no"),
    ],
)
def test_a_clear_yes_in_german_and_french(text: str, language: str, meant: str) -> None:
    assert answer(text, language) == meant


def test_the_question_names_what_will_be_done() -> None:
    spec = ToolSpec("cancel", "Cancels an order.\n\nMore.", {})
    assert question(spec, "Cancel {number}? {other}", {"number": "4"}, "en") == "Cancel 4? {other}"
    assert "Cancels an order (number 4)" in question(spec, "?", {"number": "4"}, "en")
    assert question(spec, "{number.__class__}", {"number": "4"}, "en") == "{number.__class__}"


# Redaction.


@given(st.text(min_size=4, max_size=12), st.text(max_size=20))
def test_a_secret_shows_nowhere_and_redaction_is_idempotent(secret: str, around: str) -> None:
    assume(secret not in "[redacted]" and secret not in around and "[redacted]" not in secret)
    value = {"card": secret, "note": f"{around} {secret}", "deep": [{"CARD": secret}]}
    once = redacted(value, ["card"], hiding={"card": secret})
    assert once["card"] == "[redacted]" and once["deep"] == [{"CARD": "[redacted]"}]
    assert redacted(once, ["card"], hiding={"card": secret})["card"] == "[redacted]"
    assert once["note"] == f"{around} [redacted]" or secret in f"{around} [redacted]"
