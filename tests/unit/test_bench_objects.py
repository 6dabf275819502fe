"""The bench of objects counts as it says, and its page tells what its figures are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visavis.bench.drawn_bottles import MOST, tables
from visavis.bench.objects import clips, drawn, photos, watched
from visavis.bench.objects_clips import CLIPS, PHOTOS, SOME, Shows
from visavis.kernel.errors import UsageError
from visavis.see.base import Image
from visavis.see.objectron import KINDS, counts, told
from visavis.see.ssd import Thing

BLANK: Image = np.zeros((8, 8, 3), np.uint8)
DOCS = Path(__file__).parents[2] / "docs"


def things(**sure: list[float]) -> list[Thing]:
    return [Thing(kind, one, np.zeros((2, 2), np.float32)) for kind, ones in sure.items() for one in ones]


@dataclass
class Engine:
    """Sees the next of `sees` at each look; the bench looks twice at a picture."""

    sees: list[list[Thing]]
    looks: int = field(default=0)

    def things(self, image: Image, least: Any = None) -> list[Thing]:
        self.looks += 1
        return self.sees[(self.looks - 1) // 2]


def test_a_kind_counts_where_one_is_sure_and_others_from_less_on() -> None:
    bottle = KINDS["Bottle"]
    assert counts(things(Bottle=[bottle.sure - 0.01, bottle.sure - 0.02])) == {}
    assert counts(things(Bottle=[bottle.sure, bottle.more, bottle.more - 0.01])) == {"Bottle": 2}
    assert counts(things(Person=[KINDS["Person"].sure])) == {"Person": 1}, "sure of one, though less than of a second"
    assert told({"Person": 1, "Bottle": 2}) == "a person, 2 bottles"
    assert told({}) == ""


def test_what_is_found_false_and_counted() -> None:
    shown = [
        Shows.of(0, {"Bottle": 2}),
        Shows.of(0, {"Bottle": SOME}),
        Shows.of(0, {"Bottle": 1}),
        Shows(),
        Shows.of(0, {}, "Bottle"),
    ]
    alone = things(Bottle=[0.9])
    sees = [things(Bottle=[0.9, 0.8, 0.7]), things(Bottle=[0.6]), [], [*alone, *things(Cat=[0.8])], alone]
    group = watched(Engine(sees), "one", [("", BLANK, shows) for shows in shown])  # type: ignore[arg-type]
    bottle, cat = group.rows()
    assert (bottle["frames"], bottle["present"], bottle["found"], bottle["false"]) == (4, 3, 2, 1)
    assert (bottle["counted"], bottle["right_number"], bottle["surest_absent"]) == (1, 0, 0.9)
    assert (cat["frames"], cat["present"], cat["false"]) == (5, 0, 1)


def test_the_halves_share_no_picture() -> None:
    shown = [(str(n), BLANK, Shows.of(0, {"Bottle": n})) for n in range(7)]
    halves = [watched(Engine([[]] * 7), half, shown, half).seen for half in ("choose", "report")]  # type: ignore[arg-type]
    numbers = [{one.shows.kinds["Bottle"] for one in half} for half in halves]
    assert numbers[0] | numbers[1] == set(range(7)) and not numbers[0] & numbers[1]


def test_drawn_tables_are_the_same_for_a_seed_and_have_all_numbers() -> None:
    assert tables(1, 30) == tables(1, 30) != tables(2, 30)
    assert {table.bottles for table in tables(1, 30)} == set(range(MOST + 1))
    _, image, shows = next(drawn(3))
    assert image.shape == (360, 640, 3) and set(shows.kinds) <= {"Bottle"}


def test_labels_name_kinds_that_are_told_and_spans_are_in_order() -> None:
    for spans in CLIPS.values():
        starts = [span.from_s for span in spans]
        assert starts == sorted(starts) and starts[0] == 0.0
    for shows in [*PHOTOS.values(), *(span for spans in CLIPS.values() for span in spans)]:
        assert {*shows.kinds, *shows.maybe} <= set(KINDS)


def test_folders_without_the_pictures_are_told(tmp_path: Path) -> None:
    (tmp_path / "another.mp4").write_bytes(b"")
    with pytest.raises(UsageError, match="none of the clips"):
        next(clips(tmp_path))
    with pytest.raises(UsageError, match=r"no astronaut\.png"):
        next(photos(tmp_path))


def test_every_figure_is_in_the_docs() -> None:
    section = (DOCS / "benchmarks.md").read_text("utf-8").split("## `visavis bench objects`")[1].split("\n## ")[0]
    (row,) = watched(Engine([things(Cat=[0.9])]), "one", [("", BLANK, Shows())]).rows()  # type: ignore[arg-type]
    assert all(f"`{name}`" in section for name in row), row


def test_every_kind_that_is_told_is_in_the_docs() -> None:
    section = (DOCS / "vision.md").read_text("utf-8").split("## Objects")[1].split("\n## ")[0]
    for kind in KINDS.values():
        assert kind.several in section, kind
