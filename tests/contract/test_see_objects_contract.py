"""What an engine for objects owes: looks off the event loop, errors of our tree; and what the real one recognises."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visavis.bench.drawn_bottles import Table
from visavis.bench.objects import spanned, watched
from visavis.bench.objects_clips import CLIPS
from visavis.kernel.agent import Agent
from visavis.kernel.errors import ConfigError, ModelError, ProviderError
from visavis.kernel.media import VideoFrame
from visavis.kernel.settings import ModelSettings, Settings, VisionSettings
from visavis.models.engines import Engines
from visavis.models.store import ModelStore
from visavis.see.base import Image
from visavis.see.objectron import MODEL, ObjectronObjects, counts
from visavis.see.objects import NONE
from visavis.see.sighted import load_sighted
from visavis.see.ssd import FILE, ThingFinder
from visavis.see.vision import Sighted
from visavis.session.look import ONLY_OBJECTS
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Scenario

EMPTY: Image = Table(0, 0.7).picture()


@pytest.fixture
def real() -> ObjectronObjects:
    store = ModelStore(Settings().models)
    if store.state(MODEL).state != "present":
        pytest.skip(f"{MODEL} is not here (visavis models pull {MODEL})")
    return ObjectronObjects(store.path(MODEL))


@pytest.mark.e2e
@pytest.mark.parametrize(("bottles", "told"), [(0, ""), (1, "a bottle"), (2, "2 bottles")])
async def test_drawn_bottles_are_counted(real: ObjectronObjects, bottles: int, told: str) -> None:
    assert await real.describe(Table(bottles, 0.72).picture()) == told


@pytest.mark.e2e
async def test_looks_leave_the_loop_alone_and_take_any_picture(
    real: ObjectronObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    find = ThingFinder.find
    monkeypatch.setattr(
        ThingFinder,
        "find",
        lambda self, *picture: threads.append(threading.current_thread().name) or find(self, *picture),
    )
    for shape in ((300, 300, 3), (90, 160, 3), (721, 1279, 3), (1280, 720, 3)):
        assert await real.describe(np.full(shape, 90, np.uint8)) == ""
    assert threads == ["vision_0"] * 4


@pytest.mark.e2e
def test_boxes_are_where_the_things_are(real: ObjectronObjects) -> None:
    """Two bottles stand a third and two thirds across, from the ground at 0.88 up."""
    things = real.things(Table(2, 0.72).picture(), {"Bottle": 0.5})
    middles = sorted(float(thing.box[0][0]) for thing in things)
    assert middles == pytest.approx([1 / 3, 2 / 3], abs=0.03)
    for thing in things:
        assert thing.box[0][1] == pytest.approx(0.88 - 0.72 / 2, abs=0.06)
        assert thing.box[1][1] == pytest.approx(0.72, abs=0.12)


@pytest.mark.e2e
@pytest.mark.shared
def test_bottles_on_a_table_are_counted_as_they_come_and_go(real: ObjectronObjects, shared_data: Path) -> None:
    """Of the real clip, labelled by eye: every picture at rest has its number of bottles."""
    clip = shared_data / "video" / "scene" / "bottles.mp4"
    if not clip.exists():
        pytest.skip("no clip of bottles in the shared data")
    shown = spanned(clip, CLIPS["scene/bottles.mp4"])
    (bottles,) = [row for row in watched(real, "bottles", shown).rows() if row["kind"] == "Bottle"]
    assert bottles["found"] == bottles["present"] > 70
    assert bottles["right_number"] == bottles["counted"] > 35
    assert counts(real.things(EMPTY)) == {}


@pytest.mark.e2e
def test_a_call_tells_what_is_before_its_camera(real: ObjectronObjects) -> None:
    """The whole way with the real network: camera, gate, note, prompt; then the table is cleared."""
    call = Scenario(
        Agent("Ada", "You answer.", greeting=""),
        llm=ScriptedLlm(["Two bottles.", "Nothing."]),
        arrange=lambda layers: replace(layers, sighted=Sighted(objects=real)),
    )
    for at_s, bottles in [(n / 5, 2) for n in range(5, 45)] + [(n / 5, 0) for n in range(45, 85)]:
        call.does(at_s, VideoFrame(Table(bottles, 0.72).picture(), "camera", at_s))
    call.says(4.0, "what can you see")
    call.says(14.0, "and what can you see now")
    played = call.run(17.0)
    first, *_, last = [request.messages[-1].text for request in call.llm.requests]
    assert "Camera: Objects: 2 bottles" in first and ONLY_OBJECTS in first
    assert f"Camera: {NONE}" in last and "bottles" not in last
    assert played.heard() == ["Two bottles.", "Nothing."]


async def test_missing_files_are_told_at_load_and_name_the_model(tmp_path: Path) -> None:
    vision = VisionSettings(ocr="", objects="objectron")
    engines = Engines.of(Settings(vision=vision, models=ModelSettings(cache=str(tmp_path))))
    try:
        with pytest.raises(ModelError, match=MODEL) as raised:
            await load_sighted(engines, vision, None)
        assert "visavis models pull" in (raised.value.hint or "")
        with pytest.raises(ConfigError, match="unknown objects provider"):
            await load_sighted(engines, VisionSettings(ocr="", objects="objektron"), None)
    finally:
        await engines.close()


@pytest.mark.parametrize("content", [b"", b"not a network" * 40, b"???\n" * 46 + b"not a network"])
async def test_a_damaged_file_is_a_providers_error_at_the_first_look(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ProviderError, match="objects"):
        await ObjectronObjects(tmp_path).describe(EMPTY)


async def test_no_file_is_a_providers_error_at_the_first_look(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="objects"):
        await ObjectronObjects(tmp_path).describe(EMPTY)
