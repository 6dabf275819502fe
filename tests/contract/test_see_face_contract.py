"""What every face engine owes: looks off the event loop, state by caller, errors of our tree."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from visavis.kernel.errors import ModelError, ProviderError
from visavis.kernel.settings import ModelSettings, Settings
from visavis.models.engines import EngineContext
from visavis.models.scheduler import ComputeScheduler
from visavis.models.store import ModelStore
from visavis.see.base import FaceEngine, Image
from visavis.see.mediapipe import MODEL, MediapipeFace
from visavis.see.mesh import FaceMesh
from visavis.see.offline import pictures
from visavis.testing.faces import ScriptedFace, picture

NOBODY: Image = np.full((120, 160, 3), 90, np.uint8)


@asynccontextmanager
async def engine(kind: str) -> AsyncIterator[FaceEngine]:
    scheduler = ComputeScheduler(1)
    try:
        if kind == "scripted":
            yield ScriptedFace()
            return
        store = ModelStore(Settings().models)
        if store.state(MODEL).state != "present":
            pytest.skip(f"{MODEL} is not here (visavis models pull {MODEL})")
        yield await MediapipeFace.load(EngineContext(Settings(), store, scheduler))
    finally:
        scheduler.close()


KINDS = ["scripted", pytest.param("mediapipe", marks=pytest.mark.e2e)]


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_is_seen_where_nobody_is(kind: str) -> None:
    async with engine(kind) as face:
        looks = face.tracker()
        empty = NOBODY if kind == "mediapipe" else picture(0.0, faces=0).image
        assert await looks.look(empty) is None
        assert await looks.look(empty) is None


@pytest.mark.e2e
@pytest.mark.shared
@pytest.mark.parametrize("fps", [8.0, 15.0])
async def test_a_face_is_followed_and_measured(shared_data: Path, fps: float) -> None:
    clip = shared_data / "video" / "talking_head" / "wda_aoc.mp4"
    if not clip.exists():
        pytest.skip("no clip of a talking head in the shared data")
    async with engine("mediapipe") as face:
        person, nobody = face.tracker(), face.tracker()
        seen = []
        for at_s, image in pictures(clip, fps):
            if at_s > 3:
                break
            seen.append(await person.look(image))
            assert await nobody.look(NOBODY) is None, "another caller's camera"
        faces = [one for one in seen if one is not None]
        assert len(faces) == len(seen)
        assert all(one.box[0] >= 0 and one.box[0] + one.box[2] <= 1.05 for one in faces)
        assert all(0.2 < one.box[3] < 0.9 for one in faces)
        assert all(abs(one.yaw_deg) < 30 for one in faces), "she looks at the camera"
        assert max(one.mouth for one in faces) - min(one.mouth for one in faces) > 0.2, "and talks"


@pytest.mark.e2e
async def test_looks_run_on_the_computes_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()
    real = FaceMesh.look

    def look(self: FaceMesh, *arguments: object) -> object:
        threads.add(threading.current_thread().name)
        return real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(FaceMesh, "look", look)
    async with engine("mediapipe") as face:
        await asyncio.gather(*(face.tracker().look(NOBODY) for _ in range(4)))
    assert threads == {"compute-0"}


async def test_missing_files_are_told_at_load(tmp_path: Path) -> None:
    scheduler = ComputeScheduler(1)
    try:
        store = ModelStore(ModelSettings(cache=str(tmp_path)))
        with pytest.raises(ModelError, match=MODEL):
            await MediapipeFace.load(EngineContext(Settings(), store, scheduler))
    finally:
        scheduler.close()


async def test_a_damaged_file_is_a_providers_error_at_the_first_look(tmp_path: Path) -> None:
    (tmp_path / "face_detection_short_range.tflite").write_bytes(b"not a network")
    scheduler = ComputeScheduler(1)
    try:
        with pytest.raises(ProviderError, match="face"):
            await MediapipeFace(tmp_path, scheduler).tracker().look(NOBODY)
    finally:
        scheduler.close()
