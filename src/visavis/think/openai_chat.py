"""Any server with OpenAI's chat-completions API, streamed over HTTP.

What goes in: `LlmRequest`. What comes out: text deltas as they arrive, tool calls when they are whole, then
`Finished`. Cancelling or closing the stream closes the connection, which stops the server's work. Raises
ProviderTimeout (connect, first, idle, total), Rejected, AtCapacity, ProtocolViolation, ProviderError.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Self

import aiohttp

from visavis.kernel.errors import ConfigError, ProtocolViolation, ProviderError, ProviderTimeout
from visavis.kernel.settings import LlmSettings
from visavis.kernel.virtual_time import holding
from visavis.models.engines import EngineContext
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, ToolSpec
from visavis.think.chat_wire import ChatStream, error_message, failure, request_body
from visavis.think.sse import SseParser

OPENAI = "https://api.openai.com/v1"
DONE = "[DONE]"
_DRAIN_S = 0.5

Which = Literal["connect", "first", "idle", "total"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, to the first token, between tokens, for the whole reply."""

    connect_s: float = 5.0
    first_s: float = 12.0
    idle_s: float = 8.0
    total_s: float = 45.0

    @classmethod
    def of(cls, settings: LlmSettings) -> Timeouts:
        return cls(
            settings.connect_timeout_s, settings.first_timeout_s, settings.idle_timeout_s, settings.total_timeout_s
        )


class OpenAiChat:
    """One HTTP session with kept-alive connections for all calls."""

    name = "openai"
    tells_ends = False

    def __init__(
        self, base_url: str, model: str, *, key: str = "", timeouts: Timeouts | None = None, local: bool = False
    ) -> None:
        """`base_url` is what stands before "/chat/completions". `local`: no proxy, a connection for each request."""
        self.model = model
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._key = key
        self._timeouts = timeouts or Timeouts()
        self._local = local
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """From `[llm]`: `model`, and `base_url` (OpenAI's own when empty). Raises ConfigError for what is missing."""
        llm = context.settings.llm
        key = os.environ.get(llm.api_key_env, "")
        if not llm.model:
            raise ConfigError("the model's name is missing", where="llm.model", hint="name a model of the provider")
        if not llm.base_url and not key:
            raise ConfigError(
                f"the environment variable {llm.api_key_env} is not set",
                where="llm.api_key_env",
                hint=f"set {llm.api_key_env}, or llm.base_url for a server that needs no key",
            )
        return cls(llm.base_url or OPENAI, llm.model, key=key, timeouts=Timeouts.of(llm))

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        async with aclosing(self.stream_body(request_body(request, self.model))) as events:
            async for event in events:
                yield event

    async def stream_body(
        self, body: dict[str, Any], *, timeouts: Timeouts | None = None
    ) -> AsyncGenerator[LlmEvent, None]:
        """Like `stream`, for a body that the caller built, and with other timeouts if given."""
        waits = _Waits(timeouts or self._timeouts, asyncio.get_running_loop().time())
        chat = ChatStream()
        async with self._post(body, waits) as response, aclosing(_sse(response, waits)) as chunks:
            async for data in chunks:
                for event in chat.feed(data):
                    waits.begun = True
                    yield event
                waits.begun = waits.begun or chat.calling
        if not chat.finish_reason:
            raise ProtocolViolation("the model's reply was cut short", stage="think")
        for call in chat.calls():
            yield call
        yield Finished(chat.why, chat.usage)

    async def prefill(self, request: LlmRequest) -> None:
        """Nothing to do: a server elsewhere keeps its own cache."""

    async def p_ends(self, request: LlmRequest) -> float | None:
        """Chat completions do not tell what a model expects after the person's words."""
        return None

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Nothing to do: a connection opened now would be closed before the first call."""

    async def post_json(self, url: str, body: dict[str, Any], *, timeouts: Timeouts | None = None) -> dict[str, Any]:
        """One plain request to the same server, and its answer. Raises as `stream` does."""
        waits = _Waits(timeouts or self._timeouts, asyncio.get_running_loop().time())
        async with waits.one():
            response = await self._send(url, body)
            answer = await response.read()
        if response.status != 200:
            raise failure(response.status, error_message(answer))
        try:
            parsed: dict[str, Any] = json.loads(answer)
        except ValueError as error:
            raise ProtocolViolation("the model's server did not answer in JSON", stage="think") from error
        return parsed

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeouts.connect_s)
            connector = aiohttp.TCPConnector(force_close=self._local)
            self._session = aiohttp.ClientSession(
                headers=headers, timeout=timeout, trust_env=not self._local, connector=connector
            )
        return self._session

    async def _send(self, url: str, body: dict[str, Any]) -> aiohttp.ClientResponse:
        try:
            return await self._http().post(url, json=body, allow_redirects=False)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            # A kept connection that the server was just closing; a second one is new, or fails for a reason.
            return await self._http().post(url, json=body, allow_redirects=False)

    @asynccontextmanager
    async def _post(self, body: dict[str, Any], waits: _Waits) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer's head, checked; afterwards the connection is kept if all was read, else closed."""
        async with waits.one():
            response = await self._send(self._url, body)
        try:
            if response.status != 200:
                async with waits.one():
                    raise failure(response.status, error_message(await response.content.read(4096)))
            if response.content_type != "text/event-stream":
                raise ProtocolViolation(
                    f"the model's server sent {response.content_type}, not a stream", stage="think"
                )
            yield response
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()


async def _sse(response: aiohttp.ClientResponse, waits: _Waits) -> AsyncGenerator[str, None]:
    """Data of the events up to [DONE] or the stream's end."""
    parser = SseParser()
    while True:
        async with waits.one():
            chunk = await response.content.readany()
        if not chunk:
            return
        for data in parser.feed(chunk):
            if data == DONE:
                await _drain(response)
                return
            yield data


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read the end of the body, so that the connection can serve again; a server that dawdles loses it."""
    try:
        with holding():
            async with asyncio.timeout(_DRAIN_S):
                await response.content.read()
    except (TimeoutError, aiohttp.ClientError):
        response.close()


class _Waits:
    """The deadlines of one reply: which applies to the next wait, and what it means when a wait fails."""

    def __init__(self, timeouts: Timeouts, now_s: float) -> None:
        self._timeouts = timeouts
        self._first_s = now_s + timeouts.first_s
        self._total_s = now_s + timeouts.total_s
        self.begun = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        idle_s = asyncio.get_running_loop().time() + self._timeouts.idle_s
        which: Which = "idle" if self.begun else "first"
        deadline_s = idle_s if self.begun else self._first_s
        if self._total_s <= deadline_s:
            which, deadline_s = "total", self._total_s
        timer = asyncio.timeout_at(deadline_s)
        try:
            with holding():
                async with timer:
                    yield
        except TimeoutError as error:
            if not timer.expired():
                which = "connect"  # aiohttp's own, the only one that it watches
            raise ProviderTimeout(f"the model was silent too long ({which})", which=which, stage="think") from error
        except aiohttp.InvalidURL as error:
            raise ConfigError(f"not an address: {error}", where="llm.base_url") from error
        except aiohttp.ClientResponseError as error:
            raise ProtocolViolation("the model's server does not speak HTTP", stage="think") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ProviderError(f"the model's server cannot be reached: {error}", stage="think") from error
