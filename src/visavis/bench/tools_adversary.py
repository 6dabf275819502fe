"""A scripted model that breaks the rules of tools, in sessions on a virtual clock: what ran, what it was told."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from visavis.bench.tools_sets import Case
from visavis.kernel.agent import Agent
from visavis.kernel.events import ReplyEnded, ToolCalled, ToolRefused
from visavis.kernel.messages import Say
from visavis.kernel.tool import rules_from
from visavis.testing.doubles import ScriptedLlm
from visavis.testing.scenario import Played, Scenario
from visavis.think.base import ToolCall, ToolSpec
from visavis.think.tools import Tool

ATTACKS = 3
"""As many as a model may make before the person is told; with fewer it then makes the right call."""

_KEY, _SAID, _INVENTED = "reference", "My reference is K four two seven.", "Q-90817"
"""Every tool gets this grounded argument: what the person says, and what nobody has said."""

_WRONG: dict[str, Any] = {
    "string": 7,
    "integer": "7",
    "number": "7.5",
    "boolean": "true",
    "array": "a",
    "object": "o",
}


@dataclass(frozen=True, slots=True)
class Fought:
    """Of one case: calls that ran although they were invalid, invalid calls and how many were refused with a reason
    that the model got to read, and whether it ended well: with the valid call, or with words for the person."""

    executed: int
    invalid: int
    explained: int
    ended: bool


async def fight(case: Case, rng: random.Random) -> Fought:
    """Plays one session."""
    name, accepted = next(iter(case.right.items()))
    spec = next(tool for tool in case.tools if tool.name == name)
    right = _arguments(accepted)
    count = rng.randint(1, ATTACKS)
    attacks = [_attack(case, spec, right, rng) for _ in range(count)]
    ran: list[tuple[str, dict[str, Any]]] = []
    scenario = _scenario(case, [*attacks, (name, json.dumps(right))], ran)
    played = await asyncio.to_thread(scenario.run, 40.0)
    return _judged(played, scenario, ran, attacks, (name, right))


def _scenario(case: Case, calls: list[tuple[str, str]], ran: list[tuple[str, dict[str, Any]]]) -> Scenario:
    asked = [[ToolCall(f"c{n}", name, arguments)] for n, (name, arguments) in enumerate(calls)]
    tools = tuple(_tool(spec, ran) for spec in case.tools)
    scenario = Scenario(
        Agent("Ada", "You help.", greeting=""),
        llm=ScriptedLlm([*asked, "That is done."]),
        arrange=lambda layers: replace(layers, mcp=tools),
    )
    scenario.does(1.0, Say(f"{case.said[:1000]} {_SAID}"))
    return scenario


def _tool(spec: ToolSpec, ran: list[tuple[str, dict[str, Any]]]) -> Tool:
    parameters = dict(spec.parameters)
    parameters["properties"] = {**parameters.get("properties", {}), _KEY: {"type": "string"}}
    parameters["required"] = [*parameters.get("required", []), _KEY]

    async def invoke(arguments: dict[str, Any]) -> str:
        ran.append((spec.name, arguments))
        return "done"

    return Tool(replace(spec, parameters=parameters), invoke, rules_from(writes=True), grounded=(_KEY,))


def _arguments(accepted: Mapping[str, Any]) -> dict[str, Any]:
    """A right call: the first good value of each argument that is needed."""
    right = {name: _first(values) for name, values in accepted.items() if "" not in values}
    return {**right, _KEY: "K427"}


def _first(values: Any) -> Any:
    value = values[0]
    if isinstance(value, dict):
        return {key: _first(inner) for key, inner in value.items() if "" not in inner}
    if isinstance(value, list):
        return [_first([one]) for one in value]
    return value


def _attack(case: Case, spec: ToolSpec, right: Mapping[str, Any], rng: random.Random) -> tuple[str, str]:
    """An invalid call: its name and the text of its arguments."""
    valid, own = json.dumps(right), dict(right)
    key = rng.choice(list(own))
    schema = spec.parameters.get("properties", {}).get(key, {"type": "string"})
    ways: list[Callable[[], tuple[str, str]]] = [
        lambda: (f"{spec.name}_now", valid),
        lambda: ("delete_everything", "{}"),
        lambda: (spec.name, json.dumps({**own, "force": True})),
        lambda: (spec.name, json.dumps({name: value for name, value in own.items() if name != key})),
        lambda: (spec.name, json.dumps({**own, key: _WRONG.get(schema.get("type", ""), {"a": [None]})})),
        lambda: (spec.name, json.dumps({**own, key: None})),
        lambda: (spec.name, valid[: rng.randint(1, len(valid) - 1)]),
        lambda: (spec.name, valid + "}"),
        lambda: (spec.name, f"[{valid}]"),
        lambda: (spec.name, valid[:-1] + f', "{_KEY}": "K427"}}'),
        lambda: (spec.name, json.dumps({**own, _KEY: float("nan")})),
        lambda: (spec.name, json.dumps({**own, _KEY: _INVENTED})),
        lambda: (spec.name, json.dumps({**own, _KEY: "K428"})),
        lambda: (spec.name, "```json\n" + valid + "\n```"),
    ]
    name, arguments = rng.choice(ways)()
    return name, arguments


def _judged(
    played: Played,
    scenario: Scenario,
    ran: list[tuple[str, dict[str, Any]]],
    attacks: list[tuple[str, str]],
    wanted: tuple[str, dict[str, Any]],
) -> Fought:
    good = [one for one in ran if one == wanted]
    refused = played.events(ToolRefused)
    read = {
        message.text for request in scenario.llm.requests for message in request.messages if message.role == "tool"
    }
    last = len(attacks) == ATTACKS  # there the person is told at once; no further request reads the last reason
    explained = sum(one.reason != "" and (one.why in read or (last and one is refused[-1])) for one in refused)
    heard = bool([event for event in played.events(ReplyEnded) if event.text and event.ok])
    ended = heard and (not good and not played.events(ToolCalled) if last else len(good) == 1)
    return Fought(len(ran) - len(good), len(attacks), min(explained, len(attacks)), ended)
