"""Which words of a question are worth looking for: the rarer ones, as many as time allows.

BM25 visits every chunk that has one of the words, so a word that half of the chunks have costs much and says little.
"""

from __future__ import annotations

import sqlite3

from visavis.think.knowledge.words import telling, words

MOST_VISITS = 30_000
"""Chunks that a query may visit; rarer words come first. About 25 ms on one core."""

MOST_WORDS = 24
_CACHED = 10_000


class Rarity:
    """Of the words in the FTS5 index `table` of `db`. Not thread-safe: whoever holds the database's lock calls it."""

    def __init__(self, db: sqlite3.Connection, table: str) -> None:
        self._db = db
        self._table = table
        self._known: dict[str, int] = {}
        self._stems = sqlite3.connect(":memory:", check_same_thread=False)
        self._stems.execute("CREATE VIRTUAL TABLE stems USING fts5(word, tokenize='porter unicode61')")
        self._stems.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(stems, 'instance')")

    def forget(self) -> None:
        """The index has changed."""
        self._known.clear()

    def query(self, text: str) -> str:
        """An FTS5 query for `text`, '' when none of its words is in the index."""
        candidates = (telling(text) or list(dict.fromkeys(words(text))))[:MOST_WORDS]
        counts = {word: self._count(word) for word in candidates}
        chosen: list[str] = []
        visits = 0
        for word in sorted((word for word in counts if counts[word]), key=lambda word: counts[word]):
            visits += counts[word]
            if chosen and visits > MOST_VISITS:
                break
            chosen.append(word)
        return " OR ".join(f'"{word}"' for word in chosen)

    def _count(self, word: str) -> int:
        """In how many chunks at most a form of the word stands."""
        if word not in self._known:
            if len(self._known) > _CACHED:
                self._known.clear()
            sql = f'SELECT doc FROM "{self._table}_terms" WHERE term = ?'
            found = [self._db.execute(sql, (term,)).fetchone() for term in self._terms(word)]
            self._known[word] = min((int(row[0]) if row else 0 for row in found), default=0)
        return self._known[word]

    def _terms(self, word: str) -> list[str]:
        """As the index spells it: stemmed, and in parts where it has a mark inside."""
        self._stems.execute("DELETE FROM stems")
        self._stems.execute("INSERT INTO stems VALUES (?)", (word,))
        return [str(row[0]) for row in self._stems.execute("SELECT DISTINCT term FROM terms")]
