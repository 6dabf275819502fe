"""The four timeouts of a call over HTTP, kept for every adapter in the same way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import aiohttp

from visavis.kernel.errors import ProviderTimeout
from visavis.kernel.timeouts import Timeouts
from visavis.kernel.virtual_time import holding
from visavis.models.http import Service, translated

Which = Literal["connect", "first", "idle", "total"]


def only_connect(timeouts: Timeouts) -> aiohttp.ClientTimeout:
    """What aiohttp itself is to watch: connecting, the look-up of the name included. The rest is `Waits`'."""
    return aiohttp.ClientTimeout(total=None, connect=timeouts.connect_s)


class Waits:
    """The deadlines of one call: which applies to the next wait, and what it means when a wait fails."""

    def __init__(self, service: Service, timeouts: Timeouts) -> None:
        """The call begins now."""
        now_s = asyncio.get_running_loop().time()
        self._service = service
        self._timeouts = timeouts
        self._first_s = now_s + timeouts.first_s
        self._total_s = now_s + timeouts.total_s
        self.begun = False
        """The first result is there; from now on it is silence between results that counts."""

    @asynccontextmanager
    async def one(self, *, within_s: float | None = None) -> AsyncIterator[None]:
        """One wait of the call, at most `within_s` if given. What aiohttp raises becomes an error of our tree.
        Raises ProviderTimeout and what `models.http.translated` does."""
        idle_s = asyncio.get_running_loop().time() + (self._timeouts.idle_s if within_s is None else within_s)
        which: Which = "idle" if self.begun else "first"
        deadline_s = idle_s if self.begun or within_s is not None else self._first_s
        if self._total_s <= deadline_s:
            which, deadline_s = "total", self._total_s
        timer = asyncio.timeout_at(deadline_s)
        try:
            with holding(), translated(self._service):
                async with timer:
                    yield
        except TimeoutError as error:
            if not timer.expired():
                which = "connect"  # aiohttp's own, the only one that it watches
            words = f"{self._service.name} was silent too long ({which})"
            raise ProviderTimeout(words, which=which, stage=self._service.stage) from error


async def whole(response: aiohttp.ClientResponse, waits: Waits, most_bytes: int) -> bytes:
    """The body of an answer, up to a little more than `most_bytes`. Raises as `Waits.one`."""
    waits.begun = True
    answer = bytearray()
    while len(answer) <= most_bytes:
        async with waits.one():
            chunk = await response.content.readany()
        if not chunk:
            break
        answer += chunk
    return bytes(answer)
