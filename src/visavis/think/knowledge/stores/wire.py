"""JSON over HTTP, for databases whose API is small enough to need no client of theirs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from visavis.kernel.errors import ProtocolViolation, ProviderTimeout
from visavis.kernel.virtual_time import holding
from visavis.models.http import Service, failure, translated

_TOTAL_S = 30.0
"""Of a call that stores chunks; a search is given up far earlier, by whoever asks."""


class JsonApi:
    """One HTTP session with kept-alive connections to `base_url`. `service` is whom errors are about."""

    def __init__(self, service: str, base_url: str, headers: Mapping[str, str], key: str, connect_s: float) -> None:
        self._service = Service(service, "think", "knowledge.url", "see knowledge.key_env")
        self._base = base_url.rstrip("/")
        self._key = key
        limit = aiohttp.ClientTimeout(total=_TOTAL_S, connect=connect_s)
        self._session = aiohttp.ClientSession(headers=dict(headers), timeout=limit, trust_env=True)

    async def call(self, method: str, path: str, body: Any = None, *, missing: Any = ...) -> Any:
        """The answer's JSON, {} for none; `missing` for a 404, if given. Raises ProviderError, ConfigError."""
        try:
            with translated(self._service), holding():
                async with self._session.request(method, f"{self._base}{path}", json=body) as response:
                    text = await response.text("utf-8", "replace")
        except TimeoutError as error:
            words = f"{self._service.name} did not answer within {_TOTAL_S:g} s"
            raise ProviderTimeout(words, which="total", stage="think") from error
        if response.status == 404 and missing is not ...:
            return missing
        if response.status >= 300:
            raise failure(self._service, response.status, text, response.headers, key=self._key)
        try:
            return json.loads(text) if text.strip() else {}
        except ValueError as error:
            raise ProtocolViolation(f"{self._service.name} did not answer in JSON", stage="think") from error

    async def close(self) -> None:
        await self._session.close()
