"""Proof that trust has looked at something before it is stored or leaves.

Sinks (the journal) and hops (hearing, models) accept only `Cleared[T]`; only `visavis.trust` makes one. A test
walks the package and fails when any other room calls `Cleared.by_trust`.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Cleared(Generic[T_co]):
    """Wraps a value that trust let pass. Build it with `trust.Gate.clear`, never directly."""

    __slots__ = ("value",)
    value: T_co

    def __init__(self) -> None:
        raise TypeError("only trust.Gate makes Cleared values")

    @classmethod
    def by_trust(cls, value: T_co) -> Cleared[T_co]:  # type: ignore[misc]  # covariant in a factory is sound
        cleared = object.__new__(cls)
        cleared.value = value
        return cleared
