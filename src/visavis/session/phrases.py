"""What the agent says of its own accord, per language: apologies, idle prompts, goodbyes."""

from __future__ import annotations

from typing import Literal

Occasion = Literal[
    "apology",
    "apology_shown",
    "lost_thread",
    "goodbye_idle",
    "time_limit",
    "resumed",
    "no_record",
    "busy",
    "hold",
    "quiet",
    "jump_in",
    "forgotten",
    "not_forgotten",
    "tool_refused",
    "tool_needs",
    "not_in_documents",
    "documents_late",
]
Silence = Literal["silence", "question", "hold"]
"""What went before a silence: nothing special, a question of the agent, or a request to wait."""

_PHRASES: dict[str, dict[Occasion, str]] = {
    "en": {
        "not_in_documents": "I'm sorry, that is not in my documents.",
        "documents_late": "I'm sorry, I cannot look into my documents just now. Please ask me again in a moment.",
        "apology": "I'm sorry, something went wrong on my side. Could you say that again?",
        "apology_shown": "Something went wrong on the agent's side. Please say it again, or type it.",
        "lost_thread": "I'm sorry, I lost my thread there. Could you ask me again?",
        "goodbye_idle": "It seems you have stepped away, so I'll end our call here. Goodbye!",
        "time_limit": "We have reached the end of the time for this call. Thank you, and goodbye!",
        "resumed": "I'm back, sorry for the break. We can go on where we were.",
        "no_record": "This service cannot keep its journal right now, so the call has to end. Try again later.",
        "busy": "All lines are busy right now. Please try again in a few minutes.",
        "hold": "Of course, take your time.",
        "quiet": "Okay.",
        "jump_in": "Sorry to jump in, let me make sure I got that.",
        "forgotten": "All right, I have forgotten that.",
        "not_forgotten": "I'm sorry, I could not make sure that it is forgotten. The people who run this can.",
        "tool_refused": "I'm sorry, I could not get that done. Could you say in other words what you need?",
        "tool_needs": "For that I still need this from you: {fields}. Could you tell me?",
    },
    "es": {
        "not_in_documents": "Lo siento, eso no está en mis documentos.",
        "documents_late": "Lo siento, ahora no puedo consultar mis documentos. Pregúntame otra vez en un momento.",
        "apology": "Lo siento, algo ha fallado por mi parte. ¿Puedes repetirlo?",
        "apology_shown": "Algo ha fallado por parte del agente. Repítelo, por favor, o escríbelo.",
        "lost_thread": "Lo siento, he perdido el hilo. ¿Me lo preguntas otra vez?",
        "goodbye_idle": "Parece que te has ido, así que termino la llamada. ¡Hasta luego!",
        "time_limit": "Se ha acabado el tiempo de esta llamada. Gracias y hasta luego.",
        "resumed": "Ya estoy de vuelta, perdona el corte. Podemos seguir donde estábamos.",
        "no_record": "El servicio no puede guardar su diario ahora, así que la llamada debe terminar.",
        "busy": "Todas las líneas están ocupadas. Inténtalo de nuevo en unos minutos.",
        "hold": "Claro, tómate tu tiempo.",
        "quiet": "De acuerdo.",
        "jump_in": "Perdona que te interrumpa, quiero asegurarme de que lo he entendido.",
        "forgotten": "De acuerdo, lo he olvidado.",
        "not_forgotten": "Lo siento, no he podido comprobar que esté olvidado. Quien lleva este servicio sí puede.",
        "tool_refused": "Lo siento, no he podido hacerlo. ¿Me dices otra vez, con otras palabras, qué necesitas?",
        "tool_needs": "Para eso me falta un dato: {fields}. ¿Me lo dices?",
    },
}

_PROMPTS: dict[str, dict[Silence, tuple[str, ...]]] = {
    "en": {
        "silence": ("Are you still there?", "I'm still here, whenever you're ready."),
        "question": ("Take your time.", "Are you still there?"),
        "hold": ("I'm still here. No rush.", "Are you still there?"),
    },
    "es": {
        "silence": ("¿Sigues ahí?", "Aquí sigo, cuando quieras."),
        "question": ("Tómate tu tiempo.", "¿Sigues ahí?"),
        "hold": ("Aquí sigo, sin prisa.", "¿Sigues ahí?"),
    },
}


def prompt(silence: Silence, count: int, language: str) -> str:
    """The words after the `count`-th long silence in a row (from 1), never the same twice running."""
    prompts = _PROMPTS.get(language.split("-")[0], _PROMPTS["en"])[silence]
    return prompts[(count - 1) % len(prompts)]


_MURMURS = {"en": "Mm-hm.", "es": "Ajá."}


def murmur(language: str) -> str:
    """What a listener says into a pause without taking the floor."""
    return _MURMURS.get(language.split("-")[0], _MURMURS["en"])


def phrase(occasion: Occasion, language: str) -> str:
    """The words for `occasion` in `language` (English when we have no other)."""
    return _PHRASES.get(language.split("-")[0], _PHRASES["en"])[occasion]
