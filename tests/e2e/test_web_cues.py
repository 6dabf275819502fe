"""Visual cues at the call page: a box of their own, and reading them without the picture leaving the device."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import av
import pytest
from page_driver import allowed_and_taken_back, caller, until

from visavis.kernel.events import FaceCue, Nodded
from visavis.kernel.settings import Settings
from visavis.models.store import ModelStore
from visavis.see.base import FaceObservation
from visavis.see.cues import CueReader
from visavis.server.vision import MODEL

pytestmark = pytest.mark.e2e

BOX = "Visual cues: software may read"
HERE = "Read them in this page"


async def test_cues_are_allowed_by_a_tick_and_taken_back_under_devices() -> None:
    async with caller() as person:
        await allowed_and_taken_back(person, BOX, "Visual cues from my camera", "cues")


def observations(seed: int, count: int = 400) -> list[tuple[float, FaceObservation | None]]:
    """Half a minute of somebody who talks, turns, nods and is gone now and then."""
    chance = random.Random(seed)
    looks: list[tuple[float, FaceObservation | None]] = []
    at_s, mood = 0.0, "still"
    for n in range(count):
        at_s += 1.2 if chance.random() < 0.01 else 1 / 12
        if n % 12 == 0:
            mood = chance.choice(["still", "talks", "turned", "nods", "gone"])
        mouth = 0.15 + 0.15 * math.sin(25 * at_s) if mood == "talks" else 0.02
        nose = 1 + 0.06 * (1 - math.cos(2 * math.pi * 2 * at_s)) if mood == "nods" else 1.0
        yaw = (50.0 if mood == "turned" else 5.0) + chance.uniform(-2, 2)
        face = FaceObservation(chance.choice([1, 1, 1, 2]), (0, 0, 1, 1), mouth, yaw, 0.0, nose)
        looks.append((round(at_s, 4), None if mood == "gone" else face))
    return looks


async def test_the_page_reads_cues_by_the_packages_rules() -> None:
    looks = observations(1) + [(at_s + 1000, seen) for at_s, seen in observations(2)]
    reader, expected = CueReader(), []
    for at_s, seen in looks:
        events = reader.push(at_s, seen)
        changed = any(isinstance(event, FaceCue) for event in events)
        nod = any(isinstance(event, Nodded) for event in events)
        expected.append([changed, nod, reader.cue.mouth, reader.cue.facing, reader.cue.faces])
    assert {tuple(line[2:4]) for line in expected} >= {("moving", "here"), ("still", "away"), ("unknown", "unknown")}
    assert any(line[1] for line in expected)
    plain = [
        [at_s, seen and {"faces": seen.faces, "mouth": seen.mouth, "yaw": seen.yaw_deg, "nose": seen.nose_y}]
        for at_s, seen in looks
    ]
    async with caller() as person:
        await person.open()
        told: Any = await person.page.evaluate(
            """async (looks) => {
              const { CueReader } = await import("/static/cues.js");
              const reader = new CueReader();
              return looks.map(([at, seen]) => {
                const { changed, nod } = reader.push(at, seen);
                return [changed, nod, reader.cue.mouth, reader.cue.facing, reader.cue.faces];
              });
            }""",
            plain,
        )
    assert told == expected


@pytest.mark.shared
async def test_a_camera_that_stays_here_is_read_here(shared_data: Path, tmp_path: Path) -> None:
    clip = shared_data / "video" / "talking_head" / "wda_aoc.mp4"
    if not clip.exists():
        pytest.skip("no clip of a talking head in the shared data")
    if ModelStore(Settings().models).state(MODEL).state not in ("present", "own"):
        pytest.skip(f"{MODEL} is not here (visavis models pull {MODEL})")
    camera = tmp_path / "camera.mjpeg"
    as_mjpeg(clip, camera)
    flags = (f"--use-file-for-fake-video-capture={camera}", "--enable-unsafe-swiftshader")
    async with caller(flags=flags) as person:
        await person.open()
        await person.page.get_by_label(BOX).check()
        await person.page.get_by_label(HERE).check()
        await person.agree()
        await person.page.get_by_role("button", name="Join the call").click()
        await person.connected()
        await until(lambda: any(cue["faces"] for cue in person.server.received("cue")), 60)
        assert person.peer.received[0]["purposes"] == ["listen", "screen", "cues"]
        camera_mid = (await person.snapshot())["mids"]["camera"]
        assert not person.peer.frames.get(camera_mid), "pictures left the device"
        assert await person.page.evaluate("document.querySelector('iframe').sandbox.value") == "allow-scripts"


def as_mjpeg(clip: Path, out: Path, frames: int = 50) -> None:
    with av.open(str(clip)) as source, av.open(str(out), "w", format="mjpeg") as target:
        stream = target.add_stream("mjpeg", 25)
        stream.width, stream.height, stream.pix_fmt = 480, 480, "yuvj420p"
        for n, frame in enumerate(source.decode(video=0)):
            if n == frames:
                break
            pixels = frame.reformat(480, 480, "rgb24").to_ndarray()
            target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuvj420p")))
        target.mux(stream.encode())
