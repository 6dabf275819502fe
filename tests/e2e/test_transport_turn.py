"""The TURN settings against a real coturn on loopback: the call goes through its relay or not at all."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from transport_call import Call, answering, beep, calling

from visavis.kernel.errors import ConfigError, PeerGone
from visavis.kernel.messages import Consent
from visavis.kernel.settings import WebRtcSettings
from visavis.testing.rtc_caller import RtcCaller
from visavis.transport.webrtc import WebRtcTransport

pytestmark = pytest.mark.e2e
PASSWORD_ENV = "VISAVIS_TURN_PASSWORD"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def coturn(folder: Path) -> AsyncIterator[int]:
    server = shutil.which("turnserver")
    if server is None:
        pytest.skip("coturn is not installed (Debian: apt install coturn)")
    port = free_port()
    config = folder / "turnserver.conf"
    config.write_text(
        f"listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlistening-port={port}\nmin-port=49160\nmax-port=49260\n"
        "fingerprint\nlt-cred-mech\nuser=visavis:secret\nrealm=visavis.test\nallow-loopback-peers\nno-tls\nno-dtls\n"
        f"no-cli\nlog-file=stdout\nsimple-log\nuserdb={folder / 'turndb'}\npidfile={folder / 'pid'}\n"
    )
    process = await asyncio.create_subprocess_exec(
        server, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await until_listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def until_listening(port: int) -> None:
    """coturn listens on TCP at the same port."""
    async with asyncio.timeout(15):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            await writer.wait_closed()
            return


def settings(port: int, transport: str = "udp") -> WebRtcSettings:
    return WebRtcSettings(ice_servers=[f"turn:127.0.0.1:{port}?transport={transport}"], turn_username="visavis")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_goes_through_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    monkeypatch.setenv(PASSWORD_ENV, "secret")
    async with coturn(tmp_path) as port, answering(settings(port, transport), relay_only=True) as call:
        answers: list[str] = []

        async def negotiate(offer: str) -> str:
            answers.append(await call.transport.answer(offer))
            return answers[0]

        async with calling(call, negotiate=negotiate, video=False) as caller:
            candidates = [line for line in answers[0].splitlines() if line.startswith("a=candidate")]
            assert candidates
            assert all(" typ relay" in line for line in candidates)
            caller.give_consent()
            await call.until(Consent)
            call.voice = beep(0.5)
            await caller.say(beep(0.5))
            async with asyncio.timeout(10):
                while not (loud_in(call) and loud_out(caller)):  # noqa: ASYNC110 (an ear has no signal)
                    await asyncio.sleep(0.05)


def loud_in(call: Call) -> bool:
    return any(np.abs(frame.pcm).max() > 3_000 for frame in call.audio())


def loud_out(caller: RtcCaller) -> bool:
    return any(piece.rms > 2_000 for piece in caller.heard)


async def test_a_wrong_turn_password_gives_no_relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_ENV, "wrong")
    async with coturn(tmp_path) as port, answering(settings(port), relay_only=True) as call:
        with pytest.raises(PeerGone):
            async with calling(call, video=False, timeout_s=3.0):
                pass


async def test_turn_without_a_password_is_a_clear_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_ENV, raising=False)
    with pytest.raises(ConfigError, match=PASSWORD_ENV):
        await WebRtcTransport(settings(3478)).answer("v=0")
    with pytest.raises(ConfigError, match="no STUN or TURN"):
        await WebRtcTransport(WebRtcSettings(ice_servers=["http://example.org"])).answer("v=0")
