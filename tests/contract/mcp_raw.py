"""An MCP server over stdio as no SDK would write it: `python mcp_raw.py HOW`, which names what it does wrong."""

from __future__ import annotations

import json
import sys
from typing import Any

NAMES = ("find_order", "3d größe")


def answer(how: str, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """What is told; None: nothing ever."""
    if method == "initialize":
        server = {"name": "raw", "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        kind = "nonsense" if how == "garbage" else "object"
        tools = [{"name": name, "inputSchema": {"type": kind}} for name in NAMES]
        return {"mute": None, "endless": {"tools": [], "nextCursor": "again"}}.get(how, {"tools": tools})
    if how == "structured":
        return {"content": [], "structuredContent": {"state": "packed"}}
    if how == "resource":
        return {"content": [{"type": "resource", "resource": {"uri": "order:1", "text": "packed"}}]}
    return {"content": "no list"} if how == "no_result" else {}


def main(how: str) -> None:
    if how == "loud":
        sys.stderr.write("e" * 1_000_000)
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        told = answer(how, asked["method"], asked.get("params", {}))
        if how == "loud":
            print("a line for nobody")
        if how == "failing" and asked["method"] == "tools/list":
            print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32603, "message": "no"}}))
        elif told is not None:
            print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": told}))
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
