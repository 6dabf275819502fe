"""What the answers of a session rest on: passages found while the person speaks, and the marks that name them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from visavis.kernel.errors import ProviderError
from visavis.kernel.events import Event, PassagesFound, ProviderFailed, SourcesCited
from visavis.kernel.settings import KnowledgeSettings
from visavis.kernel.shown import Source
from visavis.session.phrases import phrase
from visavis.think.knowledge.base import Passage
from visavis.think.knowledge.citations import Citations
from visavis.think.knowledge.grounding import Quote, evidence, is_question, quotes
from visavis.think.knowledge.retrieval import Retrieval, Searching
from visavis.think.knowledge.words import telling

CHARS_PER_TOKEN = 3.6
FEW_WORDS = 2
"""With fewer telling words a question means something said before: "and on Sundays?" """


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What an agent answers from; one for all its calls. `name` is the store's, for the record."""

    library: Searching
    settings: KnowledgeSettings
    name: str = "embedded"


class Knowing:
    """One session's. `knowledge` None: the agent has no documents, and nothing here does anything."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        knowledge: Knowledge | None,
        language: str,
        note: Callable[[Event], object],
    ) -> None:
        self._knowledge = knowledge
        self._language = language
        self._note = note
        self._retrieval: Retrieval | None = None
        if knowledge is not None:
            self._retrieval = Retrieval(group, knowledge.library, knowledge.settings.passages, self._failed)
        self._quotes: list[Quote] = []
        self._before = ""
        self._cited: dict[int, list[Source]] = {}
        self._audible = 0
        self._decline: Literal["not_in_documents", "documents_late"] = "not_in_documents"
        """What is said when nothing answers: that the documents do not tell takes a search that came to its end."""

    def hear(self, partial: str) -> None:
        """What the person has said so far."""
        if self._retrieval is not None:
            self._retrieval.ahead(self._whole(partial))

    def quotes(self, text: str) -> list[Quote] | None:
        """What a prompt that answers `text` shows of the documents, as far as it is found; None without documents."""
        if self._knowledge is None or self._retrieval is None:
            return None
        settings, asked = self._knowledge.settings, self._whole(text)
        found = evidence(self._retrieval.known(asked), settings.least_cosine)
        if [passage.id for passage in found] != [quote.passage.id for quote in self._quotes]:
            self._quotes = quotes(asked, found, round(settings.passage_tokens * CHARS_PER_TOKEN))
        return list(self._quotes)

    async def look_up(self, turn: int, text: str) -> str:
        """Waits for the passages that answer `text`, at most until the deadline. Returns what is to be said at once
        when nothing in the documents can answer it; '' when the model is to be asked."""
        if self._knowledge is None or self._retrieval is None:
            return ""
        settings, asked = self._knowledge.settings, self._whole(text)
        found = await self._retrieval.passages(asked, settings.deadline_s)
        shown = evidence(found.passages, settings.least_cosine)
        self._decline = "documents_late" if found.late and not shown else "not_in_documents"
        question = is_question(text)
        if question:
            self._before = asked if len(asked) < 400 else text
        if found.passages or found.late or question:
            ids = [passage.id for passage in shown]
            self._note(PassagesFound(turn, ids, found.took_s, found.late))
        if shown or not question:
            return ""
        return phrase(self._decline, self._language)

    def answer(
        self, reply: int, text: str, deltas: AsyncGenerator[str | None, None]
    ) -> AsyncGenerator[str | None, None]:
        """`deltas` of the model's answer to `text`, without marks; what they name is noted."""
        if self._knowledge is None:
            return deltas
        decline = phrase(self._decline, self._language) if is_question(text) else ""
        return Citations(lambda: self._quotes, decline, lambda passage: self._cites(reply, passage)).strip(deltas)

    def heard(self, reply: int) -> None:
        """The reply leaves for the person: what it names so far goes on record, and the rest as it comes."""
        self._audible = reply
        self._tell(reply)

    def _cites(self, reply: int, passage: Passage) -> None:
        title = passage.heading or passage.source
        self._cited.setdefault(reply, []).append(Source.of(passage.id, title, passage.text))
        if self._audible == reply:
            self._tell(reply)

    def _tell(self, reply: int) -> None:
        if sources := self._cited.get(reply):
            self._note(SourcesCited(reply, list(sources)))

    def _whole(self, text: str) -> str:
        """`text`, behind the question before when it says too little by itself."""
        few = 0 < len(telling(text)) < FEW_WORDS
        return f"{self._before} {text}" if few and self._before else text

    def _failed(self, error: ProviderError) -> None:
        name = self._knowledge.name if self._knowledge is not None else ""
        self._note(ProviderFailed.of("retrieval", name, error))


def cites(shown: Sequence[Quote] | None) -> int | None:
    """For `LlmRequest.cites`."""
    return len(shown) if shown else None
