"""Recorded calls in which something is shown to the camera: real models, whatever the machine's speed."""

from __future__ import annotations

import importlib.util
import json
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from test_face_to_face import visavis

from visavis.bench.drawn_bottles import Table
from visavis.bench.speech import RATE_HZ, spoken
from visavis.journal.export import read_jsonl
from visavis.kernel.events import DocumentRead, FrameSent, FrameUsed, ReplyEnded, ReplyStarted, SightNoted, TurnEnded
from visavis.kernel.settings import Settings
from visavis.models.store import ModelStore
from visavis.see.base import Image
from visavis.see.objectron import MODEL as OBJECTS
from visavis.testing.pages import TOTAL, held_up, invoice

pytestmark = pytest.mark.e2e

QUESTION = "Can you tell me the total on this invoice?"
AGENT = """
name = "Robin"
greeting = "Hello, this is Robin."
instructions = "You help callers with their papers: bills, letters and forms that they show you."
"""
FPS = 5


async def recording(path: Path, image: Image, *parts: str | float) -> Path:
    """`image` held still while the parts are said: texts, and silences in seconds."""
    pieces = [await spoken(p) if isinstance(p, str) else np.zeros(round(p * RATE_HZ), np.int16) for p in parts]
    pcm = np.concatenate(pieces)
    with av.open(str(path), "w", format="matroska") as file:
        video = file.add_stream("mjpeg", FPS)
        video.height, video.width = image.shape[:2]
        video.pix_fmt, video.options = "yuvj420p", {"qmin": "3", "qmax": "3"}
        sound = file.add_stream("pcm_s16le", RATE_HZ)
        sound.layout = "mono"
        for n in range(int(len(pcm) / RATE_HZ * FPS)):
            picture = av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuvj420p")
            picture.pts, picture.time_base = n, Fraction(1, FPS)
            file.mux(video.encode(picture))
            start = n * RATE_HZ // FPS
            piece = pcm[start : (n + 1) * RATE_HZ // FPS]
            heard = av.AudioFrame.from_ndarray(piece[None], "s16", "mono")
            heard.sample_rate, heard.pts, heard.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            file.mux(sound.encode(heard))
        file.mux(video.encode(None))
        file.mux(sound.encode(None))
    return path


async def test_the_total_of_an_invoice_in_view_is_told_and_the_ledger_says_from_which_frame(tmp_path: Path) -> None:
    if importlib.util.find_spec("tesserocr") is None and shutil.which("tesseract") is None:
        pytest.skip("nothing on this machine can read text in pictures")
    agent = tmp_path / "agent.toml"
    agent.write_text(AGENT, encoding="utf-8")
    clip = await recording(tmp_path / "caller.mkv", held_up(invoice()), 6.0, QUESTION, 2.0)
    out = tmp_path / "out"
    arguments = (str(clip), "--consent", "--fast", "--json", "--agent", str(agent), "--out", str(out))
    code, printed, err = await visavis("call", *arguments)
    assert code == 0, err
    assert json.loads(printed.splitlines()[-1])["turns"]
    records = list(read_jsonl((out / "journal.jsonl").read_text().splitlines()))
    told = "\n".join(f"{record.at_s:8.3f}  {record.event}" for record in records)
    events = [record.event for record in records]
    (asked,) = [event for event in events if isinstance(event, TurnEnded)]
    answers = {event.reply for event in events if isinstance(event, ReplyStarted) and event.turn == asked.turn}
    said = " ".join(event.text for event in events if isinstance(event, ReplyEnded) and event.reply in answers)
    assert TOTAL in said, told
    sent = {event.frame_at_s: event.why for event in events if isinstance(event, FrameSent)}
    read = {f"document {event.document}": event for event in events if isinstance(event, DocumentRead)}
    used = [event for event in events if isinstance(event, FrameUsed) and event.reply in answers]
    [document] = [event for event in used if event.how in read]
    assert TOTAL in read[document.how].text
    assert sent[document.frame_at_s] == "first_frame"
    assert "asked" in sent.values(), told
    assert any(sent[event.frame_at_s] == "asked" for event in used), told


async def test_bottles_before_the_camera_are_told_where_objects_are_named(tmp_path: Path) -> None:
    """Nobody reads or describes pictures here but the small detector."""
    if ModelStore(Settings().models).state(OBJECTS).state != "present":
        pytest.skip(f"{OBJECTS} is not here (visavis models pull {OBJECTS})")
    agent, settings, out = tmp_path / "agent.toml", tmp_path / "visavis.toml", tmp_path / "out"
    agent.write_text(AGENT, encoding="utf-8")
    settings.write_text('[vision]\nocr = ""\nobjects = "objectron"\n', encoding="utf-8")
    bottles = Table(2, 0.72).picture()
    clip = await recording(tmp_path / "caller.mkv", bottles, 6.0, "How many bottles can you see?", 2.0)
    arguments = ("--consent", "--fast", "--json", "--agent", str(agent), "--config", str(settings))
    code, _, err = await visavis("call", str(clip), *arguments, "--out", str(out))
    assert code == 0, err
    records = list(read_jsonl((out / "journal.jsonl").read_text().splitlines()))
    told = "\n".join(f"{record.at_s:8.3f}  {record.event}" for record in records)
    events = [record.event for record in records]
    assert {event.text for event in events if isinstance(event, SightNoted)} == {"Objects: 2 bottles"}, told
    assert [event.how for event in events if isinstance(event, FrameUsed)] == ["objects"], told
    said = " ".join(event.text for event in events if isinstance(event, ReplyEnded) and event.reply > 1)
    assert "two" in said.lower() or "2" in said, told
