"""Greedy decoding with drafts, on a scripted model whose next token depends on the position alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

from visavis.hear.moonshine_model import Decoding, MoonshineModel
from visavis.hear.moonshine_tokens import END, START, Tokens
from visavis.kernel.errors import ProviderError
from visavis.kernel.media import Samples

VOCABULARY = 60
SECONDS = 4


@dataclass(frozen=True)
class Entry:
    name: str
    shape: tuple[int, ...] = ()


class Encoder:
    def __init__(self) -> None:
        self.runs = 0

    def get_inputs(self) -> list[Entry]:
        return [Entry("input_values"), Entry("attention_mask")]

    def run(self, _: None, feed: dict[str, Any]) -> list[Any]:
        assert feed["attention_mask"].shape == feed["input_values"].shape
        self.runs += 1
        return [np.zeros((1, 7, 4), np.float32)]


class Decoder:
    """Says `script`, then the end. Its cache holds the tokens themselves, so a wrong cache is noticed."""

    def __init__(self, script: list[int]) -> None:
        self.script = script
        self.widths: list[int] = []
        self.error: Exception | None = None

    def get_inputs(self) -> list[Entry]:
        past = [f"past_key_values.0.{part}.key" for part in ("decoder", "encoder")]
        return [Entry("input_ids"), *(Entry(name, (1, 1, 0, 1)) for name in past), Entry("use_cache_branch")]

    def get_outputs(self) -> list[Entry]:
        return [Entry("logits"), Entry("present.0.decoder.key"), Entry("present.0.encoder.key")]

    def run(self, _: None, feed: dict[str, Any]) -> list[Any]:
        if self.error is not None:
            raise self.error
        past = feed["past_key_values.0.decoder.key"]
        tokens = [int(token) for token in feed["input_ids"][0]]
        known = [int(token) for token in past[0, 0, :, 0]] + tokens
        before = past.shape[2]
        assert known[: before + 1] == [START, *self.script][: before + 1], "the cache holds what was never said"
        assert bool(feed["use_cache_branch"][0]) == (before > 0)
        assert feed["past_key_values.0.encoder.key"].shape[2] == 7
        self.widths.append(len(tokens))
        logits = np.zeros((1, len(tokens), VOCABULARY), np.float32)
        for row in range(len(tokens)):
            logits[0, row, (*self.script, END)[min(before + row, len(self.script))]] = 1
        cache = np.array(known, np.float32).reshape(1, 1, -1, 1)
        encoder = np.zeros((1, 1, 7 if not before else 0, 1), np.float32)
        return [logits, cache, encoder]


class Free:
    wanted = False
    cancelled = False


class Pressed:
    wanted = True
    cancelled = False


def model_saying(script: list[int]) -> tuple[MoonshineModel, Decoder]:
    decoder = Decoder(script)
    tokens = Tokens([f"\u2581{n}".encode() for n in range(VOCABULARY)])
    return MoonshineModel(Encoder(), decoder, tokens), decoder


def audio(seconds: float = SECONDS) -> Samples:
    return np.ones(int(16_000 * seconds), np.float32)


def decoded(script: list[int], draft: list[int]) -> tuple[Decoding, list[int]]:
    model, decoder = model_saying(script)
    decoding = model.decoding(audio(), draft)
    assert decoding.advance(Free())  # type: ignore[arg-type]
    return decoding, decoder.widths


def test_without_a_draft_it_takes_one_run_for_each_token() -> None:
    decoding, widths = decoded([10, 11, 12], [])
    assert decoding.tokens == [10, 11, 12]
    assert decoding.text == "10 11 12"
    assert widths == [1, 1, 1, 1]


def test_a_right_draft_is_checked_in_one_run() -> None:
    decoding, widths = decoded([10, 11, 12, 13], [10, 11, 12, 13])
    assert decoding.tokens == [10, 11, 12, 13]
    assert widths == [5]


def test_the_beginning_of_a_draft_helps_and_the_rest_is_decoded() -> None:
    decoding, widths = decoded([10, 11, 12, 13], [10, 11])
    assert decoding.tokens == [10, 11, 12, 13]
    assert widths == [3, 1, 1]


def test_after_one_other_word_the_draft_is_taken_up_again() -> None:
    decoding, widths = decoded([10, 20, 12, 13, 14, 15, 16, 17], [10, 11, 12, 13, 14, 15, 16, 17])
    assert decoding.tokens == [10, 20, 12, 13, 14, 15, 16, 17]
    assert len(widths) == 3


@given(st.lists(st.integers(3, VOCABULARY - 1), max_size=18, unique=True), st.lists(st.integers(0, 90), max_size=40))
def test_no_draft_changes_what_the_model_says(script: list[int], draft: list[int]) -> None:
    decoding, widths = decoded(script, draft)
    assert decoding.tokens == script
    assert len(widths) <= len(script) + 1


def test_it_gives_way_after_each_step_and_goes_on_where_it_was() -> None:
    model, decoder = model_saying([10, 11, 12])
    decoding = model.decoding(audio())
    rounds = 1
    while not decoding.advance(Pressed()):  # type: ignore[arg-type]
        rounds += 1
    assert decoding.tokens == [10, 11, 12]
    assert rounds == 5  # the encoder, three tokens, the end
    assert model.encoder.runs == 1
    assert decoder.widths == [1, 1, 1, 1]


def test_nothing_to_hear_is_done_at_once() -> None:
    model, decoder = model_saying([10])
    decoding = model.decoding(audio(0))
    assert decoding.done
    assert decoding.advance(Free())  # type: ignore[arg-type]
    assert decoding.text == ""
    assert decoder.widths == []


def test_an_endless_decoder_is_stopped_by_the_length_of_the_audio() -> None:
    script = [3 + n % 50 for n in range(500)]
    model, _ = model_saying(script)
    for draft in ([], script):
        decoding = model.decoding(audio(2), draft)
        assert decoding.advance(Free())  # type: ignore[arg-type]
        assert decoding.tokens == script[:17]  # 2 s of 6.5 tokens, and 4 to spare


def test_a_loop_is_cut() -> None:
    decoding, _ = decoded([10, 11, 12] + [20, 21] * 9, [])
    assert decoding.tokens == [10, 11, 12, 20, 21]


def test_a_failing_model_is_a_provider_error() -> None:
    model, decoder = model_saying([10])
    decoder.error = RuntimeException("broken")
    with pytest.raises(ProviderError, match="broken"):
        model.decoding(audio()).advance(Free())  # type: ignore[arg-type]
