"""`docs/failures.md`, with the table of the bench: `python -m visavis.bench.chaos_page > docs/failures.md`."""

from __future__ import annotations

from visavis.bench.chaos import played_rows, table
from visavis.kernel.events.survival import Rung
from visavis.session.rungs import rung_words

_HEAD = """\
# When providers fail

Made by `python -m visavis.bench.chaos_page`; edit there.

A model, a voice or a recogniser that fails costs the person at most a moment: the next one of the list goes on.
What happens besides is in [the loop](loop.md#when-something-fails).

## Lists of providers

```toml
name = "Ada"
instructions = "You work for a bicycle shop."

[stack]
llm = ["openai:gpt-4o-mini", "embedded"]     # "provider:model"
tts = ["hibari", "kokoro:af_heart"]          # "engine:voice"
asr = ["moonshine", "whisper"]
```

A plain string is a list of one. All of them are loaded before the first call. Further describers of pictures stand
in `vision.fallbacks`, as "provider:model"; they use the address and the key of `[vision]`. In Python:
`Stack(llm=[…])`. For documents the search by words alone stands behind the one with
vectors, where the store knows words.

- **The next one goes on, it does not begin again.** A language model is told what was handed out of the answer
  (whole words only), and continues it; a voice gets the words that are left; a recogniser gets the turn's audio
  again. Tool calls are handed out when the model that asks for them has come to its end, so that none of a broken
  answer is run, and what a tool has returned is in the request that the next model gets.
- **Four timeouts** in `[llm]`, `[asr]`, `[tts]`: to connect, to the first result, between results, in all. Adapters
  keep them; an engine that does not is given up one second later. `[asr] first_timeout_s` is how long the words of
  a pause may take while there is another recogniser to ask. `[vision] deadline_s` is for one describer.
- **A breaker for each provider**, of the process. `fallback.failures` failures in a row open it (a timeout counts
  as two), and calls go past it at once. After `fallback.retry_s`, then twice that each time, up to
  `fallback.retry_most_s`, a call under way sends a probe: one token, one word, half a second of silence, a small
  picture. It closes the breaker when it works; until a real call has worked too, one failure opens it again for
  longer. Without a call nobody probes.
- **Hedges**: in the layers of `fallback.hedge` ("llm", "tts") the next provider is asked too when one is later with
  its first result than 95 of 100 of its last calls (from 20 calls on). Who is sooner goes on, the other is stopped;
  what it used is on the journal. Off by default: it costs money.
- **All are down**: nobody is asked until a probe works; the call is told at once, not after another timeout.

## The ladder

What a call goes without is on the journal (`Degraded`, `Recovered`) and is told to the person once for each time:
by the next thing that is said, or on the page where the voice cannot. Words that nobody came to hear are said
again.

| rung | when | what the person is told |
|---|---|---|
"""

_RUNGS: dict[Rung, str] = {
    "vision_off": "a describer of pictures fails three times in a row; before the next answer",
    "smaller_model": "another language model than the first one answers",
    "other_voice": "another voice than the first one speaks",
    "captions_only": "no voice works: answers are shown; on the page",
    "text_chat": "words do not arrive for the second time in a row; spoken and on the page",
    "handoff": "two answers in a row came to nothing: `HandoffRequested` is on the journal; spoken and on the page",
    "call_back": "a third one: spoken and on the page; off with `fallback.call_back = false`",
}

_TAIL = """\

The words exist in English, Spanish, German and French. They are kept out of what the model reads of the
conversation. A desk that takes calls over is not part of this yet: `HandoffRequested` and what the person says
about a call-back stand on the journal for whoever reads it. Each rung is left again when what it stands for works:
the first provider has served a call, a voice has spoken, words have arrived, an answer was heard.

## Chaos

`visavis bench chaos --json` plays a call for each fault, layer and moment: a first provider that fails by script, a
second one that does not. On the virtual clock, with doubles; every case is a test. Cells are seconds from the
moment at which the first provider had to be given up (its timeout, or its error), or from the end of the person's
turn if that was later, until the agent is heard: the second that limits of engines are given more is in them. The
target is 2 s. In all of them the answer was heard whole, once, and a tool ran once. For vision and retrieval, which
the voice does not wait for, it is how long the note or the answer came after its deadline.

"""

_END = """

The same faults are played over HTTP, with the real adapters for chat completions and for pictures before a server
on loopback, in real time; that is a test as well (`tests/contract/test_chaos_http.py`), and further rows of the
bench.
"""


def page(cells: str) -> str:
    """The page around a table."""
    rungs = "\n".join(f"| `{rung}` | {when} | {rung_words(rung, 'en')} |" for rung, when in _RUNGS.items())
    return f"{_HEAD}{rungs}\n{_TAIL}{cells}{_END}"


if __name__ == "__main__":
    print(page(table(played_rows())), end="")
