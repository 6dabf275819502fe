"""Text cut into BERT's pieces: on a vocabulary of a few words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from visavis.kernel.errors import ModelError
from visavis.think.knowledge.wordpiece import WordPiece

WORDS = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##break", "##able", "break"),
    *("creme", ",", "!", "京", "'", "t", "don"),
]


def written(path: Path, kind: str = "WordPiece", lower: bool = True) -> Path:
    model = {"type": kind, "vocab": {word: id for id, word in enumerate(WORDS)}}
    path.write_text(json.dumps({"model": model, "normalizer": {"lowercase": lower}}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Unbreakable!", "un ##break ##able !"),
        ("break,break", "break , break"),
        ("Crème", "creme"),
        ("京京", "京 京"),
        ("don't", "don ' t"),
        ("unfoo break", "[UNK] break"),
        ("un\u00adbreak \ufffd", "un ##break"),
        ("x" * 101, "[UNK]"),
        ("", ""),
    ],
)
def test_words_are_cut_into_the_longest_pieces(tmp_path: Path, text: str, pieces: str) -> None:
    small = WordPiece(written(tmp_path / "tokenizer.json"))
    assert [WORDS[id] for id in small.ids(text, 64)] == ["[CLS]", *pieces.split(), "[SEP]"]


def test_the_limit_holds_with_both_marks(tmp_path: Path) -> None:
    assert WordPiece(written(tmp_path / "tokenizer.json")).ids("break " * 50, 5) == [2, 7, 7, 7, 3]


@pytest.mark.parametrize(("kind", "lower"), [("BPE", True), ("WordPiece", False)])
def test_others_are_refused(tmp_path: Path, kind: str, lower: bool) -> None:
    with pytest.raises(ModelError, match="lower-casing WordPiece"):
        WordPiece(written(tmp_path / "tokenizer.json", kind, lower))
