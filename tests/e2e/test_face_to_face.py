"""The main job with nothing replaced: real models, a real server process, real WebRTC, real Chromium."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.bench.crash import crash
from visavis.bench.figures import word_error_rate
from visavis.bench.server_process import ServerProcess, write_config
from visavis.bench.speech import RATE_HZ, spoken
from visavis.journal.export import read_jsonl
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.events import (
    ConsentGiven,
    FirstAudioPlayed,
    FramesSeen,
    Record,
    ReplyEnded,
    SessionEnded,
    SessionResumed,
    TextTyped,
    TurnEnded,
)
from visavis.session.replay import replay

pytestmark = pytest.mark.e2e

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUESTION = "What are your opening hours on Saturday?"
ASKED_S = 12.0
"""After the microphone is on: so long a busy machine may take to join, and to greet."""
UNDERSTOOD = "s.messages.some((one) => one.type === 'transcript' && one.role === 'user' && one.final)"
"""Not "thinking": an answer made ahead leaves less time for that than lies between two looks at the page."""
RESTART_S = 120.0
WAIT_S = 60.0


async def visavis(*arguments: str) -> tuple[int, str, str]:
    """The command as a user runs it: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "visavis.cli.main",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def speech_file(path: Path, *parts: str | float) -> Path:
    """A WAV file of spoken texts and silences (seconds)."""
    pieces = [await spoken(p) if isinstance(p, str) else np.zeros(round(p * RATE_HZ), np.int16) for p in parts]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.concatenate(pieces).tobytes())
    return path


@asynccontextmanager
async def page_with_voice(speech: Path, flags: Sequence[str] = ()) -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    arguments = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={speech}%noloop",
        "--allow-loopback-in-peer-connection",
        "--no-sandbox",
        *flags,
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            page = await (await browser.new_context()).new_page()
            page.set_default_timeout(WAIT_S * 1000)
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            yield page
            assert errors == []
        finally:
            await browser.close()


