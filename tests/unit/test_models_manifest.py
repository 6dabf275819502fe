"""The manifest that ships holds together, is documented, and names no host."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from visavis.kernel.errors import ConfigError
from visavis.models.manifest import Model, load_manifest, parse_manifest

MANIFEST = load_manifest()
TEXT = resources.files("visavis.models").joinpath("manifest.toml").read_text("utf-8")
DOCS = Path(__file__).parents[2] / "docs/models.md"

VALID = """
[packages.box]
version = "1"
sha256 = "{0}"
size = 1
[[models]]
name = "m"
role = "r"
licence = "MIT"
publisher = "p"
upstream = "u"
[[models.files]]
name = "f"
size = 1
sha256 = "{0}"
from = [["box:f"]]
""".format("0" * 64)


def test_the_english_demo_has_one_of_everything_it_needs() -> None:
    names = [model.name for model in MANIFEST if model.default]
    assert names == [
        "silero-vad", "smart-turn", "moonshine-tiny", "moonshine-base", "hibari", "qwen2.5-coder-1.5b",
        "face-landmarks", "tesseract-eng", "minilm",
    ]  # fmt: skip


@pytest.mark.parametrize("model", list(MANIFEST), ids=lambda model: model.name)
def test_every_model_is_documented_with_its_licence_and_size(model: Model) -> None:
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith(f"| `{model.name}`")]
    assert len(rows) == 1
    assert f"| {model.licence} |" in rows[0]
    assert f"| {model.size / 1e6:,.0f} MB |" in rows[0]
    assert ("(optional)" in rows[0]) is not model.default


def test_docs_say_whose_word_the_hibari_weights_are() -> None:
    assert "one new author" in DOCS.read_text("utf-8")


def test_every_file_can_be_had_from_a_registry() -> None:
    for model in MANIFEST:
        for file in model.fetched:
            assert MANIFEST.parts(file), f"{model.name}/{file.name}"


def test_every_package_is_used() -> None:
    used = {
        part.package.name
        for model in MANIFEST
        for file in model.fetched
        for way in MANIFEST.parts(file)
        for part in way
    }
    assert used == set(MANIFEST.packages)


def test_the_language_model_is_joined_from_22_parts_in_order() -> None:
    (file,) = MANIFEST.model("qwen2.5-coder-1.5b").files
    (parts,) = MANIFEST.parts(file)
    assert [int(re.findall(r"part(\d+)\.bin", part.member)[0]) for part in parts] == list(range(1, 23))


def test_the_manifest_names_no_host() -> None:
    assert "://" not in TEXT
    assert not re.search(r"\b[\w-]+\.(com|org|io|net|co)\b", TEXT)


def test_a_valid_manifest_is_read() -> None:
    assert parse_manifest(VALID).model("m").size == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (VALID.replace('"box:f"', '"bag:f"'), "'bag:f' names no package"),
        (VALID.replace('from = [["box:f"]]', ""), "m: f has no source"),
        (VALID.replace('name = "f"', 'name = "../f"'), "matching regex"),
        (VALID.replace('name = "f"', 'name = "/f"'), "matching regex"),
        (VALID.replace("0" * 64, "0" * 63), "matching regex"),
        (VALID.replace('role = "r"', 'roll = "r"'), "unknown field `roll`"),
        (VALID + VALID[VALID.index("[[models]]") :], "two models have the same name"),
        ("[", "manifest.toml"),
    ],
)
def test_a_manifest_that_does_not_hold_together_is_refused(wrong: str, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        parse_manifest(wrong)
