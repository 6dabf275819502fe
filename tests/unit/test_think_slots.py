"""Slots for calls, and the header of a model file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from visavis.kernel.errors import ModelError
from visavis.think.gguf import cache_bytes_per_token
from visavis.think.slots import Slots


def test_a_session_keeps_its_slot() -> None:
    slots = Slots(2)
    assert [slots.take("a"), slots.take("b"), slots.take("a"), slots.take("b")] == [0, 1, 0, 1]


def test_the_slot_unused_for_longest_changes_hands() -> None:
    slots = Slots(2)
    slots.take("a"), slots.take("b"), slots.take("a")
    assert slots.take("c") == 1
    assert slots.take("a") == 0
    assert slots.take("b") == 1


def test_a_slot_remembers_its_system_prompt() -> None:
    slots = Slots(1)
    assert not slots.holds(0, "x")
    slots.put(0, "x")
    assert slots.holds(0, "x")
    assert not slots.holds(0, "y")


def header(**numbers: int) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    pairs = [text("general.architecture") + struct.pack("<I", 8) + text("qwen2")]
    pairs.append(text("general.tags") + struct.pack("<IIQ", 9, 8, 1) + text("chat"))
    pairs += [
        text(f"qwen2.{key.replace('__', '.')}") + struct.pack("<II", 4, value) for key, value in numbers.items()
    ]
    pairs.append(text("tokenizer.ggml.tokens") + b"whatever follows")
    return struct.pack("<4sIQQ", b"GGUF", 3, 0, len(pairs)) + b"".join(pairs)


def test_the_cache_per_token_is_read_from_the_header(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(
        header(block_count=28, attention__head_count=12, attention__head_count_kv=2, embedding_length=1536)
    )
    assert cache_bytes_per_token(file) == 28 * 2 * (128 + 128) * 2


@pytest.mark.parametrize("content", [b"", b"GGUF", b"PK\3\4" + b"x" * 40, header()[:60], header(block_count=3)])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.gguf"):
        cache_bytes_per_token(file)


def test_background_work_takes_nobodys_slot() -> None:
    slots = Slots(2)
    slots.take("a")
    assert slots.has_for("")
    slots.take("b")
    assert not slots.has_for("")
    assert slots.has_for("a")
