"""TOML into typed settings, with errors that name the file, the line and the key."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import Settings

T = TypeVar("T", bound=msgspec.Struct)

_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


def load_settings(path: str | Path | None) -> Settings:
    """Settings of the file at `path`; without one, of `visavis.toml` here if there is one, else the defaults.

    Raises ConfigError naming file, line and key.
    """
    if path is None:
        here = Path("visavis.toml")
        return parse(read(here), Settings, str(here)) if here.exists() else Settings()
    return parse(read(Path(path)), Settings, str(path))


def read(path: Path) -> str:
    """The file's text. Raises ConfigError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"no such file: {path}", hint="check the path; paths are relative to here") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", hint="it must be a readable UTF-8 text file") from error


def parse(text: str, kind: type[T], source: str) -> T:
    """`text` as a `kind`. Raises ConfigError with `source:line`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{source}:{line.group(1)}" if line else source
        raise ConfigError(f"not valid TOML: {error}", where=where) from error
    if (unknown := _unknown(table, kind, [])) is not None:
        raise _no_such_setting(unknown, text, kind, source)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise _explained(str(error), text, source) from error


def _unknown(table: dict[str, Any], kind: type[msgspec.Struct], path: list[str]) -> list[str] | None:
    """The path of the first key that `kind` does not have."""
    types = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        below = types.get(key)
        if below is None:
            return [*path, key]
        section = isinstance(below, type) and issubclass(below, msgspec.Struct) and isinstance(value, dict)
        if section and (found := _unknown(value, below, [*path, key])) is not None:
            return found
    return None


def _no_such_setting(path: list[str], text: str, kind: type[msgspec.Struct], source: str) -> ConfigError:
    known = _fields(kind, path[:-1])
    close = difflib.get_close_matches(path[-1], known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(known)}"
    return ConfigError(f"unknown setting '{'.'.join(path)}'", where=f"{source}:{line_of(text, path)}", hint=hint)


def _explained(message: str, text: str, source: str) -> ConfigError:
    found = _PATH.search(message)
    path = [part for part in (found.group("path") if found else "").split(".") if part]
    plain = _PATH.sub("", message)
    key = ".".join(path) or "the file"
    path = [part.partition("[")[0] for part in path]  # `origins[1]` stands on the line of `origins`
    return ConfigError(f"{key}: {plain[:1].lower()}{plain[1:]}", where=f"{source}:{line_of(text, path)}")


def _fields(kind: Any, path: list[str]) -> list[str]:
    for part in path:
        kind = next((f.type for f in msgspec.structs.fields(kind) if f.name == part), None)
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            return []
    return [f.name for f in msgspec.structs.fields(kind)]


def line_of(text: str, path: list[str]) -> int:
    """The line, from 1, where the key at `path` stands; its table's line, or 1, when the key itself does not."""
    tables, key = path[:-1], path[-1] if path else ""
    current: list[str] = []
    best = 1
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line)
        if header:
            current = [part.strip().strip("\"'") for part in header.group(1).split(".")]
            if current == path:
                return number
            if current == tables:
                best = number
            continue
        assigned = re.match(r"\s*([\w.\-\"']+)\s*=", line)
        if assigned:
            full = current + [part.strip("\"'") for part in assigned.group(1).split(".")]
            if full == path or (key and full == [*tables, key]):
                return number
            if full == path[: len(full)]:
                best = number
    return best
