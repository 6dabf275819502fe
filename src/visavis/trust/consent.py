"""Consent as a state machine: waiting → given or refused; given → revoked. Versioned text per language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from visavis.kernel.errors import UsageError

NOTICE_VERSION = "2026-12"

_NOTICES = {
    "en": (
        "You are about to talk with {name}, an AI agent. Your voice, what you type and, if you switch them on, "
        "your camera and screen are processed by AI models to answer you, and the words of the conversation are "
        "kept in this service's journal. Visual cues are read from your camera only if you allow it separately. "
        "Nothing is processed before you agree. You can leave at any time."
    ),
    "es": (
        "Vas a hablar con {name}, un agente de inteligencia artificial. Tu voz, lo que escribas y, si las "
        "activas, tu cámara y tu pantalla se procesan con modelos de IA para responderte, y las palabras de la "
        "conversación se guardan en el diario de este servicio. Solo si lo permites aparte se leen señales visuales "
        "de tu cámara. Nada se procesa antes de que aceptes. Puedes salir cuando quieras."
    ),
}

_CUES = {
    "en": (
        "Visual cues: software may read from my camera whether my mouth moves, whether I look here, and nods, so "
        "that the conversation flows better. Not who I am, and not how I feel. I can stop this at any time."
    ),
    "es": (
        "Señales visuales: el programa puede leer en mi cámara si muevo la boca, si miro hacia aquí y si asiento, "
        "para que la conversación sea más fluida. Ni quién soy ni cómo me siento. Puedo detenerlo cuando "
        "quiera."
    ),
}

_MEMORY = {
    "en": (
        "Memory: {name} may remember what I tell about myself, and what we agreed on, for our next calls. I can ask "
        "to hear it, correct it or have it forgotten, and take this back in the call, which deletes what it added."
    ),
    "es": (
        "Memoria: {name} puede recordar lo que cuente sobre mí y lo que acordemos, para nuestras próximas llamadas. "
        "Puedo pedir que me lo diga, corregirlo o hacer que lo olvide, y retirar este permiso en la llamada, con lo "
        "que se borra lo que ella añadió."
    ),
}

Purpose = Literal["listen", "camera", "screen", "cues", "memory"]
PURPOSES: tuple[Purpose, ...] = ("listen", "camera", "screen", "cues", "memory")


def notice(name: str, language: str) -> str:
    """The text a person must see or hear first, in their language (English when we have no other)."""
    return _NOTICES.get(language.split("-")[0], _NOTICES["en"]).format(name=name)


def cues_notice(language: str) -> str:
    """What a person agrees to with `cues`, apart from the notice, in their language (else English)."""
    return _CUES.get(language.split("-")[0], _CUES["en"])


def memory_notice(name: str, language: str) -> str:
    """What a person agrees to with `memory`, apart from the notice, in their language (else English)."""
    return _MEMORY.get(language.split("-")[0], _MEMORY["en"]).format(name=name)


@dataclass(slots=True)
class Consent:
    """One person's answer, per purpose. Raises UsageError on a transition that makes no sense."""

    state: Literal["waiting", "given", "refused"] = "waiting"
    purposes: frozenset[str] = field(default_factory=frozenset)

    def give(self, purposes: list[str]) -> tuple[str, ...]:
        """Agree. Unknown purposes are dropped; agreeing always covers listening. Returns what is agreed to."""
        if self.state == "refused":
            raise UsageError("consent was refused in this call already", stage="trust")
        self.state = "given"
        self.purposes = self.purposes | {"listen"} | (set(purposes) & set(PURPOSES))
        return tuple(sorted(self.purposes))

    def withdraw(self, purposes: list[str]) -> tuple[str, ...]:
        """Take back some purposes, not `listen`: without that there is no call. Returns those that were."""
        withdrawn = (self.purposes & set(purposes)) - {"listen"}
        self.purposes -= withdrawn
        return tuple(sorted(withdrawn))

    def refuse(self) -> None:
        self.state = "refused"
        self.purposes = frozenset()

    def allows(self, purpose: str) -> bool:
        return self.state == "given" and purpose in self.purposes
