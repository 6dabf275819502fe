"""`[[mcp]]` in a TOML agent file: servers whose tools the agent may use, and the rules of these tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field, structs

from visavis.kernel.errors import ConfigError
from visavis.kernel.tool import MAX_RESULT_CHARS, TIMEOUT_S, McpServer, rules_from


class RuleTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of one tool, as `visavis.tool` takes them."""

    writes: bool = True
    timeout_s: Annotated[float, Meta(gt=0)] = TIMEOUT_S
    idempotency_key: list[str] | None = None
    approval: bool | str = False
    per_minute: Annotated[int, Meta(ge=0)] = 0
    per_turn: Annotated[int, Meta(ge=0)] = 0
    max_result_chars: Annotated[int, Meta(gt=0)] = MAX_RESULT_CHARS
    redact: list[str] = field(default_factory=list)
    grounded: list[str] = field(default_factory=list)
    while_waiting: str = ""
    on_interruption: Literal["cancel", "finish"] | None = None
    after_reading: Literal["ask", "run"] = "ask"


class McpTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One server: `command` or `url`."""

    name: str
    command: list[str] = field(default_factory=list)
    url: str = ""
    env: list[str] = field(default_factory=list)
    token_env: str = ""
    tools: list[str] = field(default_factory=list)
    rules: dict[str, RuleTable] = field(default_factory=dict)

    def resolved(self, folder: Path, where: str) -> McpServer:
        """The server, with `folder` as its directory. Raises ConfigError."""
        if bool(self.command) == bool(self.url):
            raise ConfigError(f"mcp '{self.name}': give either command or url", where=where)
        return McpServer(
            name=self.name,
            command=tuple(self.command),
            url=self.url,
            cwd=str(folder),
            env=tuple(self.env),
            token_env=self.token_env,
            tools=tuple(self.tools),
            rules={name: rules_from(**structs.asdict(rules)) for name, rules in self.rules.items()},
        )
