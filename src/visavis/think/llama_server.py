"""llama.cpp's server inside this process, on a loopback port with a random key.

Source: xllamacpp 2026.10 (llama.cpp's server, MIT), its HTTP API and CommonParams, read 2026-11-22.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from pathlib import Path
from typing import Any

from visavis.kernel.errors import ModelError

BATCH_TOKENS = 32
"""Prompt tokens per step: a cancelled or a competing request waits for one step (half a second on two cores)."""

log = logging.getLogger(__name__)


NICE = 5
"""How far the model's threads stand back: their work is long, what waits for the others is short and heard."""

SPINS = "2000"
"""How long the model's threads spin for each other before they sleep. Without spinning, waking them costs a third of
the speed on a virtual machine; with the runtime's own long spin, any other work on the core brings it to a crawl."""


class LlamaServer:
    """Running while it exists; `stop` ends it. `base_url` serves OpenAI's API, with `key` as bearer token."""

    def __init__(self, model: Path, *, slots: int, context_tokens: int, threads: int, slot_directory: Path) -> None:
        """Loads the model; blocking, seconds. `context_tokens` is for each slot. Raises ModelError."""
        # Threads that spin while they wait starve each other and everything else; read when OpenMP loads.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        os.environ.setdefault("GOMP_SPINCOUNT", SPINS)
        import xllamacpp

        self.key = secrets.token_urlsafe(24)
        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        _size(params, slots=slots, context_tokens=context_tokens, threads=threads)
        _listen(params, key=self.key, slots=slots, slot_directory=slot_directory)
        others = _threads()
        try:
            self._server: Any = xllamacpp.Server(params)
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"the model {model.name} does not load: {error}", stage="think", hint="visavis models verify"
            ) from error
        _give_way(_threads() - others)
        self.base_url: str = self._server.listening_address

    def stop(self) -> None:
        """End all work and free the model; blocking, some 0.1 s. Idempotent."""
        self._server = None  # its destructor does it


def _threads() -> set[int]:
    """This process's threads, where the system tells (Linux)."""
    tasks = Path("/proc/self/task")
    return {int(task.name) for task in tasks.iterdir()} if tasks.is_dir() else set()


def _give_way(threads: set[int]) -> None:
    """The model's threads, and those they start, let hearing, voice and the event loop go first."""
    for thread in threads:
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            os.setpriority(os.PRIO_PROCESS, thread, NICE)


def _size(params: Any, *, slots: int, context_tokens: int, threads: int) -> None:
    params.n_parallel = slots
    params.n_ctx = context_tokens * slots
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    for pool in (params.cpuparams, params.cpuparams_batch):
        pool.n_threads = threads
        pool.poll = 0
    params.cache_prompt = True
    params.cache_ram_mib = 0  # each slot keeps its own call's prompt; no second copy
    params.warmup = False
    params.use_jinja = True


def _listen(params: Any, *, key: str, slots: int, slot_directory: Path) -> None:
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.cors_origins = ""
    params.n_threads_http = 2 * slots + 4  # one per open stream
    params.slot_save_path = f"{slot_directory}/"
    params.ui = False
    params.verbosity = 0
