"""Other systems to measure beside ours: each in a virtual environment of its own, made when it is first asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from visavis.kernel.errors import ConfigError

INSTALL_WITHIN_S = 1200.0
_READY = "installed.txt"


@dataclass(frozen=True, slots=True)
class Peer:
    """`script` stands in `visavis/bench/peers`; `requirements` are pip's, pinned."""

    name: str
    system: str
    script: str
    requirements: tuple[str, ...]


PEERS = {
    peer.name: peer
    for peer in (
        Peer("pipecat", "Pipecat 1.14.0", "pipecat_cell.py", ("pipecat-ai[silero]==1.14.0", "psutil>=7")),
        Peer(
            "livekit",
            "LiveKit Agents 1.8.9",
            "livekit_cell.py",
            ("livekit-agents==1.8.9", "livekit-plugins-silero==1.8.9", "psutil>=7"),
        ),
    )
}


def environments() -> Path:
    """Where the environments live: `visavis/peers` in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "visavis" / "peers"


def script(peer: Peer) -> Path:
    return Path(__file__).with_name("peers") / peer.script


def python_of(peer: Peer) -> Path:
    """The peer's own Python, with everything installed; takes minutes the first time. Blocking.

    Packages come from wherever the user's pip gets them. Raises ConfigError when they cannot be had.
    """
    folder = environments() / peer.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = "\n".join(peer.requirements)
    ready = folder / _READY
    if ready.is_file() and ready.read_text(encoding="utf-8") == wanted:
        return python
    _run([sys.executable, "-m", "venv", "--clear", str(folder)], peer)
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.requirements], peer)
    ready.write_text(wanted, encoding="utf-8")
    return python


def _run(command: list[str], peer: Peer) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_WITHIN_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"installing {peer.system} took longer than {INSTALL_WITHIN_S:.0f} s") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ConfigError(f"{peer.system} could not be installed: {last}", hint="see whether pip can reach its index")
