"""Documents of every kind become the same structure; what is no document is refused."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from visavis.kernel.errors import DocumentRefused
from visavis.think.knowledge.base import Reading, Section
from visavis.think.knowledge.chunks import LONGEST_CHARS, chunks_of
from visavis.think.knowledge.reading import MAX_BYTES, read_document

MARKDOWN = b"""---
title: "Our shop"
---
# Shop
Welcome to **our** [shop](http://x.example/).

## Opening
We open at `nine`.

```
# no heading
```

Prices
------
| what | price |
|---|---|
| visit | 79 |
"""


def told(reading: Reading) -> list[tuple[tuple[str, ...], str]]:
    return [(section.path, section.text) for section in reading.sections]


def test_markdown_headings_make_the_path_and_marks_go() -> None:
    reading = read_document("shop.md", MARKDOWN)
    assert reading.title == "Our shop"
    assert told(reading)[0] == (("Shop",), "Welcome to our shop.")
    assert told(reading)[1] == (("Shop", "Opening"), "We open at nine.\n\n# no heading")
    assert told(reading)[2][0] == ("Shop", "Prices") and "visit | 79" in told(reading)[2][1]


def test_html_leaves_menus_and_scripts_out() -> None:
    page = b"""<!doctype html><html><head><title>Help &amp; more</title><style>p{}</style></head><body>
    <nav><a>Home</a></nav><h1>Returns</h1><p>Within <b>thirty</b> days.</p><div hidden><p>secret</p></div>
    <h2>How</h2><ul><li>Pack it</li><li>Send it</li></ul><script>alert(1)</script>
    <table><tr><td>A</td><td>B</td></tr></table><footer>(c)</footer></body></html>"""
    reading = read_document("x", page, "text/html; charset=utf-8")
    assert reading.title == "Help & more"
    assert told(reading) == [
        (("Returns",), "Within thirty days."),
        (("Returns", "How"), "- Pack it\n- Send it\n\nA | B"),
    ]


def docx(*paragraphs: tuple[str, str]) -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    rows = "".join(
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'
        for style, text in paragraphs
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{rows}</w:body></w:document>')
    return data.getvalue()


def test_word_documents_by_their_styles() -> None:
    reading = read_document("a.docx", docx(("Title", "Shop"), ("Heading2", "Opening"), ("", "At nine.")))
    assert reading.title == "Shop" and told(reading) == [(("Shop", "Opening"), "At nine.")]


def test_rows_and_records_say_what_their_columns_mean() -> None:
    table = read_document("p.csv", b"what;price\nvisit;79\nrepair;120\n")
    assert told(table) == [((), "what: visit; price: 79\n\nwhat: repair; price: 120")]
    records = json.dumps({"title": "Shop", "hours": {"open": "nine"}, "long": {"a": "x" * 500, "b": ["c"]}}).encode()
    reading = read_document("p.json", records)
    assert reading.title == "Shop" and (("hours",), "open: nine") in told(reading)
    assert (("long", "b"), "c") in told(reading)


def pdf(text: str, password: str = "") -> bytes:
    """A page with one line, written by hand: pypdf writes no text."""
    body = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body),
    ]
    data = b"%PDF-1.4\n"
    offsets = []
    for number, value in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table, data.index(b"1 0 obj") and len(data),
    )  # fmt: skip
    if not password:
        return data
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(password, algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    return locked.getvalue()


def test_pdf_by_its_text() -> None:
    assert told(read_document("a.pdf", pdf("We open at nine."))) == [((), "We open at nine.")]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("empty.md", b" \n", "empty"),
        ("big.txt", b"a" * (MAX_BYTES + 1), "at most 50"),
        ("noise.txt", bytes(range(256)) * 40, "binary"),
        ("noise.md", b"\x01\x02\x03\x05" * 100, "binary"),
        ("a.exe", b"MZ plain", "not read"),
        ("a.pdf", b"%PDF-1.7 nothing else", "cannot be read"),
        ("a.docx", b"PK\x03\x04 word/ broken", "cannot be read"),
        ("a.docx", b"\xd0\xcf\x11\xe0 old", "encrypted"),
        ("a.json", b"{no json", "not JSON"),
        ("a.json", b"[" * 200_000, "nested too deeply|not JSON"),
        ("a.html", b"<html><script>1</script></html>", "no text"),
    ],
)
def test_what_is_no_document_is_refused_by_name(name: str, data: bytes, why: str) -> None:
    with pytest.raises(DocumentRefused, match=why) as refused:
        read_document(name, data)
    assert refused.value.message.startswith(name)


@pytest.mark.parametrize(
    "data", [rb'{"a": "\ud800 We open", "\ud83d": "at nine"}', rb'["\ud800 We open \u0000 at nine"]']
)
def test_signs_that_no_store_takes_are_left_out(data: bytes) -> None:
    reading = read_document("a.json", data)
    text = "".join(section.text for section in reading.sections)
    assert "We open" in text and "at nine" in text
    assert "\0" not in text
    text.encode()


def test_nothing_but_such_signs_is_no_text() -> None:
    with pytest.raises(DocumentRefused, match="no text"):
        read_document("a.json", rb'["\u0000"]')


@pytest.mark.parametrize(
    "page",
    [
        b"<body><form><h1>Hours</h1><p>We open at nine.</p></form></body>",
        b"<body><nav><a>Home</a><p>We open at nine.</p></body>",
        b"<![if !vml]><p>We open at nine.</p><![endif]>",
        b"<p>We open at nine.</p><![",
        b"<p>We open at nine.</p><!-- to do",
    ],
)
def test_the_words_of_an_odd_page_are_not_lost(page: bytes) -> None:
    assert any("We open at nine." in section.text for section in read_document("a.html", page).sections)


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("a.md", "**a "), ("a.md", "*a _b "), ("a.md", "!["), ("a.md", "[a]("), ("a.md", "<!-- "), ("a.md", " "),
        ("a.md", "#" + " " * 99), ("a.html", "<a b"), ("a.html", "<!--x"), ("a.html", "<a b='"), ("a.txt", "x"),
        ("a.txt", ".' "),
    ],
)  # fmt: skip
def test_a_long_line_is_read_once_not_again_from_each_sign(name: str, piece: str) -> None:
    """Whoever reads it again from each sign on is at it for minutes here, and lets nobody else work meanwhile."""
    text = f"# A\n\n{piece * (300_000 // len(piece))}x\n\nend"
    assert "end" in read_document(name, text.encode()).sections[-1].text


def test_quotes_and_signs_of_a_csv_are_read_by_its_rules_wherever_they_stand() -> None:
    plain = "".join(f"{number},it's,fine 'n' good\n" for number in range(2000))
    reading = read_document("a.csv", f'id,a,note\n{plain}7,b,"say ""hi"", please"\n'.encode())
    assert reading.sections[0].text.endswith('id: 7; a: b; note: say "hi", please')


def test_an_encrypted_pdf_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(DocumentRefused, match="encrypted") as refused:
        read_document("a.pdf", pdf("secret", "password"))
    assert "password" in refused.value.hint


@given(st.binary(max_size=400), st.sampled_from(["a.md", "a.html", "a.csv", "a.json", "a.pdf", "a.docx", "a"]))
def test_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    try:
        reading = read_document(name, data)
    except DocumentRefused:
        return
    assert all(section.text.strip() for section in reading.sections if section.text) and reading.sections


WORDS = st.text("abc de.\n", min_size=1, max_size=3000)
SECTIONS = st.lists(
    st.builds(Section, st.lists(st.sampled_from(["A", "B"]), max_size=2).map(tuple), WORDS), min_size=1, max_size=5
)


@given(SECTIONS)
def test_chunks_keep_every_word_within_the_limit(sections: list[Section]) -> None:
    chunks = chunks_of("a.md", Reading("T", tuple(sections)))
    assert all(0 < len(chunk.text) <= LONGEST_CHARS for chunk in chunks)
    there = "".join("".join(section.text.split()) for section in sections)
    assert "".join("".join(chunk.text.split()) for chunk in chunks) == there


@given(SECTIONS, WORDS)
def test_ids_are_unique_stable_and_untouched_by_what_stands_elsewhere(sections: list[Section], more: str) -> None:
    before = chunks_of("a.md", Reading("T", tuple(sections)))
    assert before == chunks_of("a.md", Reading("T", tuple(sections)))
    assert len({chunk.id for chunk in before}) == len(before)
    after = chunks_of("a.md", Reading("Another", (*sections, Section(("New",), more))))
    assert {chunk.id for chunk in before} <= {chunk.id for chunk in after}
