"""Where model files live on this machine. (Contract; filled in with the manifest.)"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from visavis.kernel.settings import ModelSettings

Progress = Callable[[str, int, int], None]
"""Called with (model name, bytes done, bytes in all) as a pull goes on."""


class ModelStore:
    """Verified model files in the cache, by model name."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings

    def path(self, name: str) -> Path:
        """The directory that holds the model's files.

        Raises ConfigError for an unknown name, ModelError (with the command that fetches it) when files are
        missing or damaged.
        """
        raise NotImplementedError

    def pull(self, name: str, progress: Progress | None = None) -> Path:
        """Fetch and verify what is missing; blocking, so call it off the event loop. Raises ModelError."""
        raise NotImplementedError
