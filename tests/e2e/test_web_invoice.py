"""The caller holds up an invoice and asks for the total: real browser, embedded models, a camera from a file."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
from test_face_to_face import agree_and_join, becomes, ended, page_with_voice, speech_file

from visavis.bench.server_process import ServerProcess, write_config
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.events import (
    DocumentRead,
    FramesDropped,
    FrameSent,
    FrameUsed,
    Record,
    ReplyEnded,
    ReplyStarted,
    SessionEnded,
    TurnEnded,
)
from visavis.see.picture import to_jpeg
from visavis.session.replay import replay
from visavis.testing.pages import TOTAL, held_up, invoice

pytestmark = pytest.mark.e2e

QUESTION = "Can you tell me the total on this invoice?"
ASKED_S = 20.0
"""After the microphone is on: so long a busy machine may take to join, to greet and to read the page."""
ANSWER_WITHIN_S = 150.0
SLOW = "[llm]\nfirst_timeout_s = 90\ntotal_timeout_s = 120\n"
"""A machine that also runs the browser and encodes its camera may be slow."""
AGENT = """
name = "Robin"
greeting = "Hello, this is Robin."
instructions = "You help callers with their papers: bills, letters and forms that they show you."
"""


def camera_file(path: Path) -> Path:
    """The invoice, held still in front of a room: 1280×720."""
    path.write_bytes(to_jpeg(held_up(invoice()), 2) * 4)
    return path


async def call(folder: Path) -> list[Record]:
    """The journal of the call."""
    agent = folder / "agent.toml"
    agent.write_text(AGENT, encoding="utf-8")
    journal = folder / "journal.db"
    config = write_config(folder, f'[journal]\npath = "{journal}"\n{SLOW}')
    speech = await speech_file(folder / "caller.wav", ASKED_S, QUESTION, 200.0)
    camera = (f"--use-file-for-fake-video-capture={camera_file(folder / 'camera.mjpeg')}",)
    async with ServerProcess(agent=str(agent), config=config) as server, page_with_voice(speech, camera) as page:
        await agree_and_join(page, server.url)
        session = str((await page.evaluate("visavis.snapshot()"))["session"])
        try:
            answer = page.locator("#captions li", has_text=TOTAL)
            await answer.first.wait_for(timeout=ANSWER_WITHIN_S * 1000)
            await becomes(page, "s.state === 'idle'")
            await page.get_by_role("button", name="Leave").click()
            await ended(journal, session)
        finally:
            records = SqliteStore(str(journal)).read(session)
            print("\n".join(f"{record.at_s:8.3f}  {record.event}" for record in records))
    return records


async def test_the_total_of_an_invoice_held_to_the_camera_is_told(tmp_path: Path) -> None:
    if importlib.util.find_spec("tesserocr") is None and shutil.which("tesseract") is None:
        pytest.skip("nothing on this machine can read text in pictures")
    records = await call(tmp_path)
    events = [record.event for record in records]
    (asked,) = [event for event in events if isinstance(event, TurnEnded)]
    assert "total" in asked.text
    answers = {event.reply for event in events if isinstance(event, ReplyStarted) and event.turn == asked.turn}
    said = [event.text for event in events if isinstance(event, ReplyEnded) and event.reply in answers]
    assert TOTAL in " ".join(said)
    # The ledger explains which frame the answer rests on.
    used = [event for event in events if isinstance(event, FrameUsed) and event.reply in answers]
    sent = {event.frame_at_s: event for event in events if isinstance(event, FrameSent)}
    read = {f"document {event.document}": event for event in events if isinstance(event, DocumentRead)}
    told = [event for event in used if event.how in read and TOTAL in read[event.how].text]
    assert told and {sent[event.frame_at_s].source for event in told} == {"camera"}
    assert any(event.why == "asked" for event in sent.values())
    assert any(event.counts.get("unchanged") for event in events if isinstance(event, FramesDropped))
    assert [event.reason for event in events if isinstance(event, SessionEnded)] == ["left"]
    assert replay(records).same, replay(records).difference
