"""What the package promises to the outside is there, and written down."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

import visavis
from visavis.kernel import registry
from visavis.kernel.agent import Stack
from visavis.kernel.errors import ConfigError, VisavisError
from visavis.kernel.settings import SECTIONS, Settings
from visavis.kernel.settings_doc import make

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
PROVIDERS = [(kind, name, path) for kind, table in registry.TABLE.items() for name, path in table.items()]


def described(section: type[msgspec.Struct]) -> dict[str, str]:
    info = inspect.type_info(section)
    assert isinstance(info, inspect.StructType)
    found = {}
    for setting in info.fields:
        kind = setting.type
        extra = kind.extra_json_schema if isinstance(kind, inspect.Metadata) else None
        found[setting.name] = str((extra or {}).get("description", ""))
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_says_what_it_means(section: str) -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text()
    for name, meaning in described(SECTIONS[section]).items():
        assert meaning.endswith("."), f"[{section}] {name} has no description"
        assert f"| `{name}` |" in page and meaning in page
    assert f"## [{section}]" in page


def test_the_page_of_settings_is_up_to_date() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text()
    assert page == make(), "run: python -m visavis.kernel.settings_doc > docs/settings.md"


def test_every_layer_of_an_agents_stack_is_described() -> None:
    assert all(described(Stack).values())


def test_defaults_are_valid_settings() -> None:
    assert msgspec.convert(msgspec.to_builtins(Settings()), Settings) == Settings()


@pytest.mark.parametrize(("kind", "name", "path"), PROVIDERS, ids=[f"{kind}-{name}" for kind, name, _ in PROVIDERS])
def test_every_registered_provider_imports_or_names_its_extra(kind: registry.Kind, name: str, path: str) -> None:
    module, _, attribute = path.partition(":")
    source = REPOSITORY / "src" / Path(*module.split(".")).with_suffix(".py")
    assert source.exists(), f"{module} is registered but does not exist"
    defined = {node.name for node in ast.parse(source.read_text()).body if isinstance(node, ast.ClassDef)}
    assert attribute in defined
    try:
        assert registry.resolve(kind, name) is getattr(importlib.import_module(module), attribute)
    except ConfigError as error:
        assert f"visavis[{registry.EXTRAS[kind, name]}]" in error.hint
    extras = PROJECT["optional-dependencies"]
    assert set(registry.EXTRAS.values()) <= set(extras)


def test_engines_can_be_loaded_and_stores_be_opened() -> None:
    for kind, name, _ in PROVIDERS:
        if kind not in ("store", "echo", "memory", "knowledge") and (kind, name) not in registry.EXTRAS:
            assert callable(registry.resolve(kind, name).load), name


def test_the_package_exports_what_it_says() -> None:
    assert visavis.__all__ == sorted(visavis.__all__)
    assert {"Agent", "Settings", "Stack", "VisavisError", "serve"} <= set(visavis.__all__)
    for name in visavis.__all__:
        assert getattr(visavis, name) is not None


def test_version_and_changelog_agree() -> None:
    assert visavis.__version__ == PROJECT["version"]
    changelog = (REPOSITORY / "CHANGELOG.md").read_text()
    newest = re.search(r"^## \[?v?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert newest is not None, "CHANGELOG.md has no version heading"
    assert newest.group(1) == visavis.__version__


def subclasses(kind: type[VisavisError]) -> list[type[VisavisError]]:
    return [kind, *[below for direct in kind.__subclasses__() for below in subclasses(direct)]]


def test_error_codes_are_stable_and_never_shared() -> None:
    ours = [kind for kind in subclasses(VisavisError) if kind.__module__ == "visavis.kernel.errors"]
    assert len({kind.code for kind in ours}) == len(ours) >= 18
