"""A call's own view of the process's layers: what their providers do stands in its journal, and on its ladder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from visavis.kernel.agent import Agent
from visavis.kernel.events import Event
from visavis.kernel.settings import Settings
from visavis.session.fallback import Watch
from visavis.session.ladder import Ladder
from visavis.session.mending import Mending
from visavis.session.pools import pools_of, watched
from visavis.session.stack import Layers


def for_call(
    layers: Layers, agent: Agent, settings: Settings, note: Callable[[Event], object]
) -> tuple[Layers, Mending]:
    """The layers as one call uses them, and what brings failed providers back while it lasts."""
    ladder = Ladder(note, agent.language, call_back=settings.fallback.call_back)
    watch = Watch(note, ladder)
    sighted = layers.sighted
    if sighted is not None and sighted.describer is not None:
        sighted = replace(sighted, describer=watched(sighted.describer, watch))
    knowledge = layers.knowledge
    if knowledge is not None:
        knowledge = replace(knowledge, library=watched(knowledge.library, watch))
    own = replace(
        layers,
        asr=watched(layers.asr, watch),
        llm=watched(layers.llm, watch),
        tts=watched(layers.tts, watch),
        sighted=sighted,
        knowledge=knowledge,
        ladder=ladder,
    )
    aside = [sighted.describer if sighted else None, knowledge.library if knowledge else None]
    pools = pools_of([own.asr, own.llm, own.tts, *aside])
    return own, Mending(pools, watch, agent.language)
