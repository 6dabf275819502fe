"""The same ICE settings, in the form a browser wants."""

from __future__ import annotations

import os
from typing import Any

from visavis.kernel.settings import WebRtcSettings


def browser_ice_servers(settings: WebRtcSettings) -> list[dict[str, Any]]:
    """`RTCIceServer` dictionaries; TURN entries carry the user name and the password from the environment."""
    servers: list[dict[str, Any]] = []
    for url in settings.ice_servers:
        server: dict[str, Any] = {"urls": url}
        if url.startswith("turn"):
            server["username"] = settings.turn_username
            server["credential"] = os.environ.get(settings.turn_password_env, "")
        servers.append(server)
    return servers
