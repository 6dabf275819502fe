"""Which slot of the model a call uses, so that it finds its own prompt cached there. Pure."""

from __future__ import annotations

from collections import OrderedDict


class Slots:
    """Gives each session a slot of its own; when all are taken, the one unused for longest changes hands."""

    def __init__(self, count: int) -> None:
        self._free = list(range(count))
        self._slot_of: OrderedDict[str, int] = OrderedDict()
        self._prompt_in: dict[int, str] = {}

    def take(self, session: str) -> int:
        """The session's slot, now the most recently used."""
        if session not in self._slot_of:
            self._slot_of[session] = self._free.pop(0) if self._free else self._slot_of.popitem(last=False)[1]
        self._slot_of.move_to_end(session)
        return self._slot_of[session]

    def has_for(self, session: str) -> bool:
        """Whether `take` would leave everybody else's slot alone."""
        return session in self._slot_of or bool(self._free)

    def holds(self, slot: int, prompt: str) -> bool:
        """Whether what was last put into `slot` begins with the system prompt `prompt`."""
        return self._prompt_in.get(slot) == prompt

    def put(self, slot: int, prompt: str) -> None:
        self._prompt_in[slot] = prompt
