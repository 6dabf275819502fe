"""`visavis bench tools`: does the embedded model call the right tool, and does anything invalid ever run?

Sets `simple`, `multiple` and `irrelevance` ask the embedded model; `adversarial` scripts one that breaks the rules.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec

from visavis.bench.figures import share
from visavis.bench.tools_adversary import fight
from visavis.bench.tools_sets import SETS, Case, load, sample
from visavis.kernel.agent import Agent
from visavis.kernel.errors import ConfigError, ProviderError
from visavis.kernel.settings import LlmSettings, ServerSettings, Settings
from visavis.models.engines import Engines
from visavis.think.base import Llm, LlmRequest, Message, TextDelta, ToolCall
from visavis.think.context import Turn, build
from visavis.think.tool_schema import Refusal
from visavis.think.tools import Checked, Tool, ToolBox

AGENT = Agent("Ada", "You help the person in the call.")
PATIENT_S = 300.0
REPAIRS = 2


@dataclass(slots=True)
class Counts:
    """Requests by how they ended; `executed`: invalid calls that ran."""

    right: int = 0
    wrong: int = 0
    refused: int = 0
    executed: int = 0


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Raises ConfigError for a set that is not known."""
    wanted = options.sets.split(",")
    if unknown := set(wanted) - {*SETS, "adversarial"}:
        raise ConfigError(f"there is no set '{min(unknown)}'", where="--sets")
    rows = []
    if asked := [name for name in SETS if name in wanted]:
        rows += await _by_model(asked, options)
    if "adversarial" in wanted:
        rows.append(await _adversarial(options))
    return {"rows": rows, "seed": options.seed, "data": "bfcl" if options.data else "own"}


async def _by_model(names: list[str], options: argparse.Namespace) -> list[dict[str, Any]]:
    settings = Settings(
        llm=msgspec.structs.replace(LlmSettings(), first_timeout_s=PATIENT_S, total_timeout_s=2 * PATIENT_S),
        server=ServerSettings(max_sessions=1),
    )
    engines = Engines.of(settings)
    try:
        llm: Llm = await engines.get("llm", "embedded")
        rows = []
        for name in names:
            counts = Counts()
            cases = sample(load(name, options.data), options.cases, options.seed)
            for number, case in enumerate(cases, 1):
                await _asked(llm, case, counts)
                print(f"  {name} {number}/{len(cases)}: {counts}", file=sys.stderr)
            rows.append(row(name, counts, len(cases)))
        return rows
    finally:
        await engines.close()


async def _asked(llm: Llm, case: Case, counts: Counts) -> None:
    """One request; a call that is refused may be mended twice, as in a session."""
    box = ToolBox(more=[_tool(spec) for spec in case.tools])
    messages = build(AGENT, [Turn("user", case.said)], budget_tokens=3_500)
    for _ in range(1 + REPAIRS):
        call = await _decision(llm, LlmRequest(messages, box.specs, temperature=0.0, session=case.id))
        if call is None:
            break
        checked = box.check(call)
        if isinstance(checked, Checked):
            right = case.is_right(call.name, checked.arguments)
            counts.right += right
            counts.wrong += not right
            return
        assert isinstance(checked, Refusal)
        messages = [*messages, Message("assistant", "", (call,)), Message("tool", checked.why, tool_call_id=call.id)]
    counts.refused += 1
    counts.right += not case.right


async def _decision(llm: Llm, request: LlmRequest) -> ToolCall | None:
    """The first call; None when the model speaks, which it does instead of calling, or fails."""
    call = None
    try:
        async with aclosing(llm.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
                if isinstance(event, ToolCall):
                    call = call or event
    except ProviderError as error:
        print(f"  {error}", file=sys.stderr)
    return call


def _tool(spec: Any) -> Tool:
    async def invoke(arguments: dict[str, Any]) -> str:
        return ""

    return Tool(spec, invoke)


async def _adversarial(options: argparse.Namespace) -> dict[str, Any]:
    cases = sample(load("simple", options.data) + load("multiple", options.data), options.cases, options.seed)
    rng = random.Random(options.seed)
    fought = [await fight(case, rng) for case in cases]
    invalid, explained = sum(one.invalid for one in fought), sum(one.explained for one in fought)
    well = sum(one.ended and one.explained == one.invalid and not one.executed for one in fought)
    counts = Counts(well, len(fought) - well, 0, sum(one.executed for one in fought))
    await asyncio.sleep(0)
    made = row("adversarial", counts, len(fought))
    return made | {
        "refused": share(invalid - counts.executed, invalid)[0],
        "refused_ci": share(invalid - counts.executed, invalid)[1],
        "invalid_calls": invalid,
        "explained": share(explained, invalid)[0],
    }


def row(name: str, counts: Counts, n: int) -> dict[str, Any]:
    """The figures of one set of `n` requests."""
    made: dict[str, Any] = {"set": name}
    for key in ("right", "wrong", "refused"):
        made[key], made[f"{key}_ci"] = share(getattr(counts, key), n)
    return made | {"invalid_executed": counts.executed, "n": n, "invalid_calls": 0, "explained": -1.0}