async def becomes(page: Any, condition: str, within_s: float = WAIT_S) -> None:
    """Until `condition` over the page's snapshot `s` holds. Polls: the page's content policy forbids `eval` in it."""
    async with asyncio.timeout(within_s):
        while not await page.evaluate(f"(() => {{ const s = visavis.snapshot(); return {condition}; }})()"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def ended(journal: Path, session: str) -> list[Record]:
    """The records of a call once its end is among them."""
    store = SqliteStore(str(journal))
    async with asyncio.timeout(WAIT_S):
        while True:
            records = store.read(session)
            if records and isinstance(records[-1].event, SessionEnded):
                return records
            await asyncio.sleep(0.2)


async def agree_and_join(page: Any, url: str) -> None:
    await page.goto(url)
    await page.get_by_role("button", name="Agree and join").click()
    await page.get_by_role("button", name="Join the call").click()
    await becomes(page, "s.connection === 'connected'")


async def test_a_person_in_a_browser_asks_aloud_then_types_and_leaves(tmp_path: Path) -> None:
    speech = await speech_file(tmp_path / "caller.wav", ASKED_S, QUESTION, 60.0)
    journal = tmp_path / "journal.db"
    config = write_config(tmp_path, f'[journal]\npath = "{journal}"\n')
    async with ServerProcess(config=config) as server, page_with_voice(speech) as page:
        await agree_and_join(page, server.url)
        await becomes(page, "s.state === 'speaking' && s.remoteLevel > 0.005")
        await becomes(page, UNDERSTOOD)
        await becomes(page, "s.state === 'speaking' && s.remoteLevel > 0.005")
        await becomes(page, "s.state === 'idle'")
        session = (await page.evaluate("visavis.snapshot()"))["session"]
        await page.get_by_role("textbox").fill("What does it cost to repair a flat tire?")
        await page.keyboard.press("Enter")
        await becomes(page, "s.state === 'speaking'")  # perhaps at once, where an opener comes first
        await becomes(page, "s.state === 'idle'")
        await page.get_by_role("button", name="Leave").click()
        records = await ended(journal, session)
    events = [record.event for record in records]
    consent = next(n for n, event in enumerate(events) if isinstance(event, ConsentGiven))
    assert not any(event.content for event in events[:consent])
    asked = [event for event in events if isinstance(event, TurnEnded)]
    assert word_error_rate([(QUESTION, asked[0].text)]) <= 0.3
    assert [event.text for event in events if isinstance(event, TextTyped)] == [asked[1].text]
    said = [event.text for event in events if isinstance(event, ReplyEnded)]
    assert len(said) == 3 and "15" in said[2]
    assert any(isinstance(event, FramesSeen) and event.source == "camera" for event in events)
    assert [event.reason for event in events if isinstance(event, SessionEnded)] == ["left"]
    assert replay(records).same, replay(records).difference


async def test_the_page_finds_its_conversation_again_after_kill_9(tmp_path: Path) -> None:
    speech = await speech_file(tmp_path / "caller.wav", ASKED_S, QUESTION, 120.0)
    journal = tmp_path / "journal.db"
    config = write_config(tmp_path, f'[journal]\npath = "{journal}"\n[webrtc]\nreconnect_s = {RESTART_S}\n')
    async with ServerProcess(config=config) as server, page_with_voice(speech) as page:
        await agree_and_join(page, server.url)
        await becomes(page, "s.committed > 0")
        await becomes(page, "s.state === 'speaking'")
        before = await page.evaluate("visavis.snapshot()")
        server.worker.kill()
        await becomes(page, "s.connection !== 'connected'")
        await page.get_by_text("Reconnecting").first.wait_for()
        await becomes(page, "s.connection === 'connected' && s.resumed", RESTART_S)
        await becomes(page, "s.state === 'speaking'")
        after = await page.evaluate("visavis.snapshot()")
        shown = await page.locator("body").inner_text()
    assert after["session"] == before["session"]
    assert "Saturday" in shown or "opening" in shown
    records = SqliteStore(str(journal)).read(before["session"])
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert before["committed"] <= len(records)
    resumed = [record.event for record in records if isinstance(record.event, SessionResumed)]
    assert len(resumed) == 1 and resumed[0].turns_kept >= 1


async def test_the_demo_holds_its_call_and_prints_its_figures() -> None:
    code, out, err = await visavis("demo", "--once", "--json")
    figures = json.loads(out.splitlines()[-1])
    assert (code, figures["errors"]) == (0, []), err
    assert figures["turns"] >= 4 and figures["interruptions"] >= 1
    assert figures["wer_of_caller"] <= 0.15
    assert 0 < figures["v2v_ms"]["p50"] <= figures["v2v_ms"]["p95"]
    assert set(figures["stages_ms"]) == {"endpoint", "asr", "llm_first_token", "first_clause", "tts", "transport"}
    assert all(value >= 0 for value in figures["stages_ms"].values())
    assert figures["cpu_ms_per_s"] > 0 and figures["rss_mb"] > 100


async def test_a_crash_loses_nothing_that_was_acknowledged() -> None:
    figures = await crash()
    assert figures["acknowledged"] > 0
    assert figures["acknowledged_lost"] == 0
    assert figures["journal_gapless"] and figures["reconnected"]
    assert figures["told"]


async def test_a_recording_is_answered_recorded_and_replays_the_same(tmp_path: Path) -> None:
    speech = await speech_file(tmp_path / "caller.wav", 4.5, QUESTION, 1.0)
    out = tmp_path / "out"
    code, printed, err = await visavis("call", str(speech), "--consent", "--fast", "--json", "--out", str(out))
    assert code == 0, err
    figures = json.loads(printed.splitlines()[-1])
    assert word_error_rate([(QUESTION, " ".join(figures["turns"]))]) <= 0.3
    assert len(figures["replies"]) == 2 and all(figures["replies"])
    with wave.open(str(out / "call.wav")) as file:
        assert file.getnchannels() == 2
        sides = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        assert np.abs(sides).max(axis=0).min() > 1000
        assert file.getnframes() / file.getframerate() > 8.0
    records = read_jsonl((out / "journal.jsonl").read_text().splitlines())
    played = [record.event for record in records if isinstance(record.event, FirstAudioPlayed)]
    assert len(played) == 2 and played[1].v2v_s > 0
    assert (out / "call.vtt").read_text().startswith("WEBVTT")
    code, printed, _ = await visavis("journal", "replay", str(out / "journal.jsonl"))
    assert code == 0 and "the same" in printed


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"this is no media file" * 50, "media"), (None, "no such file")],
    ids=["corrupt", "missing"],
)
async def test_a_recording_that_cannot_be_a_call_is_refused_clearly(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "caller.wav"
    if content is not None:
        path.write_bytes(content)
    code, _, err = await visavis("call", str(path), "--consent", "--out", str(tmp_path / "out"))
    assert code == 2
    assert says in err.lower() or "no file" in err.lower()
    assert not (tmp_path / "out").exists()
