"""What every way of reading text owes: words where they stand, nothing for nothing, and no process left behind."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from visavis.kernel.errors import ModelError, ProviderError, ProviderTimeout
from visavis.kernel.media import VideoFrame
from visavis.kernel.settings import ModelSettings, Settings
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler
from visavis.models.store import ModelStore
from visavis.see.ocr import MODEL, TesseractOcr
from visavis.see.ocr_process import ChildReader, ProgramReader, Reader
from visavis.see.reading import around
from visavis.see.text_reader import read_frame
from visavis.testing.pages import TOTAL, held_up, invoice, on_screen

PAGE = invoice()
WAYS = ["child", "program"]
PATIENT_S = 90.0
"""The reader lets everybody else on the machine go first."""


def way(kind: str) -> Reader:
    if kind == "program":
        if not (program := shutil.which("tesseract")):
            pytest.skip("no program tesseract on this machine")
        return ProgramReader(program)
    store = ModelStore(Settings().models)
    if importlib.util.find_spec("tesserocr") is None or store.state(MODEL).state != "present":
        pytest.skip(f"no tesserocr, or {MODEL} is not here (visavis models pull {MODEL})")
    return ChildReader(store.path(MODEL))


@asynccontextmanager
async def reading(kind: str) -> AsyncIterator[TesseractOcr]:
    ocr = TesseractOcr(way(kind), read_s=PATIENT_S)
    try:
        yield ocr
    finally:
        await ocr.close()
        assert not psutil.Process().children()


pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("kind", WAYS)
async def test_an_invoice_is_read_with_its_layout(kind: str) -> None:
    async with reading(kind) as ocr:
        rows = (await ocr.describe(PAGE)).split("\n")
        assert f"Total due | {TOTAL}" in rows
        assert "Rye flour, 25 kg | 2 | $28.75 | $57.50" in rows
        [total] = [line for line in await ocr.read(PAGE) if line.text == TOTAL]
        x, y, width, height = around(word.box for word in total.words)
        assert abs(x - 740) < 12 and 738 < y < 760 and 60 < width < 120 and 12 < height < 32


@pytest.mark.parametrize("kind", WAYS)
async def test_dark_parts_are_read_too(kind: str) -> None:
    screen = 255 - on_screen(PAGE)
    screen[300:] = 255 - screen[300:]
    async with reading(kind) as ocr:
        told = await ocr.describe(screen)
    assert "Harbour Mill Ltd" in told and "Oat flour, 25 kg | 4 | $31.20 | $124.80" in told


@pytest.mark.parametrize("tilt_deg", [-12.0, 0.0, 6.0])
async def test_a_page_held_to_the_camera_is_read(tilt_deg: float) -> None:
    async with reading("child") as ocr:
        read = await read_frame(VideoFrame(held_up(PAGE, tilt_deg=tilt_deg), "camera", 1.0), ocr)
    assert TOTAL in read.page and read.text == read.page


async def test_a_page_upside_down_is_turned() -> None:
    async with reading("child") as ocr:
        read = await read_frame(VideoFrame(held_up(PAGE, tilt_deg=180.0), "camera", 1.0), ocr)
    assert f"Total due | {TOTAL}" in read.page


async def test_a_page_on_a_screen_is_a_document_within_what_the_screen_says() -> None:
    screen = on_screen(PAGE)
    read_on = VideoFrame(screen, "screen", 1.0)
    async with reading("child") as ocr:
        read = await read_frame(read_on, ocr)
        assert (await ocr.describe(screen)) == read.text
    assert "Harbour Mill Ltd" in read.page


@pytest.mark.parametrize("kind", WAYS)
async def test_bad_pictures_do_no_harm(kind: str) -> None:
    async with reading(kind) as ocr:
        for shape in ((0, 0, 3), (0, 40, 3), (4, 900, 3), (40, 40), (20_000, 40, 3)):
            with pytest.raises(ProviderError, match="not a picture"):
                await ocr.read(np.zeros(shape, np.uint8))
        assert await ocr.read(np.zeros((720, 1280, 3), np.uint8)) == [], "black"
        noise = np.random.default_rng(5).integers(0, 255, (90, 160, 3), dtype=np.uint8)
        await ocr.read(noise)
        huge = np.full((2400, 9000, 3), 255, np.uint8)
        huge[200 : 200 + PAGE.shape[0], 300 : 300 + PAGE.shape[1]] = PAGE
        await ocr.read(huge)
        assert TOTAL in await ocr.describe(PAGE)


async def test_a_reader_that_dies_is_told_and_the_next_picture_is_read() -> None:
    async with reading("child") as ocr:
        await ocr.read(PAGE)
        [child] = psutil.Process().children()
        assert child.nice() >= 10, "it lets the voice go first"
        child.kill()
        with pytest.raises(ProviderError):
            await ocr.read(PAGE)
        assert TOTAL in await ocr.describe(PAGE)


@pytest.mark.parametrize("kind", WAYS)
async def test_cancelling_leaves_no_process(kind: str) -> None:
    async with reading(kind) as ocr:
        task = asyncio.create_task(ocr.read(np.tile(PAGE, (3, 3, 1))))  # a second of work at least
        async with asyncio.timeout(PATIENT_S):
            while not psutil.Process().children():  # noqa: ASYNC110 - what it waits for is no event
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not psutil.Process().children()
        assert TOTAL in await ocr.describe(PAGE)


@pytest.mark.parametrize("script", ["sleep 60", "echo 5 words that are no table; exit 3"])
async def test_a_program_that_hangs_or_fails_is_ended_and_told(tmp_path: Path, script: str) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\nexec {script}\n" if "sleep" in script else f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    ocr = TesseractOcr(ProgramReader(str(program)), read_s=1.0)
    with pytest.raises(ProviderTimeout if "sleep" in script else ProviderError):
        await ocr.read(PAGE)
    assert not psutil.Process().children()


async def test_without_any_reader_load_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    scheduler = ComputeScheduler(1)
    try:
        store = ModelStore(ModelSettings(cache=str(tmp_path)))
        with pytest.raises(ModelError, match=MODEL):
            await TesseractOcr.load(EngineContext(Settings(), store, scheduler))
    finally:
        scheduler.close()
