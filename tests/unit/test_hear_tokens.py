"""Moonshine's token file and the guard against loops."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.hear.moonshine_tokens import Tokens, repeats_from
from visavis.kernel.errors import ModelError

PIECES = [b"<unk>", b"<s>", b"</s>", "\u2581Hello".encode(), b",", "\u2581w".encode(), b"\xc3", b"\xa9", b"x" * 300]


def packed(pieces: list[bytes]) -> bytes:
    made = b""
    for piece in pieces:
        size = len(piece)
        made += (bytes([size]) if size < 128 else bytes([128 + size % 128, size // 128])) + piece
    return made


def test_reads_short_and_long_pieces_and_joins_bytes_into_letters(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.bin").write_bytes(packed(PIECES))
    tokens = Tokens.read(tmp_path / "tokenizer.bin")
    assert len(tokens) == len(PIECES)
    assert tokens.text([1, 3, 4, 5, 6, 7, 2]) == "Hello, wé"
    assert tokens.text([8]) == "x" * 300
    assert tokens.text([6]) == ""  # half a letter
    assert tokens.text([3, 999]) == "Hello"


def test_a_missing_or_cut_file_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="visavis models pull"):
        Tokens.read(tmp_path / "tokenizer.bin")
    (tmp_path / "tokenizer.bin").write_bytes(packed(PIECES)[:-1])
    with pytest.raises(ModelError, match="cut short"):
        Tokens.read(tmp_path / "tokenizer.bin")


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        ([5, 6, 7] + [9] * 7, 4),
        ([5] + [8, 9] * 4, 3),
        ([5] + [7, 8, 9] * 4, 4),
        ([9] * 6, None),
        ([8, 9] * 3, None),
        ([1, 2, 3, 4, 5], None),
        ([], None),
    ],
)
def test_a_loop_is_cut_after_its_first_time(tokens: list[int], kept: int | None) -> None:
    assert repeats_from(tokens) == kept


@given(st.lists(st.integers(3, 20), max_size=12, unique=True), st.integers(1, 12), st.integers(4, 9))
def test_every_loop_is_found_and_its_phrase_kept_once(before: list[int], length: int, times: int) -> None:
    phrase = list(range(100, 100 + length))
    start = repeats_from([*before, *phrase * max(times, 7)])
    assert start is not None
    assert [*before, *phrase * 7][:start][: len(before) + length] == [*before, *phrase]
