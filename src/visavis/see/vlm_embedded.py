"""A vision model of your own, as GGUF with its projector, on llama.cpp in this process.

Source: xllamacpp 2026.10 (llama.cpp's server, MIT), CommonParams and its OpenAI-compatible API, read 2026-11-23.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import Any, Self

from visavis.kernel.errors import ConfigError, ModelError
from visavis.kernel.settings import VisionSettings
from visavis.kernel.timeouts import Timeouts
from visavis.models.engines import EngineContext, split
from visavis.see.vlm_openai import OpenAiVision

CONTEXT_TOKENS = 4_096
BATCH_TOKENS = 512
"""A picture's tokens must fit into one step."""


class EmbeddedVision(OpenAiVision):
    """One model, one picture at a time; others wait in the server, each within its deadline."""

    name = "embedded"
    _server: Any = None

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """From `vision.model` and `vision.projector`. Raises ConfigError for a missing file, ModelError."""
        vision = context.settings.vision
        files = [_file(vision.model, "vision.model"), _file(vision.projector, "vision.projector")]
        server, url, key = await asyncio.to_thread(_serve, files[0], files[1], context.settings.llm.threads)
        describer = cls(f"{url}/v1", files[0].stem, key=key, timeouts=Timeouts.of(vision))
        describer._server = server
        return describer

    async def close(self) -> None:
        await super().close()
        self._server = None  # its destructor ends it


def remote(vision: VisionSettings) -> bool:
    """Whether frames leave this process for a describer that `[vision]` names, be it the last of the fallbacks."""
    named = [name for name in (vision.provider, *vision.fallbacks) if name]
    return any(split("vision", name)[0] != EmbeddedVision.name for name in named)


def _file(path: str, where: str) -> Path:
    file = Path(path).expanduser()
    if not path or not file.is_file():
        raise ConfigError(f"there is no file {path or 'named'}", where=where, hint="name a GGUF file of yours")
    return file


def _serve(model: Path, projector: Path, threads: int) -> tuple[Any, str, str]:
    """The running server, its address and its key; blocking, seconds."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin starve everything else
    import xllamacpp

    key = secrets.token_urlsafe(24)
    params = xllamacpp.CommonParams()
    params.model.path, params.mmproj.path = str(model), str(projector)
    params.n_parallel, params.n_ctx = 1, CONTEXT_TOKENS
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    for pool in (params.cpuparams, params.cpuparams_batch):
        pool.n_threads, pool.poll = threads, 0
    params.warmup, params.use_jinja, params.ui, params.verbosity = False, True, False, 0
    params.hostnames, params.port, params.api_keys, params.cors_origins = ["127.0.0.1"], 0, [key], ""
    try:
        server = xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"the vision model {model.name} does not load: {error}", stage="vision") from error
    return server, str(server.listening_address), key
