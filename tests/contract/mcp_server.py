"""A small MCP server, by the official SDK: `python mcp_server.py [PORT]` (stdio without a port)."""

from __future__ import annotations

import os
import sys

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("shop")


@server.tool()
def find_order(number: str) -> str:
    """Tells where an order is."""
    return f"order {number} is on its way"


@server.tool()
def cancel_order(number: str) -> str:
    """Cancels an order."""
    return f"order {number} is cancelled"


@server.tool()
def broken() -> str:
    """Always fails."""
    raise ToolError("no such table")


@server.tool()
def die() -> str:
    """Ends the server in the midst of the call."""
    os._exit(3)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")
