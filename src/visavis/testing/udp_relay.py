"""A bad network for tests and benchmarks: a UDP relay on loopback that loses, delays and shuffles datagrams.

It works like a NAT: every client address gets its own socket towards the target. Nothing is lost until `loss` is
set, so that a call can connect undisturbed first.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

_HOST = "127.0.0.1"
Address = tuple[str, int]


class UdpRelay:
    """Forwards between clients of `port` and one target. `loss` is a share (0–1) applied each way by a seeded
    generator; `delay_ms` is added to every datagram, and up to `jitter_ms` more, which may reorder them."""

    def __init__(self, *, loss: float = 0.0, delay_ms: float = 0.0, jitter_ms: float = 0.0, seed: int = 0) -> None:
        self.loss = loss
        self.delay_ms = delay_ms
        self.jitter_ms = jitter_ms
        self.forwarded = 0
        self.dropped = 0
        self._random = random.Random(seed)
        self._target: Address | None = None
        self._down: asyncio.DatagramTransport | None = None
        self._up: dict[Address, asyncio.DatagramTransport] = {}
        self._opening: dict[Address, asyncio.Task[None]] = {}
        self._waiting: set[asyncio.TimerHandle] = set()

    async def open(self) -> int:
        """Start listening on loopback, if it does not yet; returns the port."""
        if self._down is None:
            loop = asyncio.get_running_loop()
            self._down, _ = await loop.create_datagram_endpoint(
                lambda: _Port(self._from_client), local_addr=(_HOST, 0)
            )
        return int(self._down.get_extra_info("sockname")[1])

    def aim(self, target: Address) -> None:
        self._target = target

    async def close(self) -> None:
        for handle in self._waiting:
            handle.cancel()
        for task in list(self._opening.values()):
            task.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        for transport in [self._down, *self._up.values()]:
            if transport is not None:
                transport.close()
        await asyncio.sleep(0)

    def _from_client(self, data: bytes, client: Address) -> None:
        up = self._up.get(client)
        if up is not None:
            self._pass_on(up, data, self._target)
        elif client not in self._opening:
            self._opening[client] = asyncio.create_task(self._open_up(client, data), name="udp-relay-open")

    async def _open_up(self, client: Address, first: bytes) -> None:
        loop = asyncio.get_running_loop()
        port = _Port(lambda data, _: self._pass_on(self._down, data, client))
        self._up[client], _ = await loop.create_datagram_endpoint(lambda: port, local_addr=(_HOST, 0))
        del self._opening[client]
        self._pass_on(self._up[client], first, self._target)

    def _pass_on(self, by: asyncio.DatagramTransport | None, data: bytes, to: Address | None) -> None:
        if by is None or to is None or (self.loss and self._random.random() < self.loss):
            self.dropped += 1
            return
        self.forwarded += 1
        delay_s = (self.delay_ms + self._random.random() * self.jitter_ms) / 1000
        if delay_s <= 0:
            by.sendto(data, to)
            return
        handle: asyncio.TimerHandle | None = None

        def leave() -> None:
            if handle is not None:
                self._waiting.discard(handle)
            if not by.is_closing():
                by.sendto(data, to)

        handle = asyncio.get_running_loop().call_later(delay_s, leave)
        self._waiting.add(handle)


class _Port(asyncio.DatagramProtocol):
    def __init__(self, received: Any) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._received(data, (addr[0], addr[1]))
