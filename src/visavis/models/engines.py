"""What an engine needs to load, and the shared set of loaded engines: one of each per process, for all sessions.

An engine class has `async def load(cls, context) -> Self`: it finds its files through `context.store`, loads them
off the event loop and warms them up. Loading happens before the first call is accepted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from visavis.kernel.errors import ConfigError
from visavis.kernel.registry import TABLE, Kind, resolve
from visavis.kernel.settings import Settings
from visavis.models.scheduler import ComputeScheduler
from visavis.models.store import ModelStore


@dataclass(frozen=True, slots=True)
class EngineContext:
    settings: Settings
    store: ModelStore
    scheduler: ComputeScheduler
    provider: str = ""
    """The name under which the engine was asked for, where one class serves several."""
    get: Callable[[Kind, str], Awaitable[Any]] | None = None
    """`Engines.get` of the process, for an engine that needs another one; not to be awaited while it loads."""

    def naming(self, kind: Kind, model: str) -> EngineContext:
        """With `model` in the place of the one that the settings name. Raises ConfigError for other kinds than
        "llm" and "vision"."""
        settings = self.settings
        if kind == "llm":
            changed = msgspec.structs.replace(settings, llm=msgspec.structs.replace(settings.llm, model=model))
        elif kind == "vision":
            changed = msgspec.structs.replace(settings, vision=msgspec.structs.replace(settings.vision, model=model))
        else:
            raise ConfigError(f"{kind} providers are named without a model", hint=f"leave out ':{model}'")
        return replace(self, settings=changed)


def split(kind: Kind, name: str) -> tuple[str, str]:
    """Provider and model of "provider:model"; any other name is a provider alone, with the model ''."""
    provider, _, model = name.partition(":")
    return (provider, model) if model and provider in TABLE[kind] else (name, "")


class _Closable(Protocol):
    def close(self) -> Awaitable[None] | None: ...


class Engines:
    """Loads each (kind, name) once, however many ask at the same time; closes all in reverse order."""

    def __init__(self, context: EngineContext) -> None:
        self.context = replace(context, get=self.get)
        self._loaded: dict[tuple[Kind, str], Any] = {}
        self._lock = asyncio.Lock()

    @classmethod
    def of(cls, settings: Settings) -> Engines:
        """Nothing loaded yet; starts the compute threads, so `close` it."""
        return cls(EngineContext(settings, ModelStore(settings.models), ComputeScheduler(settings.models.threads)))

    async def get(self, kind: Kind, name: str) -> Any:
        """The engine `name` ("provider:model" too), loaded. Raises ConfigError for an unknown name, ModelError
        for missing files."""
        async with self._lock:
            engine = self._loaded.get((kind, name))
            if engine is None:
                provider, model = split(kind, name)
                load: Callable[[EngineContext], Awaitable[Any]] = resolve(kind, provider).load
                context = self.context.naming(kind, model) if model else self.context
                engine = self._loaded[kind, name] = await load(replace(context, provider=provider))
            return engine

    def put(self, kind: Kind, name: str, engine: Any) -> None:
        """Use this ready-made engine for (kind, name); for tests and benchmarks."""
        self._loaded[kind, name] = engine

    async def close(self) -> None:
        for engine in reversed(self._loaded.values()):
            close = getattr(engine, "close", None)
            if close is not None and (pending := close()) is not None:
                await pending
        self._loaded.clear()
        self.context.scheduler.close()
