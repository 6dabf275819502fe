"""What `visavis doctor` looks at.

Each check is quick, only reads, and names the command that adds what is missing.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import psutil
from msgspec import Struct

from visavis.kernel.settings import Settings
from visavis.models.store import ModelStore

State = Literal["ok", "missing", "optional"]

MINIMUM_PYTHON = (3, 11)
MINIMUM_MEMORY_GB = 3.5
MINIMUM_CORES = 2
FREE_MARGIN = 200e6
IMPORT_TIMEOUT_S = 10.0

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PROGRAMS = (
    ("chromium", CHROMIUM_NAMES, "browser tests and the real-browser caller", "apt-get install chromium"),
    ("coturn", ("turnserver",), "a TURN server, for callers behind strict networks", "apt-get install coturn"),
    ("tesseract", ("tesseract",), "reading text on a shared screen", "apt-get install tesseract-ocr"),
    ("npm", ("npm",), "fetching Kokoro's voices", "apt-get install npm"),
)  # fmt: skip
EXTRAS = (
    ("whisper", "faster_whisper", "speech recognition in other languages"),
    ("convert", "onnx", "converting the larger English recogniser, once"),
)


class Check(Struct, frozen=True):
    """One line: "missing" is needed and not there, "optional" would add something. `fix` is a command."""

    name: str
    state: State
    detail: str
    fix: str = ""


def run_checks(settings: Settings, store: ModelStore) -> Iterator[Check]:
    """All checks, in the order to read them."""
    yield from machine(store)
    yield llm_runtime()
    yield opus()
    yield port(settings.server.host, settings.server.port)
    yield from models(store)
    yield from extras()
    yield from programs()


def machine(store: ModelStore) -> Iterator[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Check("python", "ok" if sys.version_info >= MINIMUM_PYTHON else "missing", version)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Check("cores", "ok" if cores >= MINIMUM_CORES else "optional", f"{cores} (the default models want 2)")
    memory_gb = psutil.virtual_memory().total / 1e9
    enough = memory_gb >= MINIMUM_MEMORY_GB
    yield Check("memory", "ok" if enough else "optional", f"{memory_gb:.1f} GB (the default models need about 3)")
    yield disk(store, shutil.disk_usage(_existing(store.cache)).free)


def disk(store: ModelStore, free_bytes: int) -> Check:
    """Is there room for the default models that are not there yet?"""
    states = {name: store.state(name).state for name in store.default_names()}
    need = sum(model.size for model in store.manifest if states.get(model.name) in ("missing", "damaged"))
    detail = f"{free_bytes / 1e9:.1f} GB free for {store.cache}, {need / 1e9:.1f} GB still to fetch"
    if free_bytes > need + FREE_MARGIN:
        return Check("disk", "ok", detail)
    return Check("disk", "missing", detail, "free some space, or set models.cache to a larger disk")


def llm_runtime() -> Check:
    """Imported in a process of its own: a wrong build for this processor would end this one."""
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    command = [sys.executable, "-c", "import xllamacpp"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=IMPORT_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return Check("xllamacpp", "missing", "takes too long to import", "pip install --force-reinstall xllamacpp")
    if done.returncode == 0:
        return Check("xllamacpp", "ok", "imports; runs the embedded language model")
    last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return Check("xllamacpp", "missing", last, "pip install --force-reinstall xllamacpp")


def opus() -> Check:
    """Without libopus calls work, but a lost packet is bridged less well."""
    try:
        reachable = importlib.import_module("visavis.transport.opus").library() is not None
    except ImportError:
        reachable = False
    if reachable:
        return Check("libopus", "ok", "reachable; lost audio is concealed by Opus itself")
    return Check("libopus", "optional", "not found; lost audio is bridged in PCM", "apt-get install libopus0")


def port(host: str, number: int) -> Check:
    if number == 0:
        return Check("port", "ok", "any free one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            return Check(
                "port", "missing", f"{host}:{number}: {error.strerror}", "set server.port to another, or to 0"
            )
    return Check("port", "ok", f"{host}:{number} is free")


def models(store: ModelStore) -> Iterator[Check]:
    """Each model's state, as last hashed (`visavis models verify` reads every byte)."""
    needed = store.default_names()
    for model in store.manifest:
        state = store.state(model.name)
        if state.state in ("present", "own"):
            yield Check(model.name, "ok", f"{model.role}: {state.state}")
            continue
        fix = f"visavis models pull {model.name}"
        if model.default and model.name not in needed:
            fix = f"pip install 'visavis[{model.extra}]' && {fix}"
        yield Check(
            model.name, "missing" if model.name in needed else "optional", f"{model.role}: {state.state}", fix
        )


def extras() -> Iterator[Check]:
    for extra, module, purpose in EXTRAS:
        there = importlib.util.find_spec(module) is not None
        fix = "" if there else f"pip install 'visavis[{extra}]'"
        yield Check(f"visavis[{extra}]", "ok" if there else "optional", purpose, fix)


def programs() -> Iterator[Check]:
    for name, commands, purpose, fix in PROGRAMS:
        found = next(filter(None, map(shutil.which, commands)), None)
        yield Check(name, "ok", f"{purpose}: {found}") if found else Check(name, "optional", purpose, fix)


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.absolute().parents) if parent.exists())
