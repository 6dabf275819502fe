"""The page's files, without a browser: they agree with the server's messages and with each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from visavis.kernel import messages as m

VISION = Path(__file__).resolve().parents[2] / "docs" / "vision.md"
WEB = Path(m.__file__).resolve().parents[1] / "web"
PAGE = (WEB / "index.html").read_text()
SCRIPTS = {path.name: path.read_text() for path in WEB.glob("*.js")}
STYLES = {path.name: path.read_text() for path in WEB.glob("*.css")}


def _types(union: object) -> set[str]:
    return {str(one.__struct_config__.tag) for one in get_args(union)}


def _list(name: str) -> set[str]:
    found = re.search(rf"{name} = \[(.*?)\]", SCRIPTS["protocol.js"], re.DOTALL)
    assert found is not None
    return set(re.findall(r'"(\w+)"', found[1]))


def test_the_page_knows_exactly_the_servers_messages() -> None:
    assert _list("FROM_SERVER") == _types(m.AnyServerMessage)
    assert _list("TO_SERVER") == _types(m.AnyClientMessage) - {"start"}
    assert int(re.findall(r"MAX_TYPED_CHARS = (\d+)", SCRIPTS["protocol.js"])[0]) == m.MAX_TYPED_CHARS
    assert f'maxlength="{m.MAX_TYPED_CHARS}"' in PAGE


def test_every_message_is_handled() -> None:
    assert set(re.findall(r'case "(\w+)":', SCRIPTS["call.js"])) == _types(m.AnyServerMessage)


def test_every_mouth_shape_is_drawn() -> None:
    shapes = set(re.findall(r"^  (\w+): shape\(", SCRIPTS["mouth.js"], re.MULTILINE))
    promised = re.search(r"Shapes: ([\w, ]+)\.", m.VisemeTrack.__doc__ or "")
    assert promised is not None
    assert shapes == set(promised[1].split(", "))


def test_every_state_has_a_word_and_a_pose() -> None:
    for state in get_args(m.AgentState):
        assert re.search(rf"\b{state}: \"", SCRIPTS["wording.js"]), state
        assert re.search(rf"\b{state}: {{ x:", SCRIPTS["face.js"]), state


@pytest.mark.parametrize(("heading", "words"), [("| sent |", "LOOKED"), ("| not sent |", "DROPPED")])
def test_every_reason_to_look_or_not_has_plain_words(heading: str, words: str) -> None:
    table = VISION.read_text().split(heading, 1)[1].split("\n\n", 1)[0]
    reasons = {reason for line in table.splitlines() for reason in re.findall(r"`(\w+)`", line.split(" | ")[0])}
    block = re.search(rf"export const {words} = {{(.*?)}};", SCRIPTS["wording.js"], re.DOTALL)
    assert block is not None
    assert len(reasons) > 5
    assert reasons == set(re.findall(r"^  (\w+): \"", block[1], re.MULTILINE))


def test_the_page_fetches_nothing_from_elsewhere() -> None:
    for name, text in {"index.html": PAGE, **SCRIPTS, **STYLES}.items():
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}/", text) == [], name
        assert "@import" not in text or name.endswith(".js"), name


def test_the_page_runs_under_a_strict_content_policy() -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)", PAGE)
    assert not re.search(r"\son\w+=|\sstyle=|<style", PAGE)
    assert not any(re.search(r"\beval\(|new Function", text) for text in SCRIPTS.values())


def test_ids_and_imports_exist() -> None:
    ids = re.findall(r'\bid="([\w-]+)"', PAGE)
    assert len(ids) == len(set(ids))
    for name, text in SCRIPTS.items():
        for wanted in re.findall(r'\$\("([\w-]+)"\)|getElementById\("([\w-]+)"\)', text):
            assert (wanted[0] or wanted[1]) in ids, (name, wanted)
        for wanted in re.findall(r'from "\./([\w.]+)"', text):
            assert wanted in SCRIPTS, (name, wanted)
    for wanted in re.findall(r'href="#([\w-]+)"|(?:for|aria-controls|aria-labelledby)="([\w-]+)"', PAGE):
        name = wanted[0] or wanted[1]
        assert name in ids or name in {"loading", "consent", "setup", "call", "end"}, name
    for wanted in re.findall(r'(?:src|href)="static/([\w.]+)"', PAGE):
        assert (WEB / wanted).is_file(), wanted


def test_modules_stay_small() -> None:
    assert {name: text.count("\n") for name, text in SCRIPTS.items() if text.count("\n") > 250} == {}
