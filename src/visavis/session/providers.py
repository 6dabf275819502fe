"""The boundary to engines and services: whatever they raise becomes an error of our tree, once, here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from visavis.kernel.errors import ProviderError, VisavisError
from visavis.models.scheduler import Preempted


@contextmanager
def translated(layer: str, provider: str) -> Iterator[None]:
    """Turns any failure of a provider into ProviderError; our own errors and cancellation pass unchanged."""
    try:
        yield
    except (VisavisError, asyncio.CancelledError, GeneratorExit):
        raise
    except Preempted as error:
        raise ProviderError(f"{layer} '{provider}' gave way to more urgent work") from error
    except Exception as error:
        raise ProviderError(f"{layer} '{provider}' failed: {type(error).__name__}: {error}") from error
