"""What is read aloud, and that the written form is kept beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.speak.plain import plain
from visavis.speak.spoken import spoken, spoken_words


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**Sure!** It is *really* _good_.", "Sure! It is really good."),
        ("See [our site](https://a.example/x) now.", "See our site now."),
        ("## Title\n- one\n- two", "Title\none\ntwo"),
        ("Run `make demo` first.", "Run make demo first."),
        ("Here: ```py\nx = 1\n``` done.", "Here: done."),
        ("Great 😀👍🏽 job 🇪🇸!", "Great job !"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a, b\n\n1, 2"),
        ("**half a mark", "half a mark"),
        ("snake_case and 2*3 stay", "snake_case and 2*3 stay"),
        ("<b>bold</b> and a < b", "bold and a < b"),
    ],
)
def test_markdown_and_emoji_are_taken_out(written: str, shown: str) -> None:
    assert plain(written) == shown


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Go to https://www.example.com/help.", "Go to example dot com slash help."),
        ("It's on docs.example.org, I think.", "It's on docs dot example dot org, I think."),
        ("Mail ana.b@mail.org!", "Mail ana dot b at mail dot org!"),
        ("Call (415) 555-0123.", "Call 4 1 5, 5 5 5, 0 1 2 3."),
        ("Call +1 415-555-0123 now", "Call plus 1, 4 1 5, 5 5 5, 0 1 2 3 now"),
        ("Your code is 0042.", "Your code is 0 0 4 2."),
        ("Number 12345678", "Number 1 2 3, 4 5 6, 7 8"),
        ("It is €20 or £5.99.", "It is 20 euros or 5 pounds 99."),
        ("Save 30-40% now", "Save 30 to 40 percent now"),
        ("It takes 3–5 days", "It takes 3 to 5 days"),
        ("From 9am–5pm, Mon–Fri", "From 9am to 5pm, Monday to Friday"),
        ("Open 24/7 for him/her", "Open twenty-four seven for him or her"),
        ("An A/B test, e.g. this", "An A B test, for example this"),
    ],
)
def test_things_are_said_as_people_say_them(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("de", "Wir sehen uns am 3. Mai 2026.", "Wir sehen uns am dritten Mai zweitausendsechsundzwanzig."),
        ("de", "Der 3. Mai, vom 3. bis zum 5. Juni", "Der dritte Mai, vom dritten bis zum fünften Juni"),
        ("de-AT", "Am 3.5.2026 um 15:30 Uhr", "Am dritten Mai zweitausendsechsundzwanzig um fünfzehn Uhr dreißig"),
        ("de", "Um 1 Uhr im 2. Stock", "Um ein Uhr im zweiten Stock"),
        ("de", "Es kostet 1.250,75 €.", "Es kostet eintausendzweihundertfünfzig Euro fünfundsiebzig."),
        ("de", "Das sind ca. 3,5 % mehr", "Das sind circa drei Komma fünf Prozent mehr"),
        ("de", "z. B. 3–5 Tage usw.", "zum Beispiel drei bis fünf Tage und so weiter."),
        ("de", "Hauptstr. 5, Nr. 7", "Hauptstraße fünf, Nummer sieben"),
        ("de", "ana.b@mail.de", "ana Punkt b ät mail Punkt de"),
        ("de", "Version 2.5.1", "Version 2.5.1"),
        ("de", "1 Euro, 1 Stunde, 1 oder 2", "ein Euro, eine Stunde, eins oder zwei"),
        ("de", "Seit 1999 und bis 2025.", "Seit neunzehnhundertneunundneunzig und bis zweitausendfünfundzwanzig."),
        ("fr", "Le 1er mai à 15 h 30", "Le premier mai à quinze heures trente"),
        ("fr", "Le 03/05/2026 à 21:00", "Le trois mai deux mille vingt-six à vingt-et-une heures"),
        ("fr", "Cela coûte 1 250,75 €.", "Cela coûte mille deux cent cinquante euros soixante-quinze."),
        ("fr", "3,5 % de plus", "trois virgule cinq pour cent de plus"),
        ("fr", "M. Petit, 2e étage, 1re porte, n° 5", "monsieur Petit, deuxième étage, première porte, numéro cinq"),
        ("fr", "01 23 45 67 89", "zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf"),
        ("it", "Costa 3,5 euro, scrivi a ana@mail.it", "Costa 3,5 euro, scrivi a ana@mail.it"),
    ],
)
def test_numbers_dates_and_money_of_other_languages(language: str, written: str, said: str) -> None:
    assert spoken(written, language) == said


@pytest.mark.parametrize("written", ["$1,250.75 at 3:30 pm", "May 3rd, 5 kg, 1/2 cup", "Dr. Lee, room 12"])
def test_what_the_voice_reads_well_itself_is_left_alone(written: str) -> None:
    assert spoken(written) == written


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Son 3,50 € a las 15:30.", "Son 3 euros con 50 a las 15 y 30."),
        ("Son 10 000 € o 1.234,50 €", "Son 10000 euros o 1234 euros con 50"),
        ("Son $5.50, US$ 1,234 o $1,234.5.", "Son 5 dólares con 50, 1234 dólares o 1234 dólares con 50."),
        ("El 20 % de 3–5 km", "El 20 por ciento de 3 a 5 kilómetros"),
        ("Escriba a ana@mail.es", "Escriba a ana arroba mail punto es"),
        ("La Sra. Gil, tel. 612 345 678", "La Señora Gil, tel. 6 1 2, 3 4 5, 6 7 8"),
    ],
)
def test_spanish(written: str, said: str) -> None:
    assert spoken(written, "es-ES") == said


def test_written_words_are_kept_beside_what_is_said() -> None:
    assert spoken_words("**Call** 555-0123, ok?") == [
        ("Call", "Call"),
        ("555-0123,", "5 5 5, 0 1 2 3,"),
        ("ok?", "ok?"),
    ]


@given(st.text(alphabet="ab 1.,-/@$%€:*_`[]()|#\n😀é", max_size=60), st.sampled_from(["en", "es"]))
def test_no_written_word_is_lost_and_plain_is_idempotent(text: str, language: str) -> None:
    shown = plain(text)
    assert plain(shown) == shown
    assert " ".join(written for written, _ in spoken_words(text, language)).split() == shown.split()
