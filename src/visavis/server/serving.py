"""`serve(agent)`: the whole server in one call."""

from __future__ import annotations

import msgspec

from visavis.kernel.agent import Agent
from visavis.kernel.settings import Settings
from visavis.kernel.toml import load_settings
from visavis.server.supervisor import Supervisor, bind


def serve(agent: Agent, *, settings: Settings | None = None, host: str = "", port: int | None = None) -> int:
    """Serve calls with `agent` until stopped (Ctrl-C, SIGTERM); returns the exit code.

    Settings come from `visavis.toml` here when there is one; `host` and `port` override them. Raises ConfigError
    for wrong settings or a port in use.
    """
    chosen = settings if settings is not None else load_settings(None)
    server = msgspec.structs.replace(
        chosen.server,
        host=host or chosen.server.host,
        port=chosen.server.port if port is None else port,
    )
    chosen = msgspec.structs.replace(chosen, server=server)
    sock = bind(server)
    try:
        return Supervisor(agent, chosen, sock, lambda line: print(f"visavis: {line}", flush=True)).run()
    finally:
        sock.close()
