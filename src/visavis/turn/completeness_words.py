"""The closed word lists behind `completeness.py`, by language. Each list stands as text, so that it can be mended."""

from __future__ import annotations

# ruff: noqa: SIM905

FILLERS = {
    "en": frozenset("um uh er erm hmm hm uhm umm uhh".split()),
    "es": frozenset("eh em este mmm ehm pues".split()),
    "de": frozenset("äh ähm hm öh öhm".split()),
    "fr": frozenset("euh heu hm ben".split()),
}

NEVER_LAST = {
    "en": frozenset(
        "a an the and or but because although unless whereas whether if while which whose than as of into onto "
        "between during against per via my your our their every each gonna wanna very quite also even i'm you're "
        "we're they're it's he's she's there's what's where's who's how's let's i'd you'd we'd they'd i've you've "
        "we've they've i'll you'll we'll they'll he'll she'll im id ive youve theyre i he we they she".split()
    ),
    "es": frozenset(
        "un una unos unas el la los las y e o u ni pero sino porque aunque si cuando mientras que quien cuyo de del "
        "a al en con por para sin sobre entre desde hasta hacia según mi mis tu tus su sus nuestro nuestra este esta "
        "ese esa cada algún ningún muy tan me te se le les".split()
    ),
    "de": frozenset(
        "ein eine einen einem einer eines der die das den dem des und oder aber sondern weil obwohl wenn als dass ob "
        "während von vom zum zur für gegen ohne um zwischen im beim mein meine meinen dein deine sein seine ihre "
        "unser unsere dieser diese dieses jeder jede kein keine ich du er wir sehr".split()
    ),
    "fr": frozenset(
        "un une des le la les l et ou mais donc car parce que qu qui quand si lorsque de du d à au aux en dans sur "
        "sous pour par sans chez entre vers mon ma mes ton ta tes son sa ses notre nos votre vos leur cet cette ces "
        "chaque je j tu il ils elles très".split()
    ),
}
"""Nothing that people say ends in these; `WHOLE` has what does all the same."""

SELDOM_LAST = {
    "en": frozenset(
        "when who whom to with from by about at in for on through before after without within upon toward towards "
        "among plus versus like until till since despite beyond across his its these those some any another such "
        "both either several is are was were am be been being has have had do does did can could will would shall "
        "should may might must really so just only dont didnt doesnt cant wont isnt don't didn't doesn't can't won't "
        "isn't aren't not what how why where".split()
    ),
    "es": frozenset(
        "lo yo es son era soy eres estoy está están he ha han había más menos nos como qué cuál quiero necesito "
        "puedo puede no".split()
    ),
    "de": frozenset(
        "damit mit bei aus nach über unter vor in auf zu ihr ist sind war bin habe hat haben hätte kann könnte "
        "können möchte will würde werde nicht auch nur wie was wo warum welche welcher".split()
    ),
    "fr": frozenset(
        "avec ce elle nous vous est sont suis était ai a ont avait peux peut voudrais veux plus ne aussi quel quelle "
        "où pourquoi comme".split()
    ),
}
"""These end a question, seldom a statement."""

QUESTION_WORDS = {
    "en": frozenset("what where who whom whose how why which when".split()),
    "es": frozenset("qué cuál quién cómo dónde cuándo cuánto".split()),
    "de": frozenset("was wo wer wie warum welche welcher wann woher wohin".split()),
    "fr": frozenset("que quoi qui où comment pourquoi quand combien quel quelle".split()),
}

QUESTION_VERBS = {
    "en": frozenset(
        "is are am was were do does did can could would will shall should may have has isn't aren't don't doesn't "
        "can't couldn't won't".split()
    ),
    "es": frozenset("puede puedes podría tiene tienes hay es está".split()),
    "de": frozenset("ist sind kann können könnte könnten haben hast gibt darf".split()),
    "fr": frozenset("est pouvez peux avez as est-ce".split()),
}
"""A sentence that begins so asks something, mark or no mark."""


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split("|"))


OPEN_PHRASES = {
    "en": _phrases(
        "is that|was that|think that|believe that|hope that|mean that|means that|so that|now that|such that|and that|"
        "can you|could you|would you|will you|have you|do you|did you|if you|when you|that you|what you|for this|"
        "is it possible that|i was wondering|i'm trying|i have|we have|i can|i would|i will|i could|we can|we could"
    ),
    "es": _phrases("creo que|es que|me gustaría|quisiera|podría usted|si usted"),
    "de": _phrases("ich glaube|ich möchte|können sie|könnten sie|haben sie|wenn sie|dass sie|es geht"),
    "fr": _phrases("je voudrais|j'aimerais|pouvez vous|est ce|il y a|je pense"),
}
"""Ends of half a sentence whose last word alone would not tell."""

WHOLE = {
    "en": _phrases(
        "i do|i am|i did|yes i can|yes i have|yes i will|it is|that is|they are|you are|it was|i was|it does|"
        "i think so|is it so|or so|hope so|to do|of course not|why not|or not|i'm not|it's not|maybe not|hold on|"
        "come on|go on|move on|come in|check in|log in|bring it in|sign up for|how about|looking for|asked for|"
        "pay for|not really|me too|any|to be|and so on|turn it on|what for|are you"
    ),
    "es": _phrases("de nada|creo que sí|creo que no|eso es|así es|no|por qué|yo|más"),
    "de": _phrases("warum nicht|gar nicht|noch nicht|ich auch|lieber nicht|wie"),
    "fr": _phrases("pourquoi pas|et vous|merci à vous|c'est vous|plus"),
}
"""What may well end a turn although its last word seldom does."""

WANTING = {
    "en": frozenset(
        "need needs want wants noticed find finding get getting make making give giving tell explain include "
        "includes including provide provides require requires involve involves enable enables allow allows suggest "
        "suggests reveal reveals represent represents contain contains become becomes regarding concerning consider "
        "considering called named wondering trying supposed using achieve identify integrate build create reduce "
        "improve maintain ensure bring put take buy receive looking".split()
    ),
}
"""Verbs that ask for an object. Only English so far."""

LEADS = {
    "en": frozenset("if when while although since once before after unless whenever".split()),
    "es": frozenset("si cuando mientras aunque".split()),
    "de": frozenset("wenn falls während obwohl nachdem bevor".split()),
    "fr": frozenset("si quand lorsque pendant".split()),
}
"""First words of a clause that seldom stands alone."""

CLOSINGS = {
    "en": _phrases(
        "please|thank you|thanks|bye|goodbye|thank you very much|thanks a lot|thank you so much|that's all|that's it|"
        "that is all|nothing else|that works|you're welcome|no problem|have a great day"
    ),
    "es": _phrases("por favor|gracias|adiós|hasta luego|eso es todo|nada más"),
    "de": _phrases("bitte|danke|vielen dank|tschüss|auf wiedersehen|das ist alles|das war's|dankeschön"),
    "fr": _phrases("s'il vous plaît|s'il te plaît|merci|au revoir|c'est tout|merci beaucoup"),
}

ACKNOWLEDGEMENTS = {
    "en": frozenset(
        "ok okay sure right alright all well so yes yeah yep no nope um uh ah oh great good wonderful perfect of "
        "course and but then hi hello fine cool hey".split()
    ),
    "es": frozenset("sí si no vale bueno claro pues ah oh eh bien perfecto de acuerdo hola".split()),
    "de": frozenset("ja nein ok okay gut also na klar ah oh prima genau hallo".split()),
    "fr": frozenset("oui non ok bon bien alors ah oh d'accord parfait bonjour".split()),
}
