"""The house keeps its order: who imports whom, what stays out of which room, sizes and names."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "visavis"
SOURCES = sorted(PACKAGE.rglob("*.py"))

SENSES = {"transport", "hear", "see", "turn", "think", "speak"}
BELOW = {"kernel", "trust", "journal", "models"}
MAY_IMPORT: dict[str, set[str]] = {
    "kernel": set(),
    "trust": {"kernel"},
    "journal": {"kernel"},
    "models": {"kernel"},
    "observe": {"kernel", "journal"},
    "cost": {"kernel", "journal"},
    **dict.fromkeys(SENSES, BELOW),
    "session": BELOW | SENSES | {"observe", "cost"},
    "agents": {"kernel"},
}
MAY_IMPORT["handoff"] = MAY_IMPORT["evals"] = BELOW | SENSES | {"session", "observe", "cost"}
MAY_IMPORT["testing"] = MAY_IMPORT["handoff"] | {"handoff", "evals", "server"}
MAY_IMPORT["server"] = MAY_IMPORT["handoff"] | {"handoff", "evals"}
MAY_IMPORT["bench"] = MAY_IMPORT["server"] | {"server", "testing"}
MAY_IMPORT["cli"] = MAY_IMPORT["bench"] | {"bench", "agents", "__version__"}
MAY_IMPORT["(top)"] = {"kernel", "server"}


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else "(top)"


def imported(tree: ast.AST) -> set[tuple[str, int]]:
    """Every module imported, anywhere in the file, with its line."""
    found: set[tuple[str, int]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(alias.name, node.lineno) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            module = node.module or ""
            found |= {
                (f"{module}.{alias.name}" if module == "visavis" else module, node.lineno) for alias in node.names
            }
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_flow_one_way(path: Path) -> None:
    room = room_of(path)
    for module, line in imported(ast.parse(path.read_text())):
        package, _, rest = module.partition(".")
        if package != "visavis":
            continue
        other = rest.split(".")[0]
        assert other == room or other in MAY_IMPORT[room], f"{path}:{line}: {room} must not import {other}"


def test_every_room_is_known_and_nobody_imports_in_a_circle() -> None:
    assert {room_of(path) for path in SOURCES} <= set(MAY_IMPORT)
    for room, others in MAY_IMPORT.items():
        for other in others:
            assert room not in MAY_IMPORT.get(other, set()), f"{room} and {other} may import each other"


def test_vendors_stay_out_of_the_inner_rooms() -> None:
    vendors = {"aiohttp", "aiortc", "av", "onnxruntime", "xllamacpp", "hibari", "openai", "rich", "psutil"}
    for path in SOURCES:
        if room_of(path) in {"kernel", "trust", "journal", "turn", "session", "observe", "cost"}:
            used = {module.split(".")[0] for module, _ in imported(ast.parse(path.read_text()))}
            assert not used & vendors, f"{path} imports {used & vendors}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "turn").glob("*.py")), ids=lambda path: path.name)
def test_the_turn_room_is_pure(path: Path) -> None:
    tree = ast.parse(path.read_text())
    waits = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(tree) if isinstance(node, waits)], f"{path} waits"
    clocks = {"asyncio", "time", "threading", "datetime", "random", "concurrent", "queue", "visavis.kernel.clock"}
    modules = {module for module, _ in imported(tree)} | {module.split(".")[0] for module, _ in imported(tree)}
    assert not modules & clocks, f"{path} imports {modules & clocks}"


def test_only_trust_makes_cleared_values() -> None:
    for path in SOURCES:
        mentions = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr == "by_trust"
        ]
        assert not mentions or room_of(path) == "trust", f"{path}:{mentions[0].lineno} goes around trust"


def test_nobody_reads_the_machines_clock_or_sleeps_in_real_time() -> None:
    """Time is injected. Processes that are no session (the supervisor, benches, commands) may look at the clock."""
    exempt = {"kernel", "server", "bench", "cli", "testing", "models"}
    for path in SOURCES:
        if room_of(path) in exempt:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time":
                raise AssertionError(f"{path}:{node.lineno}: time.{node.attr}")


def test_no_bare_tasks_outside_task_groups_in_the_session() -> None:
    for path in sorted((PACKAGE / "session").glob("*.py")):
        text = path.read_text()
        assert "asyncio.create_task" not in text and "ensure_future" not in text, path


def test_files_stay_small_and_have_names() -> None:
    for path in SOURCES:
        assert len(path.read_text().splitlines()) <= 400, f"{path} is too long"
        assert path.stem not in {"utils", "util", "helpers", "misc", "common"}, f"{path} has no name"


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [REPOSITORY / name for name in listed.stdout.decode().split("\0") if name]


def test_no_machine_paths_and_no_registry_hosts() -> None:
    machine = re.compile(r"/(?:work|home/\w+|Users/\w+|root|tmp/lab)/")
    registry = re.compile(
        r"(?<!no-emit-)index-url|index_url\s*=|https?://[^\s\"']*(?:pypi|registry|artifact|nexus|mirror|/simple\b)",
        re.IGNORECASE,
    )
    for path in tracked():
        if not path.exists() or path.resolve() == Path(__file__).resolve():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            assert not machine.search(line), f"{path}:{number}: a path of one machine"
            assert not registry.search(line), f"{path}:{number}: a package registry's host"
