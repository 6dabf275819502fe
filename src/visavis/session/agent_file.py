"""Agents from files: a TOML file, or a Python file with an `Agent` in it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from visavis.kernel.agent import DEFAULT_GREETING, DEFAULT_TRIGGERS, Agent, Stack, ToolFunction, Trigger
from visavis.kernel.errors import ConfigError
from visavis.kernel.toml import line_of, parse, read
from visavis.session.mcp_table import McpTable


class TriggerTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[triggers]]` (`kernel.agent.Trigger`)."""

    on: Literal["document", "people", "raised_hand", "thumb_up"]
    tell: str = ""
    cooldown_s: Annotated[float, Meta(ge=0)] = 20.0


class AgentFile(Struct, frozen=True, kw_only=True):
    """The keys of a TOML agent file. `tools` are `file.py:function` (beside it) or `package.module:function`; paths
    in `knowledge` are seen from the file's directory."""

    name: str
    instructions: str
    voice: str = ""
    language: str = "en"
    greeting: str = DEFAULT_GREETING
    tools: list[str] = field(default_factory=list)
    stack: Stack = field(default_factory=Stack)
    openers: Literal["", "off", "auto", "on"] = ""
    patience: Annotated[float, Meta(gt=0)] = 1.0
    knowledge: list[str] = field(default_factory=list)
    mcp: list[McpTable] = field(default_factory=list)
    triggers: list[TriggerTable] = field(
        default_factory=lambda: [TriggerTable(on=one.on, cooldown_s=one.cooldown_s) for one in DEFAULT_TRIGGERS]
    )


def load_agent(path: str | Path) -> Agent:
    """The agent in the file at `path`. Raises ConfigError naming file, line and key."""
    path = Path(path)
    if path.suffix == ".py":
        return _from_python(path)
    if path.suffix == ".toml":
        return _from_toml(path)
    raise ConfigError(f"'{path.name}' is no agent file", where=str(path), hint="use a .toml or a .py file")


def _from_toml(path: Path) -> Agent:
    text = read(path)
    table = parse(text, AgentFile, str(path))
    for key in ("name", "instructions"):
        if not getattr(table, key).strip():
            raise ConfigError(f"{key}: must not be empty", where=f"{path}:{line_of(text, [key])}")
    where = f"{path}:{line_of(text, ['tools'])}"
    return Agent(
        name=table.name,
        instructions=table.instructions,
        voice=table.voice,
        language=table.language,
        greeting=table.greeting,
        tools=tuple(_tool(entry, path.parent, where) for entry in table.tools),
        stack=table.stack,
        openers=table.openers,
        patience=table.patience,
        mcp=tuple(server.resolved(path.parent, f"{path}:{line_of(text, ['mcp'])}") for server in table.mcp),
        knowledge=tuple(_document(entry, path.parent) for entry in table.knowledge),
        triggers=tuple(Trigger(one.on, one.tell, one.cooldown_s) for one in table.triggers),
    )


def _document(entry: str, folder: Path) -> str:
    """An address as it is; a path as seen from the agent file."""
    return entry if "://" in entry else str(folder / Path(entry).expanduser())


def _tool(entry: str, folder: Path, where: str) -> ToolFunction:
    source, _, name = entry.partition(":")
    if not source or not name:
        raise ConfigError(f"tools: '{entry}' is not 'file.py:function' or 'package.module:function'", where=where)
    try:
        module = _module(folder / source) if source.endswith(".py") else importlib.import_module(source)
    except FileNotFoundError as error:
        raise ConfigError(
            f"tools: no such file: {folder / source}", where=where, hint="tool files stand beside the agent file"
        ) from error
    except ConfigError:
        raise
    except Exception as error:  # a builder's module may raise anything
        raise ConfigError(f"tools: '{source}' cannot be imported: {error}", where=where) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise ConfigError(f"tools: '{source}' has no function '{name}'", where=where)
    tool: ToolFunction = function
    return tool


def _from_python(path: Path) -> Agent:
    if not path.exists():
        raise ConfigError(f"no such file: {path}", hint="check the path; paths are relative to here")
    agents = list({id(value): value for value in vars(_module(path)).values() if isinstance(value, Agent)}.values())
    if len(agents) != 1:
        raise ConfigError(
            f"{len(agents)} agents in the file, one is needed",
            where=str(path),
            hint="define one at module level: agent = Agent(name=…, instructions=…)",
        )
    return agents[0]


def _module(path: Path) -> ModuleType:
    """Import the file at `path`, which ends in `.py`. Whatever its code raises becomes a ConfigError with its line;
    FileNotFoundError when there is no such file."""
    if not path.exists():
        raise FileNotFoundError(path)
    spec = importlib.util.spec_from_file_location(f"visavis_agent_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        line = error.lineno if isinstance(error, SyntaxError) else _line_in(error, path)
        raise ConfigError(f"{type(error).__name__}: {error}", where=f"{path}:{line}") from error
    return module


def _line_in(error: BaseException, path: Path) -> int:
    trace, line = error.__traceback__, 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
