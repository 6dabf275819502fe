"""Tools of MCP servers, under the rules of all tools.

Source: Model Context Protocol 2026-07-28 through its official SDK (mcp 2.3, MIT), read 2026-11-23. One connection for
each server and process; a task of its own keeps it open, because the SDK's contexts end in the task they began in.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from visavis.kernel.errors import ConfigError
from visavis.kernel.tool import PLAIN, McpServer
from visavis.models.engines import Engines
from visavis.think.base import ToolSpec
from visavis.think.tools import Tool, ToolUnavailable

if TYPE_CHECKING:
    import mcp

START_S = 30.0
"""A server has so long to start and to list its tools: some are downloaded first."""

CONNECT_S = 10.0
"""The same in a call, where somebody waits."""

ALIVE_S = 2.0
"""A server that does not answer a listing within this is taken for dead."""

TRUSTED_S = 5.0
"""So long after an answer the server is taken for alive without asking."""

log = logging.getLogger(__name__)


async def load_mcp(engines: Engines, servers: Sequence[McpServer]) -> tuple[Tool, ...]:
    """The tools of these servers; their connections end with the engines. Raises ConfigError where there are none."""
    tools: list[Tool] = []
    for server in servers:
        source = McpSource(server)
        engines.put("mcp", server.name, source)
        tools += await source.load()
    return tuple(tools)


class McpSource:
    """One server. When it dies its tools say so, and the next call tries to connect again."""

    def __init__(self, server: McpServer) -> None:
        self._server = server
        self._client: mcp.Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._end = asyncio.Event()
        self._lock = asyncio.Lock()
        self._answered_s = 0.0

    async def load(self) -> list[Tool]:
        """Connect and list the tools. Raises ConfigError."""
        where = f"mcp {self._server.name}"
        try:
            import mcp  # noqa: F401
        except ImportError as error:
            raise ConfigError("the MCP client is missing", where=where, hint="pip install 'visavis[mcp]'") from error
        try:
            await self._connect(START_S)
            offered = await self._offered()
        except ToolUnavailable as error:
            raise ConfigError(str(error), where=where, hint="start the server, or check command and url") from error
        listed = [tool for tool in offered if not self._server.tools or tool.name in self._server.tools]
        missing = {*self._server.tools, *self._server.rules} - {tool.name for tool in listed}
        if missing:
            raise ConfigError(f"the server has no tool '{min(missing)}'", where=where)
        return [made for tool in listed if (made := self._tool(tool)) is not None]

    async def close(self) -> None:
        """End the connection, and the server if it is our child."""
        self._end.set()
        if self._task is not None:
            await asyncio.wait([self._task])
        self._client = self._task = None

    def _tool(self, listed: Any) -> Tool | None:
        """None, with a warning, for a tool that cannot be described to a model."""
        schema = dict(listed.input_schema)
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        rules = self._server.rules.get(listed.name, PLAIN)
        spec = ToolSpec(_name(listed.name), listed.description or listed.name, schema)

        async def invoke(arguments: dict[str, Any]) -> Any:
            return await self._call(listed.name, arguments)

        try:
            return Tool(spec, invoke, rules, grounded=rules.grounded, unavailable=self._gone)
        except ConfigError as error:
            if listed.name in self._server.rules:
                raise
            log.warning("the tool %s of the MCP server %s is left out: %s", listed.name, self._server.name, error)
            return None

    async def _gone(self) -> str:
        """'' when the server answers, after a new connection if need be."""
        async with self._lock:
            loop = asyncio.get_running_loop()
            if self._client is not None and loop.time() - self._answered_s < TRUSTED_S:
                return ""
            if self._client is not None and await self._alive():
                return ""
            await self._drop()
            try:
                await self._connect(CONNECT_S)
            except ToolUnavailable as error:
                return str(error)
            return ""

    async def _alive(self) -> bool:
        try:
            async with asyncio.timeout(ALIVE_S):
                await self._listed()
        except Exception:  # noqa: BLE001 - whatever the SDK or the line raises: it is not there
            return False
        return True

    async def _offered(self) -> list[Any]:
        """The tools of a server that was just connected to. Raises ToolUnavailable."""
        try:
            async with asyncio.timeout(START_S):
                return await self._listed()
        except Exception as error:
            name = self._server.name
            raise ToolUnavailable(f"the MCP server {name} does not list its tools ({_reason(error)})") from error

    async def _listed(self) -> list[Any]:
        client = self._client
        assert client is not None
        tools, cursor = [], None
        while True:
            page = await client.list_tools(cursor=cursor, cache_mode="bypass")
            tools += page.tools
            cursor = page.next_cursor
            if not cursor:
                self._answered_s = asyncio.get_running_loop().time()
                return tools

    async def _call(self, name: str, arguments: dict[str, Any]) -> Any:
        client = self._client
        if client is None:
            raise ToolUnavailable(f"the MCP server {self._server.name} is not connected")
        from mcp import MCPError

        try:
            result = await client.call_tool(name, arguments)
        except MCPError as error:
            if self._task is None or self._task.done() or "closed" in str(error).lower():
                self._answered_s = float("-inf")
                raise ConnectionError(f"the MCP server {self._server.name} went away") from error
            raise RuntimeError(str(error)) from error
        except ValueError as error:
            raise ConnectionError(f"the MCP server {self._server.name} gave no result ({_reason(error)})") from error
        self._answered_s = asyncio.get_running_loop().time()
        text = "\n".join(map(_told, result.content))
        if result.is_error:
            raise RuntimeError(text or "the tool reports an error")
        return text or result.structured_content or ""

    async def _connect(self, within_s: float) -> None:
        """Raises ToolUnavailable."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[mcp.Client] = loop.create_future()
        self._end = asyncio.Event()
        self._task = loop.create_task(self._hold(ready, self._end), name=f"mcp-{self._server.name}")
        try:
            async with asyncio.timeout(within_s):
                self._client = await asyncio.shield(ready)
        except Exception as error:
            await self._drop()
            name = self._server.name
            raise ToolUnavailable(f"the MCP server {name} cannot be reached ({_reason(error)})") from error
        self._answered_s = loop.time()

    async def _drop(self) -> None:
        """Forget a connection, dead or not yet alive."""
        task, self._task, self._client = self._task, None, None
        if task is not None:
            self._end.set()
            task.cancel()
            await asyncio.wait([task])

    async def _hold(self, ready: asyncio.Future[mcp.Client], end: asyncio.Event) -> None:
        """Open the connection, tell `ready`, and close it at the end."""
        try:
            async with AsyncExitStack() as stack:
                ready.set_result(await stack.enter_async_context(await self._opened(stack)))
                await end.wait()
        except Exception as error:  # noqa: BLE001 - whoever waits is told; afterwards the connection is only dead
            if not ready.done():
                ready.set_exception(error)
            log.info("the connection to the MCP server %s ended: %s", self._server.name, error)

    async def _opened(self, stack: AsyncExitStack) -> mcp.Client:
        import mcp
        from mcp.client.streamable_http import streamable_http_client
        from mcp.shared._httpx_utils import create_mcp_http_client

        server = self._server
        if server.command:
            passed = {name: os.environ[name] for name in server.env if name in os.environ}
            command, *args = server.command
            child = mcp.StdioServerParameters(command=command, args=args, env=passed, cwd=server.cwd or None)
            return mcp.Client(child)
        token = os.environ.get(server.token_env, "") if server.token_env else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        http = await stack.enter_async_context(create_mcp_http_client(headers=headers))
        return mcp.Client(streamable_http_client(server.url, http_client=http))


def _name(given: str) -> str:
    """A name as all vendors take it."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", given)
    return (plain if re.match("[A-Za-z_]", plain) else f"_{plain}")[:64]


def _told(part: Any) -> str:
    """A piece of a result in words: text, the text of a resource, or what it is."""
    text = getattr(part, "text", None) or getattr(getattr(part, "resource", None), "text", None)
    return text if isinstance(text, str) else f"[{part.type}]"


def _reason(error: Exception) -> str:
    told = "it does not answer" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
    return " ".join(told.split())[:160]
