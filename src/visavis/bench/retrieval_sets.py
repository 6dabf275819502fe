"""Documents and questions for `visavis bench retrieval`: a corpus of our own, and those of a data directory."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

from visavis.kernel.errors import UsageError
from visavis.think.knowledge.base import Reading, Section
from visavis.think.knowledge.readers.markdown import read_markdown
from visavis.think.knowledge.words import telling


@dataclass(frozen=True, slots=True)
class Asked:
    """One item: `queries` are searched and ranked together, `wanted` are the documents that should be found."""

    queries: tuple[str, ...]
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """`documents` by name. Where `found` is "passages", ranks count passages, else distinct documents."""

    name: str
    documents: dict[str, Reading]
    asked: Sequence[Asked]
    unanswerable: Sequence[str] = field(default=())


def own_set() -> RetrievalSet:
    """Our own handbook, each section a document."""
    folder = resources.files("visavis.bench") / "corpus"
    reading = read_markdown((folder / "handbook.md").read_bytes())
    questions = json.loads((folder / "questions.json").read_text("utf-8"))
    documents = {section.path[-1]: Reading(reading.title, (section,)) for section in reading.sections}
    asked = [Asked((question,), frozenset([wanted])) for question, wanted in questions["answerable"]]
    return RetrievalSet("own", documents, asked, questions["unanswerable"])


def data_sets(directory: Path) -> list[RetrievalSet]:
    """The medical and banking sets below `directory`. Raises UsageError when neither is there."""
    medical, banking = directory / "kb" / "medquad", directory / "kb" / "tau2_banking"
    if not medical.is_dir() or not banking.is_dir():
        raise UsageError(f"{directory} has no kb/medquad and kb/tau2_banking", hint="--data takes a data directory")
    answers, questions = _medical(medical)
    documents, tasks = _banking(banking)
    about_banking = [f"What can you tell me about the {reading.title}?" for reading in documents.values()]
    return [
        RetrievalSet("medical", answers, questions, about_banking),
        RetrievalSet("banking", documents, tasks, [asked.queries[0] for asked in questions]),
    ]


def _medical(directory: Path) -> tuple[dict[str, Reading], list[Asked]]:
    """Answers only: neither a document's subject nor its question is indexed. The same question asked of several
    answers may find any of them."""
    answers: dict[str, Reading] = {}
    asked: dict[str, set[str]] = {}
    for file in sorted(directory.glob("*/*.xml")):
        for pair in ElementTree.parse(file).iter("QAPair"):
            question, answer = pair.find("Question"), pair.find("Answer")
            if question is None or answer is None or not (answer.text or "").strip():
                continue
            name = f"{file.parent.name}/{question.get('qid')}"
            answers[name] = Reading("", (Section((), _paragraphs(answer.text or "")),))
            asked.setdefault(" ".join((question.text or "").split()), set()).add(name)
    return answers, [Asked((question,), frozenset(names)) for question, names in asked.items()]


def _paragraphs(text: str) -> str:
    """Runs of blanks stand where the source had line breaks."""
    return re.sub(r"[ \t]{3,}", "\n", text.strip())


def _banking(directory: Path) -> tuple[dict[str, Reading], list[Asked]]:
    documents: dict[str, Reading] = {}
    for file in sorted((directory / "documents").glob("*.json")):
        item = json.loads(file.read_text("utf-8"))
        sections = read_markdown(item["content"].encode()).sections
        documents[item["id"]] = Reading(item["title"], sections)
    asked = []
    for file in sorted((directory / "tasks").glob("*.json")):
        task = json.loads(file.read_text("utf-8"))
        instructions = str(task["user_scenario"]["instructions"])
        sentences = [part.strip() for part in re.split(r"(?<=[.?!])\s+|\n+", instructions)]
        queries = tuple(part for part in sentences if len(telling(part)) >= 3)
        asked.append(Asked(queries, frozenset(task["required_documents"])))
    return documents, asked


def sampled(items: Sequence[Asked], count: int, seed: int) -> list[Asked]:
    """`count` of the items, the same for the same seed, each question once."""
    chosen = sorted({item.queries: item for item in items}.values(), key=lambda item: item.queries)
    random.Random(seed).shuffle(chosen)
    return chosen[:count]


def unanswered(one: RetrievalSet, count: int, seed: int) -> list[Asked]:
    """`count` of the questions that no document of the set answers."""
    return sampled([Asked((question,), frozenset()) for question in one.unanswerable], count, seed)
