"""A language model behind an HTTP API that streams server-sent events, whatever its wire format.

One HTTP session with kept-alive connections for all calls, opened before they are needed. Cancelling or closing a
stream closes its connection, which stops the server's work. Raises ProviderTimeout (connect, first, idle, total),
Rejected, AtCapacity, ProtocolViolation, ProviderError. A key is sent in a header and appears nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import aiohttp
import msgspec

from visavis.kernel.errors import ConfigError, ProtocolViolation, ProviderError
from visavis.kernel.json_text import encode_json
from visavis.kernel.timeouts import Timeouts
from visavis.kernel.virtual_time import holding
from visavis.models.http import failure, told_in
from visavis.models.waits import Waits, only_connect
from visavis.think.base import LlmEvent, LlmRequest, Message, ToolSpec
from visavis.think.sse import SseParser
from visavis.think.wire import SERVER, Reader, Wire

KEPT_S = 60.0
"""How long an idle connection is kept; servers close earlier, and then it is opened again."""

FRESH_S = 20.0
"""A connection used so lately needs no other one beside it."""

_DRAIN_S = 0.5
"""Longest wait for what may still come when the answer is complete: usage, and the end of the body."""

_ERROR_BYTES = 4_096
_FRONT_BYTES = 65_536


class HttpLlm:
    """Any wire format over HTTP."""

    name = "http"
    tells_ends = False

    def __init__(
        self,
        wire: Wire,
        base_url: str,
        model: str,
        *,
        key: str = "",
        timeouts: Timeouts | None = None,
        local: bool = False,
        name: str = "",
    ) -> None:
        """`base_url` is what stands before the format's paths. `local`: no proxy, a connection for each request."""
        self.name = name or type(self).name
        self.model = model
        self._wire = wire
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._timeouts = timeouts or Timeouts()
        self._local = local
        self._session: aiohttp.ClientSession | None = None
        self._used_s = float("-inf")

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        async with aclosing(self.stream_body(self._wire.body(request, self.model))) as events:
            async for event in events:
                yield event

    async def stream_body(
        self, body: dict[str, Any], *, timeouts: Timeouts | None = None
    ) -> AsyncGenerator[LlmEvent, None]:
        """Like `stream`, for a body that the caller built, and with other timeouts if given."""
        waits = Waits(SERVER, timeouts or self._timeouts)
        reader = self._wire.reader()
        async with self._post(body, waits) as response, aclosing(_sse(response, waits, reader)) as chunks:
            async for data in chunks:
                for event in reader.feed(data):
                    waits.begun = True
                    yield event
                waits.begun = waits.begun or reader.begun
        for event in reader.end():
            yield event

    async def prefill(self, request: LlmRequest) -> None:
        """Somebody speaks: an answer will be wanted, and finds an open connection. Nothing of the request is sent."""
        await self._connect()

    async def p_ends(self, request: LlmRequest) -> float | None:
        """These APIs do not tell what a model expects after the person's words."""
        return None

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Opens a connection. Nothing of the prompt is sent: it would be paid for, and forgotten in minutes."""
        await self._connect()

    async def post_json(self, url: str, body: dict[str, Any], *, timeouts: Timeouts | None = None) -> dict[str, Any]:
        """One plain request to the same server, and its answer. Raises as `stream` does."""
        waits = Waits(SERVER, timeouts or self._timeouts)
        async with waits.one():
            response = await self._send(url, body)
            answer = await response.read()
        if response.status != 200:
            raise self._failure(response, answer)
        try:
            parsed: dict[str, Any] = msgspec.json.decode(answer, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeError) as error:
            raise ProtocolViolation("the model's server did not answer in JSON", stage="think") from error
        return parsed

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _connect(self) -> None:
        """A connection, by asking for the address itself, without the key; it is then kept for the next request.
        Whatever comes of it tells nothing about the model, so errors are silent."""
        now_s = asyncio.get_running_loop().time()
        if self._local or now_s - self._used_s < FRESH_S:
            return
        self._used_s = now_s
        with suppress(ProviderError, ConfigError), holding():
            async with (
                Waits(SERVER, self._timeouts).one(within_s=self._timeouts.connect_s),
                self._http().get(self._base_url, allow_redirects=False) as response,
            ):
                await response.content.read(_FRONT_BYTES)  # read to its end, the connection can serve again

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            kept_s = None if self._local else KEPT_S
            connector = (
                aiohttp.TCPConnector(force_close=True)
                if self._local
                else aiohttp.TCPConnector(keepalive_timeout=kept_s)
            )
            self._session = aiohttp.ClientSession(
                timeout=only_connect(self._timeouts),
                trust_env=not self._local,
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def _send(self, url: str, body: dict[str, Any]) -> aiohttp.ClientResponse:
        headers = {"Content-Type": "application/json", **self._wire.headers(self._key)}
        data = encode_json(body)
        self._used_s = asyncio.get_running_loop().time()
        try:
            return await self._http().post(url, data=data, headers=headers, allow_redirects=False)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # A kept connection that the server was just closing; a second one is new, or fails for a reason.
            return await self._http().post(url, data=data, headers=headers, allow_redirects=False)

    def _failure(self, response: aiohttp.ClientResponse, answer: bytes) -> ProviderError:
        words = answer[:_ERROR_BYTES].decode("utf-8", "replace")
        return failure(SERVER, response.status, words, response.headers, key=self._key)

    @asynccontextmanager
    async def _post(self, body: dict[str, Any], waits: Waits) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer's head, checked; afterwards the connection is kept if all was read, else closed."""
        async with waits.one():
            response = await self._send(f"{self._base_url}{self._wire.path(self.model)}", body)
        try:
            if response.status != 200:
                async with waits.one():
                    raise self._failure(response, await response.content.read(_ERROR_BYTES))
            if response.content_type != "text/event-stream":
                async with waits.one():
                    raise self._no_stream(response.content_type, await response.content.read(_ERROR_BYTES))
            yield response
        finally:
            self._used_s = asyncio.get_running_loop().time()
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    def _no_stream(self, content_type: str, answer: bytes) -> ProviderError:
        """Some proxies answer errors with 200."""
        if (told := told_in(answer)).status:
            return failure(SERVER, told.status, told.words, key=self._key)
        return ProtocolViolation(f"the model's server sent {content_type}, not a stream", stage="think")


async def _sse(response: aiohttp.ClientResponse, waits: Waits, reader: Reader) -> AsyncGenerator[str, None]:
    """Data of the events up to the last one or the stream's end. What a complete answer still lacks is not waited
    for: the person has heard all of it."""
    parser = SseParser()
    while True:
        try:
            async with waits.one(within_s=_DRAIN_S if reader.complete else None):
                chunk = await response.content.readany()
        except ProviderError:
            if reader.complete:
                return
            raise
        if not chunk:
            return
        for data in parser.feed(chunk):
            yield data
            if reader.done:
                await _drain(response)
                return


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read the end of the body, so that the connection can serve again; a server that dawdles loses it."""
    try:
        with holding():
            async with asyncio.timeout(_DRAIN_S):
                await response.content.read()
    except (TimeoutError, aiohttp.ClientError):
        response.close()
