"""`visavis bench noise`: noise, quiet callers and echo, with and without what could help against them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from visavis.bench import noise_echo, noise_events
from visavis.bench.noise_chains import CHAINS, Stream, mixed, row
from visavis.bench.noise_material import Material, gather
from visavis.hear.base import Asr, Vad
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines

SPEECH_DB = -26.0
HISS_DB = -80.0
SNR_DB = (5, 10, 15, 20)
LEVELS = {"clean": SPEECH_DB, "quiet": -60.0, "loud": 3.0}


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """`options`: data, clips, seed."""
    material = await gather(options.data, options.clips, options.seed)
    async with _engines() as (vad, asr):
        rows = [
            _told({"condition": condition, "snr_db": snr_db, "chain": chain, **await row(stream, chain, vad, asr)})
            for condition, snr_db, stream in streams(material, options.seed)
            for chain in CHAINS
        ]
        echo = [_told(found) for found in await noise_echo.rows(material, vad, asr, options.seed)]
        events = await noise_events.rows(options.data, vad, options.seed)
    return {"source": material.source, "clips": len(material.clips), "rows": rows, "echo": echo, "events": events}


def streams(material: Material, seed: int) -> Iterator[tuple[str, int | None, Stream]]:
    """Every condition: three levels without noise, then each noise at each ratio."""
    for condition, level_db in LEVELS.items():
        hiss_db = min(level_db, SPEECH_DB) + HISS_DB - SPEECH_DB
        yield condition, None, mixed(material.clips, level_db, None, hiss_db, seed)
    for name, noise in material.noises.items():
        for snr_db in SNR_DB:
            yield name, snr_db, mixed(material.clips, SPEECH_DB, noise, SPEECH_DB - snr_db, seed)


@asynccontextmanager
async def _engines() -> AsyncIterator[tuple[Vad, Asr]]:
    engines = Engines.of(Settings())
    try:
        yield await engines.get("vad", "silero"), await engines.get("asr", "moonshine")
    finally:
        await engines.close()


def _told(found: dict[str, Any]) -> dict[str, Any]:
    print("  ".join(f"{value}" for value in found.values()), file=sys.stderr, flush=True)
    return found
