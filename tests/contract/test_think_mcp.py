"""MCP servers as sources of tools, over stdio and streamable HTTP, with the official SDK on the other end."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import Settings
from visavis.kernel.tool import McpServer, rules_from
from visavis.models.engines import Engines
from visavis.think import mcp
from visavis.think.base import ToolCall
from visavis.think.mcp import load_mcp
from visavis.think.tool_schema import Refusal
from visavis.think.tools import Checked, ToolBox

pytest.importorskip("mcp", reason="the official MCP SDK is not installed (extra 'mcp')")

SERVER = Path(__file__).with_name("mcp_server.py")
RAW = SERVER.with_name("mcp_raw.py")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a child takes long to start, and nothing here is about how long."""
    monkeypatch.setattr(mcp, "START_S", 120.0)
    monkeypatch.setattr(mcp, "CONNECT_S", 120.0)
    monkeypatch.setattr(mcp, "ALIVE_S", 60.0)


@pytest.fixture
async def engines() -> AsyncIterator[Engines]:
    made = Engines.of(Settings())
    yield made
    await made.close()


def stdio(**more: object) -> McpServer:
    return McpServer(name="shop", command=(sys.executable, str(SERVER)), **more)  # type: ignore[arg-type]


def raw(how: str) -> McpServer:
    return McpServer(name="shop", command=(sys.executable, str(RAW), how))


def serve(port: int) -> subprocess.Popen[bytes]:
    child = subprocess.Popen([sys.executable, str(SERVER), str(port)], stdout=-3, stderr=-3)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return child
        time.sleep(0.1)
    child.kill()
    child.wait()
    raise AssertionError("the MCP server did not start")


@pytest.fixture
def port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@pytest.fixture
def child(port: int) -> Iterator[subprocess.Popen[bytes]]:
    made = serve(port)
    yield made
    made.kill()
    made.wait()


async def gone(box: ToolBox, name: str = "find_order") -> str:
    tool = box.get(name)
    assert tool is not None and tool.unavailable is not None
    return await tool.unavailable()


def order(number: str = "42") -> ToolCall:
    return ToolCall("c1", "find_order", f'{{"number": "{number}"}}')


async def test_tools_of_a_child_process(engines: Engines) -> None:
    box = ToolBox(more=await load_mcp(engines, [stdio()]))
    assert [spec.name for spec in box.specs] == ["find_order", "cancel_order", "broken", "die"]
    assert box.specs[0].description == "Tells where an order is."
    result = await box.run(order())
    assert (result.ok, result.text) == (True, "order 42 is on its way")


async def test_the_same_strictness(engines: Engines) -> None:
    box = ToolBox(more=await load_mcp(engines, [stdio()]))
    for arguments, reason in (
        ("{}", "missing_field"),
        ('{"number": 42}', "wrong_type"),
        ('{"number": "42", "force": true}', "extra_field"),
    ):
        checked = box.check(ToolCall("c1", "find_order", arguments))
        assert isinstance(checked, Refusal) and checked.reason == reason


async def test_an_error_of_the_tool_is_told(engines: Engines) -> None:
    result = await ToolBox(more=await load_mcp(engines, [stdio()])).run(ToolCall("c1", "broken", "{}"))
    assert not result.ok and "no such table" in result.text


async def test_only_some_tools_under_rules_of_the_builder(engines: Engines) -> None:
    rules = {"find_order": rules_from(writes=False, grounded=["number"])}
    box = ToolBox(more=await load_mcp(engines, [stdio(tools=("find_order",), rules=rules)]))
    assert [spec.name for spec in box.specs] == ["find_order"]
    checked = box.check(order())
    assert isinstance(checked, Checked)
    assert checked.tool.grounded == ("number",)
    assert not checked.tool.rules.writes


async def test_a_rule_for_a_tool_that_is_not_there_is_refused(engines: Engines) -> None:
    with pytest.raises(ConfigError, match="no tool 'pay'"):
        await load_mcp(engines, [stdio(rules={"pay": rules_from(writes=True)})])


async def test_a_server_that_cannot_be_started_is_named(engines: Engines) -> None:
    server = McpServer(name="shop", command=("/no/such/program",))
    with pytest.raises(ConfigError, match="shop"):
        await load_mcp(engines, [server])


@pytest.mark.parametrize("how", ["garbage", "failing"])
async def test_a_server_that_lists_no_tools_is_named(engines: Engines, how: str) -> None:
    with pytest.raises(ConfigError, match="shop does not list its tools"):
        await load_mcp(engines, [raw(how)])


@pytest.mark.parametrize("how", ["mute", "endless"])
async def test_a_server_that_never_comes_to_an_end_of_its_list_is_not_waited_for(
    engines: Engines, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp, "START_S", 2.0)
    with pytest.raises(ConfigError, match="does not answer"):
        await load_mcp(engines, [raw(how)])


async def test_names_are_made_such_as_all_vendors_take(engines: Engines) -> None:
    assert [tool.spec.name for tool in await load_mcp(engines, [raw("loud")])] == ["find_order", "_3d_gr__e"]


@pytest.mark.parametrize(("how", "text"), [("structured", '{"state": "packed"}'), ("resource", "packed")])
async def test_a_result_is_told_in_whatever_form_it_comes(engines: Engines, how: str, text: str) -> None:
    result = await ToolBox(more=await load_mcp(engines, [raw(how)])).run(ToolCall("c1", "find_order", "{}"))
    assert (result.ok, result.text) == (True, text)


async def test_an_answer_that_is_no_result_leaves_open_what_was_done(engines: Engines) -> None:
    result = await ToolBox(more=await load_mcp(engines, [raw("no_result")])).run(ToolCall("c1", "find_order", "{}"))
    assert (result.ok, result.settled) == (False, False)


async def test_a_child_that_dies_in_a_call_leaves_an_unknown_outcome_and_is_started_again(engines: Engines) -> None:
    box = ToolBox(more=await load_mcp(engines, [stdio()]))
    async with asyncio.timeout(60):
        result = await box.run(ToolCall("c1", "die", "{}"))
    assert (result.ok, result.settled) == (False, False)
    assert await gone(box) == ""
    assert (await box.run(order())).ok


async def test_over_http_a_server_that_dies_is_refused_and_found_again(
    engines: Engines, child: subprocess.Popen[bytes], port: int
) -> None:
    server = McpServer(name="shop", url=f"http://127.0.0.1:{port}/mcp")
    box = ToolBox(more=await load_mcp(engines, [server]))
    assert (await box.run(order())).text == "order 42 is on its way"
    child.kill()
    child.wait()
    result = await box.run(order())
    assert not result.ok
    assert "shop cannot be reached" in await gone(box)
    again = serve(port)
    try:
        assert await gone(box) == ""
        assert (await box.run(order("43"))).text == "order 43 is on its way"
    finally:
        again.kill()
        again.wait()
