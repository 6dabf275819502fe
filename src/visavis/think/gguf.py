"""What the memory plan needs from a GGUF model file's header. Source: the GGUF specification, read 2026-11-22."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from visavis.kernel.errors import ModelError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_STRING = 1 << 20
_BYTES_PER_VALUE = 2
"""The cache is kept in half precision."""


def cache_bytes_per_token(path: Path) -> int:
    """Bytes of attention cache per token of context. Raises ModelError when the file is not a readable GGUF model."""
    header = _header(path)
    arch = header.get("general.architecture", "")

    def number(key: str, default: int = 0) -> int:
        value = header.get(f"{arch}.{key}", default)
        return max(value) if isinstance(value, list) else int(value)

    layers, heads, width = number("block_count"), number("attention.head_count"), number("embedding_length")
    if not (layers and heads and width):
        raise ModelError(f"{path.name} does not say how large its layers are", stage="think")
    head = width // heads
    key_and_value = number("attention.key_length", head) + number("attention.value_length", head)
    return layers * number("attention.head_count_kv", heads) * key_and_value * _BYTES_PER_VALUE


def _header(path: Path) -> dict[str, Any]:
    """Keys and values up to the tokenizer's, which come last and are long."""
    values: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            magic, version, _, count = struct.unpack("<4sIQQ", file.read(24))
            if magic != b"GGUF" or version not in (2, 3):
                raise ModelError(f"{path.name} is not a GGUF model", stage="think", hint="visavis models verify")
            for _ in range(min(count, 4096)):
                key = _string(file)
                if key.startswith("tokenizer."):
                    break
                values[key] = _value(file, *_unpack(file, "I"))
    except (OSError, struct.error, KeyError, UnicodeDecodeError) as error:
        raise ModelError(f"{path.name} is damaged: {error}", stage="think", hint="visavis models verify") from error
    return values


def _unpack(file: BinaryIO, kind: str) -> tuple[Any, ...]:
    return struct.unpack(f"<{kind}", file.read(struct.calcsize(f"<{kind}")))


def _string(file: BinaryIO) -> str:
    (length,) = _unpack(file, "Q")
    if length > _MAX_STRING:
        raise KeyError("a string without end")
    return file.read(length).decode()


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, count = _unpack(file, "IQ")
        if count > _MAX_STRING:
            raise KeyError("a list without end")
        return [_value(file, inner) for _ in range(count)]
    return _unpack(file, _SCALARS[kind])[0]
