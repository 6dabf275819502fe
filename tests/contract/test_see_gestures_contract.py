"""What an engine for gestures owes: looks off the event loop, errors of our tree; and what the real one is worth."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from visavis.bench.drawn_hands import Act, HandTake, Raise, hand_takes
from visavis.bench.gestures import watch
from visavis.kernel.errors import ModelError, ProviderError
from visavis.kernel.settings import ModelSettings, Settings
from visavis.models.engines import EngineContext, Engines
from visavis.models.scheduler import ComputeScheduler
from visavis.models.store import ModelStore
from visavis.see.base import Image
from visavis.see.gesture_watch import MOST_FPS
from visavis.see.gestures import FACE_MODEL, MODEL, MediapipeGestures
from visavis.see.hands import HandFinder
from visavis.see.offline import pictures

NOBODY: Image = np.full((120, 160, 3), 90, np.uint8)


@pytest.fixture
def real() -> MediapipeGestures:
    store = ModelStore(Settings().models)
    for model in (MODEL, FACE_MODEL):
        if store.state(model).state != "present":
            pytest.skip(f"{model} is not here (visavis models pull {model})")
    return MediapipeGestures(store.path(MODEL), store.path(FACE_MODEL))


@pytest.mark.e2e
async def test_nothing_is_shown_where_nobody_is_and_looks_leave_the_loop_alone(
    real: MediapipeGestures, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    find = HandFinder.find
    monkeypatch.setattr(
        HandFinder, "find", lambda self, image: threads.append(threading.current_thread().name) or find(self, image)
    )
    assert await real.look(NOBODY) == []
    assert threads == ["vision_0"]


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("act", "told"), [("raised", True), ("fist", False), ("sideways", False), ("two hands", False)]
)
def test_drawn_hands(real: MediapipeGestures, act: Act, told: bool) -> None:
    """Of four people most are told who raise a hand, and nobody who does something else."""
    found = 0
    for index, take in enumerate(hand_takes(1, 4)):
        first = take.raises[0]
        fingers = (act != "fist",) * 4
        one = Raise(act, 1.0, 2.4, first.x, first.y, first.palm, 1.4 if act == "sideways" else 0.1, fingers)
        shown = HandTake(take.person, take.wall, [one], 4.0, index)
        times = [round(n / MOST_FPS, 3) for n in range(20)]
        found += bool(watch(real, act, ((at_s, shown.picture(at_s)) for at_s in times), []).told)
    assert found >= 3 if told else found == 0


@pytest.mark.e2e
@pytest.mark.shared
def test_signing_people_raise_no_hand(real: MediapipeGestures, shared_data: Path) -> None:
    """Ten signs of a sign language: hands everywhere, and none of them raised and held."""
    clips = sorted((shared_data / "video" / "gestures").glob("asl_*.mkv"))
    if len(clips) < 10:
        pytest.skip("no clips of signs in the shared data")
    for clip in clips:
        assert not watch(real, clip.name, pictures(clip, MOST_FPS), []).told, clip.name


@pytest.mark.e2e
@pytest.mark.shared
def test_the_hand_is_where_it_is_seen(real: MediapipeGestures, shared_data: Path) -> None:
    """A fist held up beside the head (labelled by eye) is found at its place, and not taken for more."""
    clip = shared_data / "video" / "gestures" / "asl_milk.mkv"
    if not clip.exists():
        pytest.skip("no clips of signs in the shared data")
    finder = HandFinder(ModelStore(Settings().models).path(MODEL))
    looked = 0
    for at_s, image in pictures(clip, MOST_FPS):
        if 0.45 <= at_s <= 1.1:
            knuckles = [one.points[9] / (image.shape[1], image.shape[0]) for one in finder.find(image)]
            assert any(np.hypot(*(place - (0.30, 0.36))) < 0.06 for place in knuckles), at_s
            assert real.signs(image) == []
            looked += 1
    assert looked >= 3


async def test_missing_files_are_told_at_load(tmp_path: Path) -> None:
    scheduler = ComputeScheduler(1)
    try:
        store = ModelStore(ModelSettings(cache=str(tmp_path)))
        with pytest.raises(ModelError, match=MODEL):
            await MediapipeGestures.load(EngineContext(Settings(), store, scheduler))
    finally:
        scheduler.close()


async def test_a_damaged_file_is_a_providers_error_at_the_first_look(tmp_path: Path) -> None:
    (tmp_path / "palm_detection_full.tflite").write_bytes(b"not a network")
    with pytest.raises(ProviderError, match="hands"):
        await MediapipeGestures(tmp_path, tmp_path).look(NOBODY)


async def test_the_setting_names_it(tmp_path: Path) -> None:
    engines = Engines.of(Settings(models=ModelSettings(cache=str(tmp_path))))
    try:
        with pytest.raises(ModelError, match=MODEL):
            await engines.get("vision", "mediapipe")
    finally:
        await engines.close()
