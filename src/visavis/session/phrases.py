"""What the agent says of its own accord, per language: apologies, idle prompts, goodbyes."""

from __future__ import annotations

from typing import Literal

Occasion = Literal[
    "apology", "apology_shown", "lost_thread", "idle", "goodbye_idle", "time_limit", "resumed", "no_record", "busy"
]

_PHRASES: dict[str, dict[Occasion, str]] = {
    "en": {
        "apology": "I'm sorry, something went wrong on my side. Could you say that again?",
        "apology_shown": "Something went wrong on the agent's side. Please say it again, or type it.",
        "lost_thread": "I'm sorry, I lost my thread there. Could you ask me again?",
        "idle": "Are you still there? Take your time.",
        "goodbye_idle": "It seems you have stepped away, so I'll end our call here. Goodbye!",
        "time_limit": "We have reached the end of the time for this call. Thank you, and goodbye!",
        "resumed": "I'm back, sorry for the break. We can go on where we were.",
        "no_record": "This service cannot keep its journal right now, so the call has to end. Try again later.",
        "busy": "All lines are busy right now. Please try again in a few minutes.",
    },
    "es": {
        "apology": "Lo siento, algo ha fallado por mi parte. ¿Puedes repetirlo?",
        "apology_shown": "Algo ha fallado por parte del agente. Repítelo, por favor, o escríbelo.",
        "lost_thread": "Lo siento, he perdido el hilo. ¿Me lo preguntas otra vez?",
        "idle": "¿Sigues ahí? Tómate tu tiempo.",
        "goodbye_idle": "Parece que te has ido, así que termino la llamada. ¡Hasta luego!",
        "time_limit": "Se ha acabado el tiempo de esta llamada. Gracias y hasta luego.",
        "resumed": "Ya estoy de vuelta, perdona el corte. Podemos seguir donde estábamos.",
        "no_record": "El servicio no puede guardar su diario ahora, así que la llamada debe terminar.",
        "busy": "Todas las líneas están ocupadas. Inténtalo de nuevo en unos minutos.",
    },
}


def phrase(occasion: Occasion, language: str) -> str:
    """The words for `occasion` in `language` (English when we have no other)."""
    return _PHRASES.get(language.split("-")[0], _PHRASES["en"])[occasion]
