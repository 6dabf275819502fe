"""`docs/settings.md`, made from the settings types: `python -m visavis.kernel.settings_doc > docs/settings.md`."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import inspect

from visavis.kernel.settings import Settings

_HEAD = """\
# Settings

Made from `src/visavis/kernel/settings.py` by `python -m visavis.kernel.settings_doc`; edit there.

All settings stand in one TOML file, `visavis.toml` in the current directory or the file given with `--config`.
Every one may be left out. The file is checked when it is read: an unknown name or a wrong value is refused with
its line. Secrets never stand in it; a setting that needs one names an environment variable.
"""

_TABLE = "| setting | type | default | meaning |\n|---|---|---|---|"


def make() -> str:
    """The page, as Markdown."""
    root = inspect.type_info(Settings)
    assert isinstance(root, inspect.StructType)
    return "\n".join([_HEAD, *(_section(field) for field in root.fields)])


def _section(field: inspect.Field) -> str:
    assert isinstance(field.type, inspect.StructType)
    rows = [_row(setting) for setting in field.type.fields]
    return "\n".join([f"## [{field.name}]", "", _TABLE, *rows, ""])


def _row(setting: inspect.Field) -> str:
    default = setting.default if setting.default is not msgspec.NODEFAULT else setting.default_factory()
    kind, meaning = _unwrapped(setting.type)
    shown = "{}" if default == {} else json.dumps(default, ensure_ascii=False)
    return f"| `{setting.name}` | {_type(kind)} | `{shown}` | {meaning} |"


def _unwrapped(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """The type below its metadata, and its description."""
    meaning = ""
    while isinstance(kind, inspect.Metadata):
        meaning = str((kind.extra_json_schema or {}).get("description", meaning))
        kind = kind.type
    return kind, meaning


def _type(kind: inspect.Type) -> str:
    match _unwrapped(kind)[0]:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType() as number:
            return f"whole number{_range(number)}"
        case inspect.FloatType() as number:
            return f"number{_range(number)}"
        case inspect.StrType():
            return "text"
        case inspect.LiteralType(values=values):
            return " or ".join(f"`{json.dumps(value)}`" for value in values)
        case inspect.ListType(item_type=item):
            return f"list of {_type(item)}"
        case inspect.DictType(value_type=value):
            return f"table of {_type(value)}"
        case inspect.AnyType():
            return "anything"
        case other:
            raise TypeError(f"no words for settings of type {other}")


def _range(number: Any) -> str:
    limits = [("≥", number.ge), (">", number.gt), ("≤", number.le), ("<", number.lt)]
    told = [f"{sign} {limit:g}" for sign, limit in limits if limit is not None]
    return f" {', '.join(told)}" if told else ""


if __name__ == "__main__":
    print(make(), end="")
