"""What the person is told when a call goes on with less, per language and rung."""

from __future__ import annotations

from visavis.kernel.events.survival import Rung

_WORDS: dict[str, dict[Rung, str]] = {
    "en": {
        "vision_off": "I can't see your picture right now, but I can hear you.",
        "smaller_model": "Sorry, one moment, I have to switch to my backup.",
        "other_voice": "Sorry, I have to use another voice.",
        "captions_only": "The agent's voice is not working right now. Its answers are shown here.",
        "text_chat": "I'm sorry, I can't hear you right now. Please type to me.",
        "handoff": "I'm sorry, I can't answer right now. I'm asking for a person to take over.",
        "call_back": "I'm sorry, nobody can help you now. Tell me how to reach you, and you will be called back.",
    },
    "es": {
        "vision_off": "Ahora mismo no puedo ver tu imagen, pero te oigo.",
        "smaller_model": "Perdona, un momento, tengo que usar mi sistema de reserva.",
        "other_voice": "Perdona, tengo que usar otra voz.",
        "captions_only": "La voz del agente no funciona ahora. Sus respuestas se muestran aquí.",
        "text_chat": "Lo siento, ahora no puedo oírte. Escríbeme, por favor.",
        "handoff": "Lo siento, ahora no puedo responder. Estoy pidiendo que te atienda una persona.",
        "call_back": "Lo siento, ahora nadie puede ayudarte. Dime cómo localizarte y te llamaremos.",
    },
    "de": {
        "vision_off": "Ich kann dein Bild gerade nicht sehen, aber ich höre dich.",
        "smaller_model": "Entschuldigung, einen Moment, ich muss auf mein Ersatzsystem wechseln.",
        "other_voice": "Entschuldigung, ich muss eine andere Stimme nehmen.",
        "captions_only": "Die Stimme des Agenten geht gerade nicht. Seine Antworten stehen hier.",
        "text_chat": "Es tut mir leid, ich kann dich gerade nicht hören. Bitte schreib mir.",
        "handoff": "Es tut mir leid, ich kann gerade nicht antworten. Ich bitte einen Menschen, zu übernehmen.",
        "call_back": "Es tut mir leid, gerade kann dir niemand helfen. Sag mir, wie du erreichbar bist, dann rufen "
        "wir zurück.",
    },
    "fr": {
        "vision_off": "Je ne vois pas ton image pour le moment, mais je t'entends.",
        "smaller_model": "Pardon, un instant, je dois passer à mon système de secours.",
        "other_voice": "Pardon, je dois prendre une autre voix.",
        "captions_only": "La voix de l'agent ne marche pas pour le moment. Ses réponses s'affichent ici.",
        "text_chat": "Je suis désolé, je ne t'entends pas pour le moment. Écris-moi, s'il te plaît.",
        "handoff": "Je suis désolé, je ne peux pas répondre. Je demande à une personne de prendre le relais.",
        "call_back": "Je suis désolé, personne ne peut t'aider maintenant. Dis-moi comment te joindre, et on te "
        "rappellera.",
    },
}

_NOTED = {
    "en": "Thank you, that is noted.",
    "es": "Gracias, queda anotado.",
    "de": "Danke, das ist notiert.",
    "fr": "Merci, c'est noté.",
}


def rung_words(rung: Rung, language: str) -> str:
    """The words for `rung` in `language` (English when we have no other)."""
    return _WORDS.get(language.split("-")[0], _WORDS["en"])[rung]


def noted_words(language: str) -> str:
    """What is said to somebody who has been offered a call-back and says something."""
    return _NOTED.get(language.split("-")[0], _NOTED["en"])
