"""A recording as the caller, on virtual time: minutes of call in a blink."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from visavis.kernel.clock import LoopClock, MediaClock
from visavis.kernel.errors import UsageError
from visavis.kernel.media import AudioFrame, Pcm, VideoFrame
from visavis.kernel.messages import Consent, State
from visavis.kernel.virtual_time import VirtualTimeLoop
from visavis.transport.base import Gone, Incoming
from visavis.transport.media_reader import MediaReader
from visavis.transport.mediafile import MediaFileTransport

VOICE: Pcm = (np.sin(np.arange(480) / 24_000 * 2 * np.pi * 300) * 8000).astype(np.int16)


def write_wav(path: Path, seconds: float = 2.0, rate_hz: int = 44_100, channels: int = 2) -> Path:
    tone = (np.sin(np.arange(int(seconds * rate_hz)) / rate_hz * 2 * np.pi * 440) * 8000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(tone, channels).tobytes())
    return path


def write_video(path: Path, seconds: float = 2.0, *, sound: bool = True) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = container.add_stream("aac", rate=48_000) if sound else None
        for n in range(int(seconds * 25)):
            picture = av.VideoFrame.from_ndarray(np.full((180, 320, 3), n * 4 % 256, np.uint8), format="rgb24")
            container.mux(video.encode(picture))
        if audio is not None:
            tone = (np.sin(np.arange(int(seconds * 48_000)) / 48_000 * 2 * np.pi * 440) * 0.3).astype(np.float32)
            for start in range(0, len(tone) - 1023, 1024):
                frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
                container.mux(audio.encode(frame))
            container.mux(audio.encode())
        container.mux(video.encode())
    return path


Timed = tuple[float, Incoming]
Say = Callable[[MediaFileTransport, float], None]


def call(transport: MediaFileTransport, on_tick: Say = lambda transport, now_s: None) -> list[Timed]:
    """The whole call; `on_tick` is the agent, asked at every audio frame."""
    items: list[Timed] = []

    async def scene() -> None:
        media = MediaClock(LoopClock())
        async for item in transport.incoming(media):
            items.append((media.now(), item))
            if isinstance(item, AudioFrame):
                on_tick(transport, media.now())
        await transport.close("media_ended")
        await transport.close("media_ended")

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(scene())
    return items


def answer_from(start_s: float, seconds: float) -> Say:
    return lambda transport, now_s: transport.play(
        VOICE if start_s <= now_s < start_s + seconds else VOICE[:0], now_s
    )


def test_audio_comes_at_the_pace_of_the_clock_in_20_ms_frames(tmp_path: Path) -> None:
    items = call(MediaFileTransport(write_wav(tmp_path / "a.wav"), consent=True), answer_from(2.2, 1.0))
    frames = [(at_s, item) for at_s, item in items if isinstance(item, AudioFrame)]
    assert all(len(frame.pcm) == 320 and frame.rate_hz == 16_000 for _, frame in frames)
    assert all(at_s == pytest.approx(frame.end_s, abs=1e-3) for at_s, frame in frames)
    loud_s = sum(frame.duration_s for _, frame in frames if np.abs(frame.pcm).max() > 4_000)
    assert loud_s == pytest.approx(2.0, abs=0.06)


def test_the_line_stays_open_until_the_agent_has_finished(tmp_path: Path) -> None:
    answered = call(MediaFileTransport(write_wav(tmp_path / "a.wav"), consent=True), answer_from(3.0, 4.0))
    assert answered[-1][1] == Gone("media_ended")
    assert answered[-1][0] == pytest.approx(7.0 + 3.0, abs=0.1)
    unanswered = call(MediaFileTransport(write_wav(tmp_path / "a.wav"), consent=True, patience_s=6.0))
    assert unanswered[-1][0] == pytest.approx(2.0 + 6.0, abs=0.1)


@pytest.mark.parametrize("consent", [True, False])
def test_consent_is_the_operators_and_comes_first(tmp_path: Path, consent: bool) -> None:
    items = call(MediaFileTransport(write_wav(tmp_path / "a.wav", 0.2), consent=consent, patience_s=3.0))
    first = items[0][1]
    assert isinstance(first, Consent)
    assert first.given is consent


def test_pictures_come_at_their_time_and_five_a_second(tmp_path: Path) -> None:
    items = call(MediaFileTransport(write_video(tmp_path / "a.mkv", 3.0), consent=True, patience_s=3.0))
    pictures = [(at_s, item) for at_s, item in items if isinstance(item, VideoFrame)]
    assert 14 <= len(pictures) <= 16
    assert all(p.image.shape == (180, 320, 3) and p.image.dtype == np.uint8 for _, p in pictures)
    assert all(abs(at_s - picture.at_s) < 0.05 for at_s, picture in pictures)


def recorded(path: Path, *, pictures_s: float, sound_s: float, turned_deg: int = 0) -> Path:
    """Five pictures a second, 64×32, light on the left; and a tone."""
    image = np.zeros((32, 64, 3), np.uint8)
    image[:, :32] = 255
    tone = (np.sin(np.arange(16_000) / 16_000 * 2 * np.pi * 440) * 8000).astype(np.int16)
    with av.open(str(path), "w") as container:
        video, audio = container.add_stream("mpeg4", rate=5), container.add_stream("aac", rate=16_000)
        video.width, video.height, video.pix_fmt, audio.layout = 64, 32, "yuv420p", "mono"
        video.set_display_rotation(turned_deg)
        for n in range(round(pictures_s * 5)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            if n % 5 == 0 and n < sound_s * 5:
                frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 16_000, n // 5 * 16_000, Fraction(1, 16_000)
                container.mux(audio.encode(frame))
        container.mux(audio.encode())
        container.mux(video.encode())
    return path


def test_pictures_are_turned_as_the_recording_says(tmp_path: Path) -> None:
    """A phone that is held upright records lying pictures, and how to turn them. As Chromium shows such a file."""
    clip = recorded(tmp_path / "phone.mp4", pictures_s=2.0, sound_s=2.0, turned_deg=90)
    chunk = MediaReader(clip).read(1.0)
    assert chunk is not None
    image = chunk.pictures[0].image
    assert image.shape == (64, 32, 3)
    assert image[:24].max() < 60 and image[40:].min() > 200


def test_where_sound_ends_early_pictures_are_not_piled_up(tmp_path: Path) -> None:
    clip = recorded(tmp_path / "mute.mp4", pictures_s=60.0, sound_s=2.0)
    reader, kept = MediaReader(clip), 0
    while (chunk := reader.read(1.0)) is not None:
        kept += len(chunk.pictures)
    assert kept >= 9
    assert len(reader._pictures) <= 5 * 11


def test_both_sides_are_recorded_where_they_were_heard(tmp_path: Path) -> None:
    path = tmp_path / "out" / "call.wav"
    call(MediaFileTransport(write_wav(tmp_path / "a.wav"), consent=True, record=path), answer_from(2.5, 1.0))
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 24_000)
        sides = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    loud = [np.flatnonzero(np.abs(sides[:, side]) > 2_000) / 24_000 for side in (0, 1)]
    assert (loud[0][0], loud[0][-1]) == (pytest.approx(0.0, abs=0.05), pytest.approx(2.0, abs=0.05))
    assert (loud[1][0], loud[1][-1]) == (pytest.approx(2.5, abs=0.05), pytest.approx(3.5, abs=0.05))


def test_a_session_may_hang_up_before_the_file_is_over(tmp_path: Path) -> None:
    transport = MediaFileTransport(write_wav(tmp_path / "a.wav", 30.0), consent=True)
    seen: list[Incoming] = []

    async def scene() -> None:
        async for item in transport.incoming(MediaClock(LoopClock())):
            seen.append(item)
            if len(seen) == 50:
                await transport.close("time_limit")
        transport.send(State("ended"))
        transport.play(VOICE, 1.0)

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(scene())
    assert seen[-1] == Gone("time_limit")
    assert len(seen) < 60


def test_useless_files_are_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(50_000))
    (tmp_path / "empty.wav").write_bytes(b"")
    whole = write_wav(tmp_path / "whole.wav").read_bytes()
    (tmp_path / "head.wav").write_bytes(whole[:44])
    for name in ("noise.mp4", "empty.wav", "head.wav"):
        with pytest.raises(UsageError, match="cannot be read as audio or video"):
            MediaFileTransport(tmp_path / name, consent=True)
    with pytest.raises(UsageError, match="there is no file"):
        MediaFileTransport(tmp_path / "absent.wav", consent=True)
    with pytest.raises(UsageError, match="is a directory"):
        MediaFileTransport(tmp_path, consent=True)
    with pytest.raises(UsageError, match="no audio stream"):
        MediaFileTransport(write_video(tmp_path / "mute.mkv", 0.5, sound=False), consent=True)


def test_a_file_that_breaks_off_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", 4.0).read_bytes()
    (tmp_path / "torn.mkv").write_bytes(whole[: len(whole) // 2])
    items = call(MediaFileTransport(tmp_path / "torn.mkv", consent=True, patience_s=3.0))
    loud = [item for _, item in items if isinstance(item, AudioFrame) and np.abs(item.pcm).max() > 1_000]
    assert 0.5 < sum(frame.duration_s for frame in loud) < 4.0
    assert items[-1][1] == Gone("media_ended")
