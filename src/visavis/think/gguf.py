"""What is needed of a GGUF model file's header. Source: the GGUF specification, read 2026-11-22."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from visavis.kernel.errors import ModelError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_STRING = 1 << 20
_TOKENS, _KINDS = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
_NOT_OF_LETTERS = (3, 4)
"""Kinds of tokens: control, and defined by the model's makers."""
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


def control_tokens(path: Path) -> list[str]:
    """The tokens that the tokenizer makes of a sign in the text, not of its letters: `<|im_end|>`. Reading them takes
    some 0.1 s. Raises ModelError as above; none for a file without a tokenizer."""
    header = _header(path, tokenizer=True)
    tokens, kinds = header.get(_TOKENS, []), header.get(_KINDS, [])
    return [token for token, kind in zip(tokens, kinds, strict=False) if kind in _NOT_OF_LETTERS]


def _header(path: Path, *, tokenizer: bool = False) -> dict[str, Any]:
    """Keys and values up to the tokenizer's, which come last and are long; on request with them."""
    values: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            magic, version, _, count = struct.unpack("<4sIQQ", file.read(24))
            if magic != b"GGUF" or version not in (2, 3):
                raise ModelError(f"{path.name} is not a GGUF model", stage="think", hint="visavis models verify")
            for _ in range(min(count, 4096)):
                key = _string(file)
                if (_TOKENS in values and _KINDS in values) or (key.startswith("tokenizer.") and not tokenizer):
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
    return file.read(length).decode(errors="replace")


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, count = _unpack(file, "IQ")
        if count > _MAX_STRING:
            raise KeyError("a list without end")
        return [_value(file, inner) for _ in range(count)]
    return _unpack(file, _SCALARS[kind])[0]
