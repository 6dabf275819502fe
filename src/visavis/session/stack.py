"""The engines an agent needs, by layer, loaded before the first call."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

from visavis.hear.base import Asr, EchoCanceller, Endpoint, Vad
from visavis.kernel.agent import Agent, ToolFunction
from visavis.kernel.errors import ModelError
from visavis.kernel.registry import resolve
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines
from visavis.see.base import FaceEngine, GestureEngine
from visavis.see.look import unbound_look
from visavis.see.sighted import load_sighted
from visavis.see.vision import Sighted
from visavis.session.fallback_search import with_words
from visavis.session.knowing import Knowledge
from visavis.session.ladder import Ladder
from visavis.session.openers import Openers
from visavis.session.pools import load_asr, load_llm, load_tts, with_fallbacks
from visavis.speak.base import Tts
from visavis.think.base import Llm
from visavis.think.context import build
from visavis.think.knowledge.keeper import Keeper
from visavis.think.knowledge.opening import collection_of, open_library
from visavis.think.mcp import load_mcp
from visavis.think.tools import Tool, ToolBox
from visavis.turn.requests import prepare

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Layers:
    """One engine per layer, shared by all sessions of the process."""

    vad: Vad
    asr: Asr
    llm: Llm
    tts: Tts
    endpoint: Endpoint | None = None
    echo: str = ""
    face: FaceEngine | None = None
    gestures: GestureEngine | None = None
    gain: bool = False
    openers: Openers = field(default_factory=Openers)
    mcp: tuple[Tool, ...] = ()
    sighted: Sighted | None = None
    knowledge: Knowledge | None = None
    ladder: Ladder = field(default_factory=Ladder)
    """A call's own, in its view of the layers (`session/surviving.py`)."""

    def names(self) -> dict[str, str]:
        """Layer → provider, for `SessionStarted`."""
        names = {"asr": self.asr.name, "llm": f"{self.llm.name}:{self.llm.model}", "tts": self.tts.name}
        sighted = self.sighted or Sighted()
        eyes = (sighted.reader, sighted.novelty, sighted.describer, sighted.objects)
        seeing = [one.name for one in eyes if one is not None]
        return names | ({"vision": "+".join(seeing)} if seeing else {})

    def tools(self, agent: Agent, look: ToolFunction) -> list[ToolFunction]:
        """What the model may call: the agent's tools, and `look` where there are eyes.

        Not the embedded model: to choose among tools costs it 0.4 s before every first word, and questions that need
        eyes are looked at without it (`session/look.py`).
        """
        taken = any(getattr(tool, "__name__", "") == "look" for tool in agent.tools)
        offered = "vision" in self.names() and self.llm.name != "embedded" and not taken
        return [*agent.tools, *([look] if offered else [])]

    def echo_canceller(self) -> EchoCanceller | None:
        """A fresh canceller for one session, or None when none is set."""
        if not self.echo:
            return None
        canceller: EchoCanceller = resolve("echo", self.echo)()
        return canceller


async def load_layers(engines: Engines, agent: Agent, settings: Settings) -> Layers:
    """Load what `agent` names and put its prompt into the model's cache. Raises ConfigError, ModelError."""
    stack = agent.stack
    vad = await engines.get("vad", stack.vad)
    asr = await load_asr(engines, agent, settings)
    llm = await load_llm(engines, agent, settings)
    # Where the language model tells whether the words are complete, the sound is scored for a "mm-hm" only.
    listened = bool(stack.endpoint) and (not llm.tells_ends or settings.session.backchannels == "sounds")
    layers = Layers(
        vad=vad,
        asr=asr,
        llm=llm,
        tts=await load_tts(engines, agent, settings),
        endpoint=await engines.get("endpoint", stack.endpoint) if listened else None,
        echo=settings.session.echo,
        face=await _load_face(engines, stack.face),
        gestures=await engines.get("vision", settings.vision.gestures) if settings.vision.gestures else None,
        gain=settings.session.gain,
    )
    sighted = await load_sighted(engines, settings.vision, layers.face)
    layers = replace(layers, sighted=await with_fallbacks(engines, sighted, settings))
    layers = replace(layers, knowledge=await load_knowledge(engines, agent, settings))
    prepare(agent.language)
    layers = replace(layers, mcp=await load_mcp(engines, agent.mcp))
    tools = ToolBox(layers.tools(agent, unbound_look()), layers.mcp).specs
    await layers.llm.warm(build(agent, [], budget_tokens=settings.llm.context_tokens), tools)
    return replace(layers, openers=await Openers.load(layers.tts, agent, settings.session))


async def load_knowledge(engines: Engines, agent: Agent, settings: Settings) -> Knowledge | None:
    """The agent's documents, indexed; they are followed until the engines close. Raises ConfigError, ModelError,
    ProviderError."""
    if not agent.knowledge:
        return None
    collection = collection_of(agent.name, agent.knowledge, settings.knowledge)
    library = await open_library(engines, collection)
    keeper = Keeper(library, agent.knowledge)
    engines.put("knowledge", collection, keeper)
    await keeper.start()
    return Knowledge(with_words(library, settings), settings.knowledge, library.store.name)


async def _load_face(engines: Engines, name: str) -> FaceEngine | None:
    """None, with a warning, when the model is not there: a conversation does not need visual cues."""
    try:
        face: FaceEngine | None = await engines.get("face", name) if name else None
    except ModelError as error:
        log.warning("calls go without visual cues: %s", error)
        return None
    return face
