"""`visavis call`"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
from pathlib import Path
from typing import TextIO

from visavis.cli.options import Subparsers, add_agent, add_config, chosen_agent, chosen_settings
from visavis.kernel.agent import Agent
from visavis.kernel.errors import UsageError, VisavisError
from visavis.kernel.events import FirstAudioPlayed, Interrupted, Record, ReplyEnded, ToolCalled, TurnEnded
from visavis.kernel.settings import Settings
from visavis.transport.base import Transport

_HELP = """\
Plays an audio or video file as the caller and prints the conversation with its timings. With --out the call is
written to a directory: call.wav (stereo: caller left, agent right), call.vtt (captions), journal.jsonl.

The people in the recording must have agreed to be listened to: say so with --consent.

  visavis call question.wav --consent
  visavis call meeting.mp4 --consent --agent shop.toml --out /tmp/call --fast
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "call",
        help="play a media file as the caller and record the conversation",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("media", metavar="MEDIA", help="audio or video file of the caller")
    add_agent(parser)
    add_config(parser)
    parser.add_argument(
        "--consent", action="store_true", help="the recorded people agreed to be listened to by an AI"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="write call.wav, call.vtt and journal.jsonl there")
    parser.add_argument("--fast", action="store_true", help="as fast as the models allow, not in real time")
    parser.add_argument("--json", action="store_true", help="one JSON line at the end")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from visavis.kernel.virtual_time import VirtualTimeLoop

    if not options.consent:
        raise UsageError("nothing is listened to without consent", hint="add --consent if the people recorded agreed")
    if options.fast:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            return runner.run(_call(options))
    return asyncio.run(_call(options))


async def _call(options: argparse.Namespace) -> int:
    from visavis.cli.call_files import write_captions
    from visavis.journal.export import write_jsonl
    from visavis.transport.mediafile import MediaFileTransport

    out: Path | None = options.out
    agent, settings = chosen_agent(options), chosen_settings(options)
    wav = out / "call.wav" if out is not None else None
    try:
        transport = MediaFileTransport(options.media, consent=True, record=wav)
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}", hint="choose another --out directory") from error
    try:
        records, reason = await _hold(agent, settings, transport, sys.stderr if options.json else sys.stdout)
    except VisavisError:
        await transport.close("error")
        if wav is not None:
            wav.unlink(missing_ok=True)
        raise
    if out is not None:
        with (out / "journal.jsonl").open("w", encoding="utf-8") as file:
            write_jsonl(records, file)
        write_captions(records, out / "call.vtt")
    if options.json:
        print(json.dumps(_figures(records, reason)))
    return 1 if reason.startswith("error") else 0


async def _hold(agent: Agent, settings: Settings, transport: Transport, stream: TextIO) -> tuple[list[Record], str]:
    """One call on `transport` with engines of its own; returns its journal and why it ended."""
    from visavis.kernel.clock import LoopClock, MediaClock
    from visavis.models.engines import Engines
    from visavis.server.worker import open_journal
    from visavis.session.session import Session
    from visavis.session.stack import load_layers

    engines = Engines.of(settings)
    try:
        layers = await load_layers(engines, agent, settings)
        async with open_journal(settings.journal) as journal:
            log = journal.open(secrets.token_urlsafe(16), MediaClock(LoopClock()))
            log.readers.append(lambda record: _print(record, stream))
            reason = await Session(agent, settings, layers, transport, log).run()
            return await journal.read(log.session), reason
    finally:
        await engines.close()


def _print(record: Record, stream: TextIO) -> None:
    match record.event:
        case TurnEnded(text=text, speech_end_s=end_s):
            line = f"{end_s:7.2f}  caller  {text}"
        case ReplyEnded(text=text, ok=ok) if text:
            line = f"{record.at_s:7.2f}  agent   {text}{'' if ok else ' —'}"
        case FirstAudioPlayed(v2v_s=v2v_s) if v2v_s:
            line = f"                 ({v2v_s * 1000:.0f} ms to the first sound)"
        case Interrupted():
            line = "                 (interrupted)"
        case ToolCalled(name=name, arguments=arguments):
            line = f"{record.at_s:7.2f}  tool    {name}({json.dumps(arguments, ensure_ascii=False)})"
        case _:
            return
    print(line, file=stream, flush=True)


def _figures(records: list[Record], reason: str) -> dict[str, object]:
    return {
        "turns": [r.event.text for r in records if isinstance(r.event, TurnEnded)],
        "replies": [r.event.text for r in records if isinstance(r.event, ReplyEnded)],
        "first_sound_ms": [
            round(r.event.v2v_s * 1000) for r in records if isinstance(r.event, FirstAudioPlayed) and r.event.v2v_s
        ],
        "ended": reason,
    }
