"""What a picture means as a vector: the image encoder of a CLIP-like model, an ONNX file of the operator's own.

Source: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021) and its code
(github.com/openai/CLIP, MIT) for mean and deviation of the colours; read 2026-11-23.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from visavis.kernel.errors import ModelError, ProviderError
from visavis.models.onnx import ORT_ERRORS, open_session
from visavis.see.aside import aside
from visavis.see.base import Image
from visavis.see.novelty import Embedding
from visavis.see.picture import fault, scaled

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
USUAL_PIXELS = 224
"""Where the model leaves the size of its input open."""


class OnnxPictures:
    """One input, float32 of shape (1, 3, height, width); one output of shape (1, numbers), the first of those there
    are. Computes on the pictures' own low-priority thread: a look cannot be cut short.
    """

    def __init__(self, file: Path) -> None:
        """Blocking, seconds. Raises ModelError for a file that does not load, or is no image encoder."""
        self.name = file.stem
        self._session = open_session(file)
        inputs = self._session.get_inputs()
        shape = list(inputs[0].shape) if inputs else []
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(shape) != 4 or _fixed(shape[1], 3) != 3:
            raise _no_encoder(file, "it does not take one float32 picture of shape (1, 3, height, width)")
        self._input = inputs[0].name
        self._height, self._width = (_fixed(side, USUAL_PIXELS) for side in shape[2:])
        flat = [output.name for output in self._session.get_outputs() if len(output.shape or ()) == 2]
        if not flat:
            raise _no_encoder(file, "none of its outputs is one vector a picture")
        self._output = flat[0]

    @classmethod
    async def open(cls, file: Path) -> Self:
        return await asyncio.to_thread(cls, file)

    async def embed(self, image: Image) -> Embedding:
        """A vector of length 1. Raises ProviderError."""
        return await aside(lambda: self._embedded(image))

    def _embedded(self, image: Image) -> Embedding:
        if why := fault(image):
            raise ProviderError(f"not a picture to embed: {why}", stage="vision")
        try:
            vector: NDArray[Any] = self._session.run([self._output], {self._input: self._input_of(image)})[0][0]
        except ORT_ERRORS as error:
            raise ProviderError(f"embedding a picture failed: {error}", stage="vision") from error
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or not length:
            raise ProviderError("the embedding of a picture points nowhere", stage="vision")
        return np.asarray(vector / length)

    def _input_of(self, image: Image) -> NDArray[np.float32]:
        """The whole picture, squeezed: CLIP's cut from the middle would lose the sides of a screen."""
        small = scaled(image, self._width, self._height).astype(np.float32) / np.float32(255)
        return np.ascontiguousarray(((small - MEAN) / DEVIATION).transpose(2, 0, 1)[None])


def _fixed(size: int | str | None, otherwise: int) -> int:
    """Open sizes have a name, or none."""
    return size if isinstance(size, int) else otherwise


def _no_encoder(file: Path, why: str) -> ModelError:
    return ModelError(
        f"{file.name} is no image encoder: {why}",
        stage="setup",
        hint="vision.novelty wants the image half of a CLIP-like model alone",
    )
