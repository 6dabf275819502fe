"""When a recogniser tells nothing although somebody speaks: has it stalled, or are there no words in the sound?

Another recogniser is given the audio, too. Only if it hears words that the first one has not told, the first one has
failed: of a cough, of music or a hum both tell nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from visavis.hear.base import Asr, AsrStream, Words
from visavis.kernel.media import Pcm
from visavis.session.fallback import Member
from visavis.session.providers import translated


class SecondEar:
    """`member` listens beside another recogniser, which has told `known` words of this turn. `on_words` is called
    with everything that it tells from the first word more than these on."""

    def __init__(self, member: Member[Asr], language: str, known: int, on_words: Callable[[Words], None]) -> None:
        """Raises ProviderError."""
        self.member = member
        self._known = known
        self._on_words = on_words
        with translated("asr", member.name):
            self.stream: AsrStream = member.engine.stream(language, self._partial)

    def push(self, pieces: Iterable[Pcm]) -> None:
        """Audio of the turn, from its beginning. Raises ProviderError."""
        with translated("asr", self.member.name):
            for pcm in pieces:
                self.stream.push(pcm)

    def _partial(self, words: Words) -> None:
        if len(words.text.split()) > self._known:
            self._known = -1  # it is the one that serves now
            self._on_words(words)
