"""What the pages show is true: examples run, files parse, links lead somewhere, names and commands exist."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
import wave
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import msgspec
import pytest
from aiohttp import web

import visavis
from visavis.bench.barge_in import figures as barge_in_figures
from visavis.bench.chaos_calls import Row
from visavis.bench.conversation import CallReport
from visavis.bench.gate import figures as gate_figures
from visavis.bench.gate_score import Log
from visavis.bench.llm import figures as llm_figures
from visavis.bench.llm import row as llm_row
from visavis.bench.loop import compare_loss, loop_figures
from visavis.bench.loop_video import compare_video
from visavis.bench.report import demo_figures
from visavis.bench.tools import Counts as ToolCounts
from visavis.bench.tools import row as tools_row
from visavis.bench.turn import figures as turn_figures
from visavis.bench.turn_hear import Pause, Usage
from visavis.cli.main import parser
from visavis.journal.export import read_jsonl, write_jsonl
from visavis.journal.journal import Journal
from visavis.journal.memory import MemoryStore
from visavis.kernel.agent import Agent, Stack
from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.messages import AnyClientMessage, AnyServerMessage
from visavis.kernel.settings import SECTIONS, Settings
from visavis.kernel.toml import parse
from visavis.kernel.tool import ToolRules
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler
from visavis.models.store import ModelStore
from visavis.observe.waterfall import BUDGET_MS
from visavis.server.app import App
from visavis.server.calls import Calls
from visavis.session.agent_file import AgentFile, load_agent
from visavis.session.session import Session
from visavis.session.stack import Layers
from visavis.testing.doubles import ScriptedAsr, ScriptedEndpoint, ScriptedLlm, ScriptedTts, ScriptedVad, sound
from visavis.testing.scenario import Scenario
from visavis.think.tool_schema import Reason
from visavis.think.tools import ToolBox
from visavis.turn.ending import Cues

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])
NAMES = [str(page.relative_to(REPOSITORY)) for page in PAGES]

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_REQUIRED = "the following arguments are required"


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def blocks(*languages: str) -> list[Block]:
    found = []
    for name in NAMES:
        text = text_of(name)
        for match in _FENCE.finditer(text):
            if match[2] in languages:
                found.append(Block(name, text.count("\n", 0, match.start()) + 1, match[2], match[3]))
    return found


def inline(name: str) -> list[str]:
    """Code in running text."""
    return _CODE.findall(_FENCE.sub("", text_of(name)))


def example(page: str, mark: str) -> str:
    """The one Python block of `page` that holds `mark`."""
    [block] = [block for block in blocks("python") if block.page == page and mark in block.text]
    return block.text


def module(source: str, name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, made)
    exec(compile(source, f"{name}.py", "exec"), made.__dict__)
    return made


# What can be read without running it.


@pytest.mark.parametrize("block", blocks("python", "py"), ids=str)
def test_python_examples_compile(block: Block) -> None:
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_toml_examples_are_settings_or_agents(block: Block) -> None:
    is_agent = re.search(r"^(name|instructions) *=|^\[stack\]", block.text, re.MULTILINE)
    parse(block.text, AgentFile if is_agent else Settings, str(block))


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_examples_are_json(block: Block) -> None:
    for line in block.text.splitlines():
        if '"seq"' in line and '"wall_s"' in line:
            assert len(list(read_jsonl([line], str(block)))) == 1
        else:
            json.loads(line)


def anchors(name: str) -> set[str]:
    """As code hosts make them of headings."""
    headings = re.findall(r"^#{1,6} +(.+)$", _FENCE.sub("", text_of(name)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    for target in _LINK.findall(_FENCE.sub("", text_of(name))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (REPOSITORY / name).parent / path if path else REPOSITORY / name
        assert found.exists(), f"{name}: {target} leads nowhere"
        if anchor:
            other = str(found.resolve().relative_to(REPOSITORY))
            assert anchor in anchors(other), f"{name}: {other} has no heading for #{anchor}"


def commands(name: str) -> Iterator[tuple[str, bool]]:
    """Command lines of a page, and whether each is whole (a block) or a mention (in a sentence)."""
    for block in blocks("sh", "bash", "console", ""):
        if block.page == name:
            for line in block.text.splitlines():
                found = re.match(r"^(?:\$ )?(visavis .*)$", line.strip())
                if found:
                    yield found[1], True
    for code in inline(name):
        if code.startswith("visavis "):
            yield code, False


@pytest.mark.parametrize("name", NAMES)
def test_commands_exist(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command, whole in commands(name):
        words = shlex.split(re.split(r"\s[|>&]", command)[0], comments=True)[1:]
        if "…" in words:
            words, whole = words[: words.index("…")], False
        try:
            parser().parse_args(words)
        except SystemExit as ended:
            told = capsys.readouterr().err
            assert ended.code == 0 or (not whole and _REQUIRED in told), f"{name}: {command}\n{told}"


@pytest.mark.parametrize("name", NAMES)
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    shown = [
        line
        for block in blocks("sh", "bash", "console", "")
        if block.page == name
        for line in block.text.splitlines()
    ]
    for line in [*shown, *inline(name)]:
        if found := re.match(r"(?:\$ )?make ([a-z0-9]+)\b", line.strip()):
            assert found[1] in targets, f"{name}: make {found[1]}"


@pytest.mark.parametrize("name", NAMES)
def test_settings_that_are_named_exist(name: str) -> None:
    for code in inline(name):
        found = re.match(rf"({'|'.join(SECTIONS)})\.(\w+)\b(?!\()", code)
        if found and found[2] not in ("py", "db", "md", "toml", "jsonl"):
            known = {field.name for field in msgspec.structs.fields(SECTIONS[found[1]])}
            assert found[2] in known, f"{name}: there is no setting {code}"


@pytest.mark.parametrize("name", NAMES)
def test_source_files_that_are_named_exist(name: str) -> None:
    package = REPOSITORY / "src" / "visavis"
    for code in inline(name):
        if re.fullmatch(r"[\w./]+/[\w.]*", code) and not code.startswith((".", "/", "~")):
            rooms = [package / code, REPOSITORY / code, package.parent / code]
            used_elsewhere = code in ("visavis/journal.db", "visavis/models") or code.startswith("ws/")
            assert used_elsewhere or any(path.exists() for path in rooms), f"{name}: there is no {code}"


# Tables that repeat what the code says.


def rows(name: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    section = re.split(r"^#{1,6} ", text_of(name).split(f" {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize(
    ("heading", "union"), [("From the client", AnyClientMessage), ("From the server", AnyServerMessage)]
)
def test_message_tables_are_complete(heading: str, union: Any) -> None:
    told = {
        cells[0].strip("`"): re.sub(r" = [^,`]*(\[[^\]]*\])?", "", cells[1])
        for cells in rows("docs/transports.md", heading)
    }
    named = {kind: re.findall(r"`(\w+)`", fields) for kind, fields in told.items()}
    assert named == {
        str(kind.__struct_config__.tag): [field.name for field in msgspec.structs.fields(kind)]
        for kind in union.__args__
    }


def test_the_agent_files_keys_are_complete() -> None:
    told = {cells[0].strip("`") for cells in rows("docs/agents.md", "The same as a file")}
    keys = {field.name for field in msgspec.structs.fields(AgentFile)} - {"stack"}
    assert told == keys | {f"stack.{field.name}" for field in msgspec.structs.fields(Stack)}


def test_the_budget_is_the_codes() -> None:
    told = {cells[0].strip("`"): float(cells[2]) for cells in rows("docs/loop.md", "The waterfall")}
    assert told == BUDGET_MS


def pause_of(*, is_end: bool) -> Pause:
    return Pause("calls", "one", is_end, 0.0, float("inf") if is_end else 0.5, 0.1, Cues("yes"), (0.9,) * 4)


def test_every_figure_of_a_bench_is_explained() -> None:
    clean = loop_figures([])
    lossy = compare_loss(clean, clean, 0.05) | compare_video(clean, clean)
    demo = demo_figures(CallReport(), 0.0, 0.0)
    explained = set(inline("docs/benchmarks.md"))
    overlap = barge_in_figures([])
    turns = turn_figures([pause_of(is_end=True), pause_of(is_end=False)], Usage(audio_s=1.0), 1)
    gate = gate_figures([Log("slides", "screen", [])])
    seen = {*gate, *gate["rows"][0], *gate["total"], *gate["ablation"][0]}
    chaos = asdict(Row("llm", "stall", True, 0.0, 0))
    asked = tools_row("simple", ToolCounts(), 0)
    llms = llm_figures([llm_row("chat", [0.1], [0.2])])
    added = {*llms, *llms["rows"][0], *asked, *chaos}
    for key in {*added, *clean, *lossy, *demo, *overlap, *turns, *turns["rows"][0], "visual", *seen}:
        assert key in explained, f"docs/benchmarks.md does not explain {key}"


# Examples that run.


def test_ten_lines_make_an_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Agent] = []
    monkeypatch.setattr(visavis, "serve", served.append)
    module(example("docs/agents.md", "serve(Agent("), "ten_lines", monkeypatch)
    [agent] = served
    [tool] = ToolBox(agent.tools).specs
    assert (agent.name, tool.name) == ("Ada", "opening_hours")


def test_the_agent_file_loads_with_its_tools(tmp_path: Path) -> None:
    [agent_file] = [
        block.text for block in blocks("toml") if block.page == "docs/agents.md" and "[stack]" in block.text
    ][:1]
    (tmp_path / "shop_tools.py").write_text(example("docs/agents.md", "# shop_tools.py"))
    (tmp_path / "shop.toml").write_text(agent_file)
    specs = {spec.name: spec for spec in ToolBox(load_agent(tmp_path / "shop.toml").tools).specs}
    assert set(specs) == {"opening_hours", "book_repair"}
    repair = specs["book_repair"].parameters
    assert repair["properties"]["express"]["description"] == "done the same day, for a surcharge"
    assert repair["required"] == ["what"]


def test_the_rules_of_tools_are_all_told() -> None:
    told = set(inline("docs/tools.md"))
    assert {field.name for field in fields(ToolRules)} <= told
    assert set(get_args(Reason)) <= told


def test_the_tools_page_makes_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    made = module(example("docs/tools.md", "# orders.py"), "orders", monkeypatch)
    cancel = ToolBox([made.find_order, made.cancel_order]).get("cancel_order")
    assert cancel is not None and cancel.grounded == ("number",)
    assert cancel.rules.approval == "Shall I cancel order {number}?"


def test_mcp_servers_stand_in_the_agent_file(tmp_path: Path) -> None:
    [servers] = [block.text for block in blocks("toml") if block.page == "docs/tools.md"]
    (tmp_path / "shop.toml").write_text(servers)
    [server] = load_agent(tmp_path / "shop.toml").mcp
    assert server.command == ("python", "shop_server.py")
    assert not server.rules["find_order"].writes
    assert server.rules["cancel_order"].grounded == ("number",)


def test_the_language_model_of_ones_own_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    parrot = module(example("docs/agents.md", "class Parrot"), "parrot", monkeypatch).Parrot
    context = EngineContext(Settings(), ModelStore(Settings().models), ComputeScheduler(1))
    try:
        call = Scenario(llm=asyncio.run(parrot.load(context)))
    finally:
        context.scheduler.close()
    call.says(1.0, "is anybody there")
    assert call.run(until=8.0).heard() == ["You said: is anybody there"]


def test_the_scenario_of_the_contributors_page_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    module(example("CONTRIBUTING.md", "Scenario("), "scenario_example", monkeypatch).test_answers_a_question()


def test_latencies_are_read_from_an_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Scenario(agent=Agent("Ada", "Answer.", greeting="Hello there."))
    call.says(3.0, "what is new")
    with (tmp_path / "call.jsonl").open("w") as file:
        write_jsonl(call.run(until=10.0).records, file)
    latencies_ms = module(example("docs/journal.md", "latencies_ms"), "latencies", monkeypatch).latencies_ms
    [answered] = latencies_ms(str(tmp_path / "call.jsonl"))
    assert 100 < answered < 3000


def engines(asr: ScriptedAsr) -> Layers:
    return Layers(ScriptedVad(), asr, ScriptedLlm(["We open at nine."]), ScriptedTts(), ScriptedEndpoint())


def test_the_door_of_ones_own_carries_a_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    door_class = module(example("docs/transports.md", "class LineDoor"), "line_door", monkeypatch).LineDoor

    async def hold() -> list[str]:
        lines: asyncio.Queue[str] = asyncio.Queue()
        door = door_class(lines)
        async with Journal(MemoryStore()) as journal, asyncio.TaskGroup() as group:
            log = journal.open("s", MediaClock(LoopClock()))
            session = Session(Agent("Ada", "Answer.", greeting=""), Settings(), engines(ScriptedAsr([])), door, log)
            call = group.create_task(session.run())
            await lines.put("when do you open")
            await asyncio.sleep(5.0)
            await lines.put("")
            assert await call == "left"
        shown: list[str] = door.shown
        return shown

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(hold()) == ["user: when do you open", "agent: We open at nine."]


def test_the_websocket_client_gets_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    question, answer = tmp_path / "question.wav", tmp_path / "answer.wav"
    with wave.open(str(question), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(sound(1, 1.2).astype("<i2").tobytes())
    calling: list[Any] = []
    monkeypatch.setattr(sys, "argv", ["client.py", "ws://nowhere", str(question), str(answer)])
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "run", lambda coroutine: calling.append(coroutine) or coroutine.close())
        client = module(example("docs/transports.md", "ws_connect"), "client", monkeypatch)
    assert len(calling) == 1

    async def serve_and_call() -> None:
        agent, settings = Agent("Ada", "Answer."), Settings()
        async with Journal(MemoryStore()) as journal, asyncio.TaskGroup() as group:
            calls = Calls(group, agent, settings, engines(ScriptedAsr(["when do you open"])), journal)
            runner = web.AppRunner(App(agent, settings, calls).build(), shutdown_timeout=1.0)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            try:
                async with asyncio.timeout(60):
                    await client.call(f"ws://127.0.0.1:{port}/ws/audio", str(question), str(answer))
            finally:
                await calls.close()
                await runner.cleanup()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(serve_and_call())
    told = capsys.readouterr().out.splitlines()
    assert told == ["agent: Hello! I'm Ada. How can I help you?", "user: when do you open", "agent: We open at nine."]
    with wave.open(str(answer)) as file:
        assert file.getnframes() > 16_000
