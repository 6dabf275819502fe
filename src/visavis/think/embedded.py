"""The embedded language model: llama.cpp in this process, one model for all calls, a slot for each.

A call keeps its slot, so its prompt stays cached; a new call's slot is given the agent's system prompt from a
saved copy in about a millisecond. Tools go through the action envelope (`envelope.py`).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import psutil

from visavis.kernel.errors import AtCapacity, ConfigError, ModelError, ProtocolViolation, ProviderError, UsageError
from visavis.kernel.timeouts import Timeouts
from visavis.models.control_tokens import inert, pattern
from visavis.models.engines import EngineContext
from visavis.think.base import Finished, LlmEvent, LlmRequest, Message, TextDelta, ToolCall, ToolSpec
from visavis.think.chat_wire import request_body
from visavis.think.ends import CANDIDATES, p_ends, unmarked
from visavis.think.envelope import SAY, EnvelopeReader, enveloped, schema
from visavis.think.fitting import Fit, Fitting
from visavis.think.gguf import cache_bytes_per_token, control_tokens
from visavis.think.knowledge.forced import grammar, marked
from visavis.think.llama_server import LlamaServer
from visavis.think.openai_chat import OpenAiChat
from visavis.think.slots import Slots

DEFAULT_MODEL = "qwen2.5-coder-1.5b"
_PATIENT = Timeouts(first_s=300.0, idle_s=300.0, total_s=300.0)
"""For the first system prompt: some 60 tokens a second on two cores, and nobody waits yet."""

_SAMPLING = {"top_p": 0.9, "min_p": 0.05, "dry_multiplier": 0.8, "dry_allowed_length": 3}
"""A small model falls into loops ("H. H. H. …"); DRY makes each further repetition of a sequence less likely."""

_DIRECTORY = "visavis-slots-"
_RESERVE_BYTES = 700 << 20
"""Memory left for everything else."""

log = logging.getLogger(__name__)


class EmbeddedLlm:
    """Serves all sessions of the process. Closing a stream stops its work within one step of the model."""

    name = "embedded"
    tells_ends = True
    begins_with_tools = False
    """With tools it is not told how an answer has begun (`_messages`)."""

    def __init__(
        self,
        server: LlamaServer,
        chat: OpenAiChat,
        slots: int,
        slot_directory: Path,
        control: Sequence[str] = (),
        fitting: Fitting | None = None,
    ) -> None:
        """`control`: the model's tokens that are no words. `fitting`: judges whether a tool is near to a request."""
        self.model = chat.model
        self.slot_count = slots
        self._server = server
        self._chat = chat
        self._slots = Slots(slots)
        self._slot_directory = slot_directory
        self._control = pattern(control)
        self._fitting = fitting
        self._saved: dict[str, str] = {}
        self._prefills: dict[str, asyncio.Timeout] = {}
        self._scoring: dict[str, asyncio.Event] = {}
        self._writing: set[str] = set()
        self._ids = itertools.count(1)

    @classmethod
    async def load(cls, context: EngineContext) -> Self:
        """Loads the model that `llm.model` names (seconds). Raises ModelError, or ConfigError for an unknown name."""
        llm = context.settings.llm
        model = llm.model or DEFAULT_MODEL
        directory = await asyncio.to_thread(_slot_directory)

        def work() -> tuple[LlamaServer, int, list[str]]:
            file = _model_file(context, model)
            slots = _slots_that_fit(file, context.settings.server.max_sessions, llm.context_tokens)
            server = LlamaServer(
                file, slots=slots, context_tokens=llm.context_tokens, threads=llm.threads, slot_directory=directory
            )
            return server, slots, control_tokens(file)

        try:
            server, slots, control = await asyncio.to_thread(work)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        chat = OpenAiChat(f"{server.base_url}/v1", model, key=server.key, timeouts=Timeouts.of(llm), local=True)
        get = context.get
        fitting = Fitting(lambda: get("embedder", "minilm")) if get is not None else None
        return cls(server, chat, slots, directory, control, fitting)

    async def stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """A request of no session is background work: it takes no call's slot (AtCapacity)."""
        if not request.session and not self._slots.has_for(""):
            raise AtCapacity("all slots of the model belong to calls", stage="think")
        self._drop_prefill(request.session)
        self._writing.add(request.session)
        try:
            if (scored := self._scoring.get(request.session)) is not None:
                await scored.wait()
            async with aclosing(self._written(request)) as events:
                async for event in events:
                    yield event
        finally:
            self._writing.discard(request.session)

    async def _written(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        fit = Fit(0.0, request.tools)
        if request.tools and self._fitting and request.language.startswith("en"):
            fit = await self._fitting.judge(request.messages, request.tools)
        body = await self._prepared(request) | _form(request, fit.tools)
        if fit.speaking:
            body["logit_bias"] = [[SAY, fit.speaking]]
        async with aclosing(self._chat.stream_body(body)) as events:
            if not request.tools:
                async for event in events:
                    yield event
                return
            reader = EnvelopeReader()
            async for event in events:
                if isinstance(event, TextDelta):
                    if text := reader.feed(event.text):
                        yield TextDelta(text)
                elif isinstance(event, Finished):
                    for last in self._ending(reader, event):
                        yield last

    async def prefill(self, request: LlmRequest) -> None:
        """Computes the messages into the call's cache, up to the last one's text, which may go on. A real request of
        the session ends it at once; while the model is at work, for whatever session, another does nothing.
        """
        if self._prefills or self._writing or self._scoring:
            return
        try:
            async with asyncio.timeout(None) as scope:
                self._prefills[request.session] = scope
                await self._run_prefill(request)
        except TimeoutError:
            pass  # a real request came: `_drop_prefill`
        except ProviderError as error:
            log.debug("prefill failed: %s", error)
        finally:
            self._prefills.pop(request.session, None)

    async def p_ends(self, request: LlmRequest) -> float | None:
        """By the next token's distribution behind the words, marks at their end aside. What it computes the reply
        needs as well, so that it costs hardly more than asking for the reply at once."""
        session = request.session
        if session in self._writing or session in self._scoring:
            return None
        self._drop_prefill(session)
        scored = self._scoring[session] = asyncio.Event()
        try:
            last = request.messages[-1]
            words = replace(last, text=unmarked(last.text))
            asked = replace(request, messages=[*request.messages[:-1], words], begun="")
            return p_ends(await self._run_prefill(asked, probabilities=CANDIDATES))
        finally:
            del self._scoring[session]
            scored.set()

    async def warm(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> None:
        """Computes the system prompt once and gives it to every slot, so that no call begins with a cold one.

        `messages` is the prompt of a call's beginning; only its system message matters. Raises ProviderError.
        """
        request = LlmRequest(messages[:1], tools, session="")
        slot = self._slots.take("")
        await self._run_prefill(request, _PATIENT)
        system = _system(self._messages(request))
        file = f"prompt-{len(self._saved)}.bin"
        await self._chat.post_json(f"{self._server.base_url}/slots/{slot}?action=save", {"filename": file})
        self._saved[system] = file
        for other in range(self.slot_count):
            await self._restore(other, system)
        if self._fitting:
            await self._fitting.warm(tools)

    async def close(self) -> None:
        """Stops the server (some 0.1 s) and frees the model."""
        for session in list(self._prefills):
            self._drop_prefill(session)
        await self._chat.close()
        await asyncio.to_thread(self._server.stop)
        await asyncio.to_thread(shutil.rmtree, self._slot_directory, True)

    async def _prepared(self, request: LlmRequest) -> dict[str, Any]:
        """The body of `request`, and its slot made ready. Raises UsageError for a schema beside tools: the envelope
        is one already."""
        if request.tools and request.schema is not None:
            raise UsageError("the embedded model calls tools or keeps to a schema, not both", stage="think")
        messages = self._messages(request)
        slot = self._slots.take(request.session)
        await self._restore(slot, _system(messages))
        body = request_body(replace(request, messages=messages, tools=(), begun=""), self.model)
        return body | _SAMPLING | {"id_slot": slot, "cache_prompt": True}

    def _messages(self, request: LlmRequest) -> Sequence[Message]:
        """As the model reads them, without control tokens in anybody's words. An answer that has begun is the last
        message, which llama.cpp goes on with.

        With tools the model is not told: an answer that has begun would be a `say`, and a small model then says that
        it will look instead of looking. What it says is a sentence of its own, which may follow an opener.
        """
        if request.tools:
            messages = enveloped(request.messages, request.tools)
        else:
            begun = [Message("assistant", request.begun)] if request.begun else []
            messages = [*request.messages, *begun]
        return [replace(message, text=inert(message.text, self._control)) for message in messages]

    async def _restore(self, slot: int, system: str) -> None:
        """Loads the saved system prompt into a slot that holds another one."""
        if self._slots.holds(slot, system):
            return
        if (file := self._saved.get(system)) is not None:
            url = f"{self._server.base_url}/slots/{slot}?action=restore"
            await self._chat.post_json(url, {"filename": file})
        self._slots.put(slot, system)

    async def _run_prefill(
        self, request: LlmRequest, timeouts: Timeouts | None = None, *, probabilities: int = 0
    ) -> dict[str, Any]:
        body = await self._prepared(request)
        url = self._server.base_url
        rendered = await self._chat.post_json(f"{url}/apply-template", {"messages": body["messages"]})
        prompt, last = str(rendered["prompt"]), self._messages(request)[-1].text.strip()
        known = prompt[: prompt.rindex(last) + len(last)] if last in prompt else prompt
        wanted = {"prompt": known, "n_predict": 0, "cache_prompt": True, "id_slot": body["id_slot"]}
        if probabilities:
            wanted |= {"n_predict": 1, "n_probs": probabilities, "temperature": 0.0}
        return await self._chat.post_json(f"{url}/completion", wanted, timeouts=timeouts)

    def _drop_prefill(self, session: str) -> None:
        if (scope := self._prefills.get(session)) is not None:
            scope.reschedule(asyncio.get_running_loop().time())

    def _ending(self, reader: EnvelopeReader, finished: Finished) -> list[LlmEvent]:
        action = reader.action()
        if reader.saying:
            return [Finished("length" if action is None else "stop", finished.usage)]
        if action is None:
            raise ProtocolViolation("the model's action is not complete", stage="think")
        call = ToolCall(f"call_{next(self._ids)}", action.name, action.arguments)
        return [call, Finished("tools", finished.usage)]


def _form(request: LlmRequest, tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """What holds the answer to its form: an action, which calls none but `tools` of those the prompt names; or the
    marks of what it rests on."""
    if request.tools:
        actions = schema(tools)
        wanted = {"name": "action", "schema": marked(actions, request.cites) if request.cites else actions}
        return {"response_format": {"type": "json_schema", "json_schema": wanted}}
    if request.cites and request.schema is None:
        return {"grammar": grammar(request.cites)}
    return {}


def _system(messages: Sequence[Message]) -> str:
    return messages[0].text if messages and messages[0].role == "system" else ""


def _slot_directory() -> Path:
    """A fresh directory for saved prompts (some MB); those that killed processes left behind are removed."""
    for old in Path(tempfile.gettempdir()).glob(f"{_DIRECTORY}*"):
        pid = old.name.removeprefix(_DIRECTORY).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_DIRECTORY}{os.getpid()}-"))


def _model_file(context: EngineContext, model: str) -> Path:
    """`model` as a GGUF file, or by its name in the store."""
    own = Path(model).expanduser()
    if own.suffix == ".gguf":
        if not own.is_file():
            raise ConfigError(f"there is no file {own}", where="llm.model")
        return own
    directory = context.store.path(model)
    files = sorted(directory.glob("*.gguf"))
    if not files:
        raise ModelError(f"{model} has no GGUF file in {directory}", stage="think")
    return files[0]


def _slots_that_fit(model: Path, wanted: int, context_tokens: int) -> int:
    """How many calls' contexts fit into memory beside the model, whose weights count twice: as file and repacked."""
    per_slot = cache_bytes_per_token(model) * context_tokens
    free = psutil.virtual_memory().available - 2 * model.stat().st_size - _RESERVE_BYTES
    fitting = max(1, min(wanted, int(free // per_slot)))
    if fitting < wanted:
        log.warning(
            "memory holds the context of %d calls, not %d: further calls share them and answer later; "
            "lower llm.context_tokens or server.max_sessions",
            fitting,
            wanted,
        )
    return fitting
