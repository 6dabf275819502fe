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
in `vision.fallbacks`, as "provider:model". One of the same provider uses the address and the key of `[vision]`,
another one its vendor's own address and usual variable (`OPENAI_API_KEY`, `GEMINI_API_KEY`, `ANTHROPIC_API_KEY`). In
Python: `Stack(llm=[…])`. For documents the search by words alone stands behind the one with vectors, where the store
knows words.

- **The next one goes on, it does not begin again.** A language model is told what was handed out of the answer
  (whole words only), and continues it; a voice gets the words that are left; a recogniser gets the turn's audio
  again. Tool calls are handed out when the model that asks for them has come to its end, so that none of a broken
  answer is run, and what a tool has returned is in the request that the next model gets.
- **Four timeouts** in each layer: `connect_timeout_s`, `first_timeout_s`, `idle_timeout_s`, `total_timeout_s` of
  `[llm]`, `[asr]`, `[tts]`, `[vision]` (where the total is `deadline_s`) and `[knowledge]`. What they limit stands
  [below](#what-the-timeouts-limit). Whatever the engine, the session keeps the last three; our HTTP adapters keep
  all four for bytes, the look-up of a server's name included in connecting.
- **A silent recogniser is doubted first.** When one that tells partials has told none for `asr.idle_timeout_s` of
  speech, the next one is given the turn's audio, too. Only if it hears words that the first has not told, the first
  one has failed: music and coughs have none.
- **A breaker for each provider**, of the process. `fallback.failures` failures in a row open it (a timeout counts
  as two), and calls go past it at once. After `fallback.retry_s`, then twice that each time, up to
  `fallback.retry_most_s`, a call under way sends a probe: one token, one word, half a second of silence, a small
  picture. It closes the breaker when it works; until a real call has worked too, one failure opens it again for
  longer. Without a call nobody probes.
- **Hedges**: in the layers of `fallback.hedge` ("asr", "llm", "tts", "vision", "retrieval") the next provider is
  asked too when one is later with its first result than 95 of 100 of its last calls (from 20 calls on). Who is
  sooner goes on, the other is stopped; what a stopped model used is on the journal. Of recognisers it is the words
  of a pause that are hedged; of documents the search by words answers while vectors are late. Off by default: it
  costs money, and hedged voices may alternate from sentence to sentence.
- **All are down**: nobody is asked until a probe works; the call is told at once, not after another timeout.

## What the timeouts limit

| layer | first | idle | total |
|---|---|---|---|
| `[llm]` | the first token | between tokens | the answer |
| `[asr]` | a pause's words, if others could tell them | partials of somebody speaking | its words, by all together |
| `[tts]` | the first sound of a piece | between its sounds | the piece |
| `[vision]` | first byte of an answer | between its bytes | the description, by one describer: `deadline_s` |
| `[knowledge]` | first byte of a question's vector | between its bytes | one source's search |

Connecting counts in the first one as well. `total` counts waiting only: what the agent does with a result, such as
speaking it, is not in it. An answer waits for passages only as long as `knowledge.deadline_s`. Vectors of documents
that are indexed have 30 s; no call waits for them.

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
conversation, and out of what nobody hears, such as its notes for memory. An answer from documents that is declined
is declined by a backup, too. A desk that takes calls over is not part of this yet: `HandoffRequested` and what the
person says about a call-back stand on the journal for whoever reads it. Each rung is left again when what it stands
for works: the first provider has served a call, a voice has spoken, words have arrived, an answer was heard.

## Chaos

`visavis bench chaos --json` plays a call for each fault, layer and moment: a first provider that fails by script, a
second one that does not. On the virtual clock, with doubles; every case is a test. Cells are seconds from the
moment at which the first provider had to be given up (its timeout, or its error), or from the end of the person's
turn if that was later, until the agent is heard. The target is 2 s. In all of them the answer was heard whole, once,
and a tool ran once. As providers are connected to, an error is that of the line below; only silence is a case of its
own. For vision and retrieval, which the voice does not wait for, it is how long the note or the answer came after
its deadline.

"""

_END = """

The same faults are played over HTTP, before and within an answer, with the real adapters for chat completions, for
pictures and for embeddings (a real collection, whose words alone are then searched) before a server on loopback, in
real time; that is a test as well (`tests/contract/test_chaos_http.py`), and further rows of the bench. Recognisers
and voices over a network do not exist yet: theirs are played with doubles.
"""


def page(cells: str) -> str:
    """The page around a table."""
    rungs = "\n".join(f"| `{rung}` | {when} | {rung_words(rung, 'en')} |" for rung, when in _RUNGS.items())
    return f"{_HEAD}{rungs}\n{_TAIL}{cells}{_END}"


if __name__ == "__main__":
    print(page(table(played_rows())), end="")
