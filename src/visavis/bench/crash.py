"""`visavis bench crash`: kill -9 of the serving process in mid-call. What was acknowledged must be on disk, and the
caller must find the conversation again.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

from visavis.bench.conversation import Conversation, Line
from visavis.bench.server_process import ServerProcess, write_config
from visavis.bench.speech import spoken
from visavis.journal.sqlite import SqliteStore
from visavis.kernel.errors import TransportError
from visavis.kernel.messages import Committed, Hello, Transcript
from visavis.testing.rtc_caller import RtcCaller

BACK_WITHIN_S = 120.0
RETRY_S = 0.5
TOLD_WITHIN_S = 20.0


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    return await crash()


async def crash(agent: str = "") -> dict[str, Any]:
    """Returns `acknowledged_lost`, `reconnected`, `reconnect_ms` and what led to them."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.db"
        config = write_config(Path(folder), f'[journal]\npath = "{journal}"\n')
        async with ServerProcess(agent=agent, config=config) as server:
            return await _crash(server, journal)


async def _crash(server: ServerProcess, journal: Path) -> dict[str, Any]:
    caller = RtcCaller(video=True)
    await caller.join(server.url)
    conversation = Conversation(caller)
    await conversation.begin()
    await conversation.hold([Line("How much does a full service cost?")])
    await caller.say(await spoken("And what are your opening hours on Saturday?"))
    await caller.wait_for(Transcript, after_s=asyncio.get_running_loop().time(), timeout_s=20)
    acknowledged = max(m.seq for _, m in caller.messages if isinstance(m, Committed))
    server.worker.kill()
    killed_s = asyncio.get_running_loop().time()
    session = caller.session
    await caller.drop()
    reconnected = await _come_back(caller, server, killed_s)
    back_ms = (asyncio.get_running_loop().time() - killed_s) * 1000
    resumed = reconnected and caller.session == session and await _greeted_again(caller, killed_s)
    told = await _told(caller, killed_s) if resumed else ""
    await caller.leave()
    kept = [record.seq for record in SqliteStore(str(journal)).read(session)]
    lost = len(set(range(1, acknowledged + 1)) - set(kept))
    return {
        "acknowledged": acknowledged,
        "acknowledged_lost": lost,
        "journal_gapless": kept == list(range(1, len(kept) + 1)),
        "reconnected": resumed,
        "reconnect_ms": round(back_ms),
        "told": told,
    }


async def _come_back(caller: RtcCaller, server: ServerProcess, killed_s: float) -> bool:
    """As the page does: try until the restarted server answers."""
    while asyncio.get_running_loop().time() < killed_s + BACK_WITHIN_S:
        try:
            await caller.join(server.url)
            return True
        except (TransportError, OSError):
            await asyncio.sleep(RETRY_S)
    return False


async def _greeted_again(caller: RtcCaller, killed_s: float) -> bool:
    """Whether the server, on the new line, says that this is the old conversation."""
    try:
        hello: Hello = await caller.wait_for(Hello, after_s=killed_s, timeout_s=TOLD_WITHIN_S)
    except TimeoutError:
        return False
    return hello.resumed


async def _told(caller: RtcCaller, killed_s: float) -> str:
    """What the agent says to the person who comes back; '' when it says nothing in time."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + TOLD_WITHIN_S
    while loop.time() < until_s:
        for at_s, message in caller.messages:
            if at_s > killed_s and isinstance(message, Transcript) and message.role == "agent":
                return message.text
        await asyncio.sleep(0.1)
    return ""
