"""Visual cues are facts about changes, whatever pictures come in and when."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from visavis.kernel.events import Event, FaceCue, Nodded
from visavis.see.base import FaceObservation
from visavis.see.cues import GAP_S, LOST_S, MOST_FACES, NOD_AGAIN_S, CueReader

FPS = 12.0
Looks = list[tuple[float, FaceObservation | None]]


def face(mouth: float = 0.0, yaw_deg: float = 0.0, nose_y: float = 1.0, faces: int = 1) -> FaceObservation:
    return FaceObservation(faces, (0.3, 0.3, 0.3, 0.4), mouth, yaw_deg, 0.0, nose_y)


def read(looks: Looks) -> list[tuple[float, Event]]:
    reader = CueReader()
    return [(at_s, event) for at_s, seen in looks for event in reader.push(at_s, seen)]


def over(seconds: float, start_s: float = 0.0, **moves: float) -> Looks:
    return [(start_s + n / FPS, face(**moves)) for n in range(round(seconds * FPS))]  # type: ignore[arg-type]


def talking(seconds: float, start_s: float = 0.0, depth: float = 0.3) -> Looks:
    """Lips that open and close four times a second."""
    times = [start_s + n / FPS for n in range(round(seconds * FPS))]
    return [(at_s, face(mouth=depth * (1 + math.sin(2 * math.pi * 4 * at_s)) / 2)) for at_s in times]


def nodding(times: int, swing: float, start_s: float, *, yaw_deg: float = 0.0) -> Looks:
    looks = round(times / 2.0 * FPS)
    return [
        (
            start_s + n / FPS,
            face(
                nose_y=1 + swing * (1 - math.cos(2 * math.pi * 2 * n / FPS)) / 2,
                yaw_deg=yaw_deg * math.sin(2 * math.pi * 2 * n / FPS),
            ),
        )
        for n in range(looks + 1)
    ]


def cues(facts: list[tuple[float, Event]]) -> list[FaceCue]:
    return [event for _, event in facts if isinstance(event, FaceCue)]


def test_a_mouth_that_talks_and_stops() -> None:
    facts = read([*over(1.0), *talking(1.0, 1.0), *over(1.0, 2.0)])
    sure = [(at_s, event.mouth) for at_s, event in facts if isinstance(event, FaceCue) and event.mouth != "unknown"]
    assert [mouth for _, mouth in sure] == ["still", "moving", "still"]
    began_s, ended_s = sure[1][0], sure[2][0]
    assert 1.0 <= began_s < 1.3
    assert 2.0 <= ended_s < 2.5


def test_of_lips_that_hardly_move_nothing_is_known() -> None:
    mumbled = cues(read([*over(1.0), *talking(2.0, 1.0, depth=0.04)]))
    assert [cue.mouth for cue in mumbled] == ["unknown", "still", "unknown"]


def test_an_open_mouth_that_holds_still_does_not_talk() -> None:
    assert [cue.mouth for cue in cues(read(over(3.0, mouth=0.4)))] == ["unknown", "still"]


def test_turned_away_and_back() -> None:
    facts = read([*over(1.0), *over(1.0, 1.0, yaw_deg=50.0), *over(1.0, 2.0, yaw_deg=5.0)])
    assert [cue.facing for cue in cues(facts)[1:]] == ["here", "away", "here"]


def test_a_short_glance_aside_is_none() -> None:
    facts = read([*over(1.0), *over(0.2, 1.0, yaw_deg=50.0), *over(1.0, 1.2)])
    assert {cue.facing for cue in cues(facts)} == {"here"}


def test_who_always_looks_at_a_screen_beside_the_camera_looks_here() -> None:
    beside = over(40.0, yaw_deg=22.0)
    turned = cues(read([*beside, *over(1.0, 40.0, yaw_deg=40.0)]))
    assert {cue.facing for cue in turned} == {"here"}, "18 degrees from where this person usually looks"
    assert cues(read([*beside, *over(1.0, 40.0, yaw_deg=-25.0)]))[-1].facing == "away"


def test_a_face_that_leaves_and_one_that_turns_out_of_sight() -> None:
    gone: Looks = [(1.0 + n / FPS, None) for n in range(12)]
    left = cues(read([*over(1.0), *gone]))[-1]
    assert left == FaceCue("unknown", "unknown", 0)
    turned = cues(read([*over(0.5), *over(0.5, 0.5, yaw_deg=60.0), *gone]))[-1]
    assert turned == FaceCue("unknown", "away", 0)


def test_one_missed_picture_changes_nothing() -> None:
    looks = over(2.0)
    looks[12] = (looks[12][0], None)
    assert len(cues(read(looks))) == len(cues(read(over(2.0))))


def test_a_second_face_counts_when_it_stays() -> None:
    assert cues(read([*over(1.0), *over(0.5, 1.0, faces=2), *over(1.0, 1.5)]))[-1].faces == 1
    assert cues(read([*over(1.0), *over(2.0, 1.0, faces=2)]))[-1].faces == 2


def test_nods() -> None:
    def nods(looks: Looks) -> int:
        return sum(isinstance(event, Nodded) for _, event in read([*over(1.0), *looks]))

    assert nods(nodding(3, 0.12, 1.0)) == 1
    assert nods(nodding(1, 0.12, 1.0)) == 0, "a single dip may be a look at the keyboard"
    assert nods(nodding(3, 0.03, 1.0)) == 0, "the head is never quite at rest"
    assert nods(nodding(3, 0.12, 1.0, yaw_deg=15.0)) == 0, "a head that turns does not nod"
    talked_over = [
        (at_s, face(0.3 * (n % 2), nose_y=seen.nose_y))
        for n, (at_s, seen) in enumerate(nodding(3, 0.12, 1.0))
        if seen
    ]
    assert nods(talked_over) == 0, "who talks moves the head"


def test_without_pictures_nothing_is_known() -> None:
    reader = CueReader()
    for at_s, seen in talking(1.0):
        reader.push(at_s, seen)
    assert reader.lapse() == [FaceCue()]
    assert reader.lapse() == []


observations = st.one_of(
    st.none(),
    st.builds(
        face,
        mouth=st.floats(0, 1.5),
        yaw_deg=st.floats(-90, 90),
        nose_y=st.floats(0, 3),
        faces=st.integers(1, 9),
    ),
)
streams = st.lists(st.tuples(st.floats(0.005, 2 * GAP_S), observations), max_size=80)


@given(streams)
def test_facts_tell_changes_only_and_in_words_of_the_protocol(
    stream: list[tuple[float, FaceObservation | None]],
) -> None:
    at_s, looks = 0.0, []
    for gap_s, seen in stream:
        at_s += gap_s
        looks.append((at_s, seen))
    facts = read(looks)
    told = cues(facts)
    for before, after in pairwise([FaceCue(), *told]):
        assert before != after
    for cue in told:
        assert cue.mouth in ("moving", "still", "unknown")
        assert cue.facing in ("here", "away", "unknown")
        assert 0 <= cue.faces <= MOST_FACES
        assert cue.faces or cue.mouth == "unknown"
    nods = [at_s for at_s, event in facts if isinstance(event, Nodded)]
    assert all(later - earlier > NOD_AGAIN_S for earlier, later in pairwise(nods))


@given(streams, st.data())
def test_pictures_that_come_twice_or_late_change_nothing(
    stream: list[tuple[float, FaceObservation | None]], data: st.DataObject
) -> None:
    at_s, looks, untidy = 0.0, [], []
    for gap_s, seen in stream:
        at_s += gap_s
        looks.append((at_s, seen))
        untidy.append((at_s, seen))
        if data.draw(st.booleans()):
            late_s, other = data.draw(st.tuples(st.floats(0, 1), observations))
            untidy.append((at_s - late_s, other))
    assert read(untidy) == read(looks)


def test_a_face_lost_for_less_than_the_limit_keeps_its_cue() -> None:
    reader = CueReader()
    for at_s, seen in over(1.0):
        reader.push(at_s, seen)
    assert reader.push(0.99 + LOST_S / 2, None) == []
