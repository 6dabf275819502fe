"""One Moonshine model on onnxruntime: encoder once, greedy decoder with a key-value cache, resumable.

The decoder is offered a draft (the words heard a moment ago, or by the smaller model) and checks all of it in one
run, instead of a run for each token: what agrees is kept, and from the first disagreement it goes on by itself. The
text is the model's own either way. Tensor names and the token file's format: the moonshine-voice 0.1.0 and
moonshine-cpp 0.1.4 model files (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from visavis.hear.base import HEAR_RATE_HZ
from visavis.hear.moonshine_tokens import END, START, Tokens, repeats_from
from visavis.kernel.errors import ProviderError
from visavis.kernel.media import Samples
from visavis.models.onnx import ORT_ERRORS, model_file, open_session
from visavis.models.scheduler import Yield

TOKENS_PER_S = 6.5
"""Nobody speaks more tokens a second; a decoder that says more has lost its way."""

_SPARE_TOKENS = 4
_REJOIN_WITHIN = 8  # after a disagreement the draft is taken up again at the same token, if it comes this soon

_Cache = dict[str, NDArray[np.float32]]


class MoonshineModel:
    """Encoder, decoder and tokens of one size. Stateless and safe to use from several threads."""

    def __init__(self, encoder: Any, decoder: Any, tokens: Tokens) -> None:
        self.encoder = encoder
        self.decoder = decoder
        self.tokens = tokens
        self.masked_encoder = any(entry.name == "attention_mask" for entry in encoder.get_inputs())
        self.masked_decoder = any(entry.name == "encoder_attention_mask" for entry in decoder.get_inputs())
        past = [entry for entry in decoder.get_inputs() if entry.name.startswith("past_key_values")]
        self.past = {entry.name: (entry.shape[1], entry.shape[3]) for entry in past}
        self.present = [output.name.replace("present", "past_key_values") for output in decoder.get_outputs()[1:]]

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Blocking. Raises ModelError when a file is missing or damaged."""
        return cls(
            open_session(model_file(directory, "encoder_model")),
            open_session(model_file(directory, "decoder_model_merged")),
            Tokens.read(directory / "tokenizer.bin"),
        )

    def decoding(self, samples: Samples, draft: Sequence[int] = ()) -> Decoding:
        """`samples` at 16 kHz, up to about 25 s; `draft` are tokens that they may turn out to be."""
        return Decoding(self, samples, draft)


class Decoding:
    """One pass over one piece of audio, which can give way between tokens and be taken up again."""

    def __init__(self, model: MoonshineModel, samples: Samples, draft: Sequence[int]) -> None:
        self.tokens: list[int] = []
        self.done = len(samples) == 0
        self._model = model
        self._samples = samples
        self._limit = int(len(samples) / HEAR_RATE_HZ * TOKENS_PER_S) + _SPARE_TOKENS
        # The two sizes share their token numbers, but the smaller model has more of them.
        self._draft = [token for token in draft if END < token < len(model.tokens)]
        self._offered = 0  # how much of the draft is used up
        self._heard: NDArray[np.float32] | None = None
        self._mask: NDArray[np.int64] = np.empty((1, 0), np.int64)
        self._cache: _Cache = {}

    @property
    def text(self) -> str:
        return self._model.tokens.text(self.tokens)

    def advance(self, give_way: Yield) -> bool:
        """On a worker thread: decode until done (True) or until something more urgent waits (False).

        Raises ProviderError when the model fails.
        """
        try:
            while not self.done:
                self._step()
                if give_way.wanted:
                    break
        except ORT_ERRORS as error:
            raise ProviderError(f"speech recognition failed: {error}", stage="hear") from error
        return self.done

    def _step(self) -> None:
        if self._heard is None:
            self._encode()
            return
        last = self.tokens[-1] if self.tokens else START
        offer = self._take_offer(last)
        answers = self._run([last, *offer])
        agreed = 0
        while agreed < len(offer) and answers[agreed] == offer[agreed]:
            agreed += 1
        self._offered += agreed
        self._shorten_cache(len(self.tokens) + agreed + 1)
        for token in answers[: agreed + 1]:
            self._append(token)
            if self.done:
                return

    def _encode(self) -> None:
        self._mask = np.ones((1, len(self._samples)), np.int64)
        feed: dict[str, Any] = {"input_values": self._samples[None]}
        if self._model.masked_encoder:
            feed["attention_mask"] = self._mask
        self._heard = self._model.encoder.run(None, feed)[0]

    def _take_offer(self, last: int) -> list[int]:
        """What of the draft to check in this run, given the last token."""
        room = max(0, self._limit - len(self.tokens) - 1)
        if not self.tokens:
            return self._draft[:room]
        nearby = self._draft[self._offered : self._offered + _REJOIN_WITHIN]
        if last not in nearby:
            return []
        self._offered += nearby.index(last) + 1
        return self._draft[self._offered :][:room]

    def _run(self, tokens: list[int]) -> list[int]:
        """The model's next token after each of `tokens`, which follow those in the cache."""
        assert self._heard is not None
        feed: dict[str, Any] = {
            "input_ids": np.array([tokens], np.int64),
            "encoder_hidden_states": self._heard,
            "use_cache_branch": np.array([bool(self._cache)]),
        }
        if self._model.masked_decoder:
            feed["encoder_attention_mask"] = self._mask
        for name, (heads, width) in self._model.past.items() if not self._cache else ():
            length = 0 if ".decoder." in name else self._heard.shape[1]
            feed[name] = np.zeros((1, heads, length, width), np.float32)
        logits, *present = self._model.decoder.run(None, {**feed, **self._cache})
        first = not self._cache
        for name, values in zip(self._model.present, present, strict=True):
            if first or ".decoder." in name:  # the encoder's part is computed once
                self._cache[name] = values
        return [int(token) for token in logits[0].argmax(axis=1)]

    def _shorten_cache(self, length: int) -> None:
        """Forget what the disagreeing rest of the draft left behind."""
        for name, values in self._cache.items():
            if ".decoder." in name and values.shape[2] > length:
                self._cache[name] = values[:, :, :length]

    def _append(self, token: int) -> None:
        if token == END or len(self.tokens) >= self._limit:
            self.done = True
            return
        self.tokens.append(token)
        if (start := repeats_from(self.tokens)) is not None:
            del self.tokens[start:]
            self.done = True
