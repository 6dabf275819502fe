"""The engines an agent needs, by layer, loaded before the first call."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

from visavis.hear.base import Asr, EchoCanceller, Endpoint, Vad
from visavis.kernel.agent import Agent
from visavis.kernel.errors import ModelError
from visavis.kernel.registry import resolve
from visavis.kernel.settings import Settings
from visavis.models.engines import Engines
from visavis.see.base import FaceEngine
from visavis.session.openers import Openers
from visavis.speak.base import Tts
from visavis.think.base import Llm
from visavis.think.context import build
from visavis.think.tools import ToolBox
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
    gain: bool = False
    openers: Openers = field(default_factory=Openers)

    def names(self) -> dict[str, str]:
        """Layer → provider, for `SessionStarted`."""
        return {"asr": self.asr.name, "llm": f"{self.llm.name}:{self.llm.model}", "tts": self.tts.name}

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
    asr = await engines.get("asr", stack.asrs(agent.language)[0])
    llm: Llm = await engines.get("llm", stack.llms()[0])
    # Where the language model tells whether the words are complete, the sound is scored for a "mm-hm" only.
    listened = bool(stack.endpoint) and (not llm.tells_ends or settings.session.backchannels == "sounds")
    layers = Layers(
        vad=vad,
        asr=asr,
        llm=llm,
        tts=await engines.get("tts", stack.voices(agent.language)[0]),
        endpoint=await engines.get("endpoint", stack.endpoint) if listened else None,
        echo=settings.session.echo,
        face=await _load_face(engines, stack.face),
        gain=settings.session.gain,
    )
    prepare(agent.language)
    await layers.llm.warm(build(agent, [], budget_tokens=settings.llm.context_tokens), ToolBox(agent.tools).specs)
    return replace(layers, openers=await Openers.load(layers.tts, agent, settings.session))


async def _load_face(engines: Engines, name: str) -> FaceEngine | None:
    """None, with a warning, when the model is not there: a conversation does not need visual cues."""
    try:
        face: FaceEngine | None = await engines.get("face", name) if name else None
    except ModelError as error:
        log.warning("calls go without visual cues: %s", error)
        return None
    return face
