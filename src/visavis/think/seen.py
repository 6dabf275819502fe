"""What is seen, as prompts tell it: each thing once, before the words it was first told with, where it stays.

So a prompt only grows at its end, and a model with a prompt cache computes what is new, not the same screen with
every turn again. Where old turns have gone, what stood with them is told anew from the first turn that is left. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from visavis.think.budget import clipped


class Row(Protocol):
    """One thing that is told. `key` names what it is about: of rows with one key the last holds; '' holds for one
    turn only. `same` tells whether it was told already: the text without what changes by itself, such as an age.
    """

    @property
    def key(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def same(self) -> str: ...


R = TypeVar("R", bound=Row, covariant=True)


@dataclass(frozen=True, slots=True)
class Seen(Generic[R]):
    """What was known when a turn was answered. `seq`: a record of the journal behind that turn's words and before the
    next turn's; 0: the turn that is not answered yet. `whole`: its words ask for it, so that all is told again.
    """

    rows: Sequence[R] = ()
    whole: bool = False
    seq: int = 0


def told(seen: Sequence[Seen[Row]], seqs: Sequence[int], most: int) -> list[str]:
    """What each of the person's turns tells before its words, '' for nothing, and last what the turn to come tells.

    `seqs`: journal records of the turns that stand in the prompt, ascending. At most `most` tokens for a turn.
    """
    texts: list[list[str]] = [[] for _ in range(len(seqs) + 1)]
    standing: dict[str, str] = {}
    for one in seen:
        turn = bisect_left(seqs, one.seq) - 1 if one.seq else len(seqs)
        if turn < 0:
            continue  # its turn has gone
        texts[turn] += [row.text for row in one.rows if one.whole or not row.key or standing.get(row.key) != row.same]
        standing.update({row.key: row.same for row in one.rows if row.key})
    return [clipped("\n".join(rows), most) if most > 0 else "" for rows in texts]
