"""Joins what the caller measured with what the server's journal says of the same turn.

Caller and server run on one machine, so their wall clocks are one: how long sound took on its way in and out can be
told for every turn, by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from visavis.bench.conversation import TurnReport
from visavis.bench.critical_path import ServerTurn, critical_paths
from visavis.kernel.events import Record

HEARD_WITHIN_S = 1.0
"""The answer is at the ear this soon after it left the server."""

END_WITHIN_S = (-0.4, 0.6)
"""Where the end of speech that the server answered may lie beside the caller's own, or it answered something else."""


def add_legs(turns: Sequence[TurnReport], records: Sequence[Record], wall_offset_s: float) -> None:
    """Gives `turns` their legs, path and `added_ms`. `wall_offset_s`: wall time minus the turns' loop time.

    Turns without an answer, or whose answer was not to their end, stay as they are.
    """
    paths = critical_paths(records)
    for turn in turns:
        path = _answer_to(turn, paths, wall_offset_s)
        if path is not None:
            _add(turn, path, wall_offset_s)


def _answer_to(turn: TurnReport, paths: Sequence[ServerTurn], wall_offset_s: float) -> ServerTurn | None:
    if turn.v2v_ms < 0 or turn.cut_off:
        return None
    heard_s = turn.first_s + wall_offset_s
    found = [path for path in paths if 0 <= heard_s - path.sounded_wall_s < HEARD_WITHIN_S]
    if not found:
        return None
    inbound_s = found[-1].speech_end_wall_s - (turn.end_s + wall_offset_s)
    return found[-1] if END_WITHIN_S[0] <= inbound_s <= END_WITHIN_S[1] else None


def _add(turn: TurnReport, path: ServerTurn, wall_offset_s: float) -> None:
    inbound_ms = (path.speech_end_wall_s - turn.end_s - wall_offset_s) * 1000
    outbound_ms = (turn.first_s + wall_offset_s - path.sounded_wall_s) * 1000
    turn.content_gap_ms = (path.played_s - path.sounded_s) * 1000
    turn.path_ms = inbound_ms + path.path_s * 1000 + outbound_ms
    if not path.held_up:
        turn.added_ms = turn.content_ms - turn.path_ms
    turn.stages_ms = {
        "inbound": inbound_ms,
        **path.stages_ms,
        "outbound": outbound_ms,
        "transport": inbound_ms + outbound_ms,
    }
