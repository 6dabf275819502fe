"""Climbing back: while a call lasts, providers whose breakers are open are asked for something cheap now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import numpy as np

from visavis.hear.base import HEAR_RATE_HZ, Asr
from visavis.kernel.errors import ProviderError
from visavis.kernel.events import BreakerClosed, BreakerOpened, UsageCounted
from visavis.see.base import Describer
from visavis.session.fallback import Member, Pool, Watch
from visavis.session.providers import limited, translated
from visavis.speak.base import Tts
from visavis.think.base import Finished, Llm, LlmRequest, Message
from visavis.think.knowledge.retrieval import Searching

OTHERS_S = 0.5
"""While another session probes, this long passes before its end is looked for."""


class Mending:
    """One session's share in it. A breaker belongs to the process: of several sessions one makes the probe."""

    def __init__(self, pools: Sequence[Pool[Any]], watch: Watch, language: str) -> None:
        self._pools = pools
        self._watch = watch
        self._language = language

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for pool in self._pools:
                group.create_task(self._mend(pool), name=f"mending-{pool.layer}")

    async def _mend(self, pool: Pool[Any]) -> None:
        while True:
            broken = [member for member in pool.members if not member.breaker.usable]
            if not broken:
                pool.broken.clear()
                await pool.broken.wait()
                continue
            now_s = _now_s()
            waits_s = [member.breaker.due_s - now_s for member in broken if member.breaker.state == "open"]
            await asyncio.sleep(max(0.0, min(waits_s, default=OTHERS_S)))
            for member in broken:
                if member.breaker.begin_probe(_now_s()):
                    await self._probe(pool, member)

    async def _probe(self, pool: Pool[Any], member: Member[Any]) -> None:
        breaker = member.breaker
        try:
            with translated(pool.layer, member.name):
                async with limited(pool.layer, pool.limits.first_s, "first"):
                    await PROBES[pool.layer](member, self._language, self._watch)
        except ProviderError:
            breaker.probe_failed(_now_s())
            self._watch.note(BreakerOpened(pool.layer, member.name, "probe", breaker.wait_s))
        except BaseException:
            breaker.probe_abandoned(_now_s())
            raise
        else:
            breaker.probe_worked()
            self._watch.note(BreakerClosed(pool.layer, member.name))


async def _probe_llm(member: Member[Llm], language: str, watch: Watch) -> None:
    request = LlmRequest([Message("user", "Say yes.")], max_tokens=1, temperature=0.0, session="probe")
    async with aclosing(member.engine.stream(request)) as events:
        async for event in events:
            if not isinstance(event, Finished):
                amounts = {"input_tokens": 4.0, "output_tokens": 1.0}
                watch.note(UsageCounted("llm", member.name, member.engine.model, amounts, estimated=True))
                return
    raise ProviderError("the model answered nothing", stage="think")


async def _probe_tts(member: Member[Tts], language: str, watch: Watch) -> None:
    async with aclosing(member.engine.stream("Yes.", voice=member.voice, language=language)) as speeches:
        async for _ in speeches:
            return
    raise ProviderError("the voice made no sound", stage="speak")


async def _probe_asr(member: Member[Asr], language: str, watch: Watch) -> None:
    """Half a second of silence, in which there are no words."""
    stream = member.engine.stream(language, lambda words: None)
    try:
        stream.push(np.zeros(HEAR_RATE_HZ // 2, np.int16))
        await stream.final()
    finally:
        await stream.close()


async def _probe_vision(member: Member[Describer], language: str, watch: Watch) -> None:
    squares = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((8, 8), np.uint8)).astype(np.uint8) * 255
    await member.engine.describe(np.repeat(squares[:, :, None], 3, axis=2))


async def _probe_search(member: Member[Searching], language: str, watch: Watch) -> None:
    await member.engine.search("opening hours", 1)


PROBES: dict[str, Callable[[Any, str, Watch], Awaitable[None]]] = {
    "llm": _probe_llm,
    "tts": _probe_tts,
    "asr": _probe_asr,
    "vision": _probe_vision,
    "retrieval": _probe_search,
}


def _now_s() -> float:
    return asyncio.get_running_loop().time()
