"""A glance at a picture before a describer that costs money is asked: is it about anything new?

`vision.novelty` names who glances: an image encoder, which tells a vector, or a small vision model, which tells a few
words. Neither is noted or told to anybody; the gate compares them with those of frames that passed (`novelty.py`).
"""

from __future__ import annotations

import os
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self

import msgspec
import numpy as np

from visavis.kernel.errors import ConfigError, ProtocolViolation
from visavis.kernel.registry import resolve
from visavis.kernel.settings import VisionSettings
from visavis.models.engines import EngineContext, split
from visavis.see.base import Describer, Image
from visavis.see.novelty import Embedding
from visavis.see.picture_embedding import OnnxPictures
from visavis.see.vlm import HttpVision
from visavis.see.vlm_embedded import EmbeddedVision

GLANCE = f"{__name__}:Glance"
"""The name of the one that the settings describe, for `Engines.get("vision", …)`."""


class PictureEmbedder(Protocol):
    name: str

    async def embed(self, image: Image) -> Embedding:
        """A vector, the same size each time, which points the same way for pictures that mean the same. Cancelling
        ends the work. Raises ProviderError.
        """
        ...


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a picture is about: a vector, or words, or neither where that could not be told."""

    vector: Embedding | None = None
    told: str = ""


class Glance:
    """Shared by all calls. `remote`: pictures leave this process for `engine`, so they are covered first."""

    def __init__(self, engine: PictureEmbedder | Describer, *, remote: bool = True, name: str = "") -> None:
        self.name = name or engine.name
        self.remote = remote
        self._engine: Any = engine

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """From `vision.novelty`. Raises ConfigError for one that neither embeds nor describes, ModelError."""
        vision = context.settings.vision
        if Path(vision.novelty).suffix == ".onnx":
            return cls(await OnnxPictures.open(_file(vision.novelty)), remote=False)
        provider, model = split("vision", vision.novelty)
        kind = resolve("vision", provider)
        if provider != vision.provider or vision.novelty_url or vision.novelty_key_env:
            hosted = isinstance(kind, type) and issubclass(kind, HttpVision) and kind is not EmbeddedVision
            context = _with_own_address(context, vision, provider, hosted=hosted)
        context = context.naming("vision", model) if model else context
        engine = await kind.load(replace(context, provider=provider))
        if not hasattr(engine, "embed") and not hasattr(engine, "describe"):
            raise ConfigError(f"{provider} tells nothing about a picture", where="vision.novelty")
        # "openai:moondream" is not the "openai" that describes: failures are counted and told by name.
        return cls(engine, remote=not isinstance(engine, EmbeddedVision), name=f"{provider}:{model}" if model else "")

    async def look(self, image: Image) -> Glimpse:
        """Raises ProviderError."""
        if hasattr(self._engine, "embed"):
            return Glimpse(vector=self._checked(await self._engine.embed(image)))
        told = await self._engine.describe(image)
        if not isinstance(told, str):
            raise ProtocolViolation(f"{self.name} did not answer in words", stage="vision")
        return Glimpse(told=told)

    def _checked(self, vector: Any) -> Embedding:
        """An embedder may be anybody's."""
        if not isinstance(vector, np.ndarray) or vector.ndim != 1 or vector.dtype.kind != "f":
            raise ProtocolViolation(f"{self.name} did not answer with a vector", stage="vision")
        if not np.isfinite(vector).all():
            raise ProtocolViolation(f"{self.name} answered with a vector that points nowhere", stage="vision")
        return vector

    async def close(self) -> None:
        close = getattr(self._engine, "close", None)
        pending: Awaitable[None] | None = close() if close is not None else None
        if pending is not None:
            await pending


def _with_own_address(
    context: EngineContext, vision: VisionSettings, provider: str, *, hosted: bool
) -> EngineContext:
    """Another server, or another vendor, never gets the key of the describer's."""
    if hosted and not vision.novelty_url and not os.environ.get(vision.novelty_key_env):
        raise ConfigError(
            f"{vision.novelty} needs a key of its own, or an address",
            where="vision.novelty_key_env",
            hint="name the variable that holds the key, or set vision.novelty_url for a server that needs none",
        )
    own = msgspec.structs.replace(
        vision, provider=provider, base_url=vision.novelty_url, api_key_env=vision.novelty_key_env
    )
    return replace(context, settings=msgspec.structs.replace(context.settings, vision=own))


def _file(name: str) -> Path:
    file = Path(name).expanduser()
    if not file.is_file():
        raise ConfigError(f"there is no file {name}", where="vision.novelty", hint="name an ONNX file of yours")
    return file
