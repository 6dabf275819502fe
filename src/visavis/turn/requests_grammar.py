"""How people ask an agent to wait or be quiet, per language; read by `requests.py`.

One alternative a line: regular expressions over lower-case words without apostrophes. `<name>` stands for another
entry of the same language. Every language has `lead` (may come first), `hold`, `quiet` and `tail` (may come last).
"""

from __future__ import annotations

ENGLISH = {
    "amount": r"""
        a|one|1|two|a couple of|a few|another|just a|just one""",
    "while": r"""
        (quick )?(moments?|seconds?|secs?|minutes?|mins?|ticks?)""",
    "polite": r"""
        (can|could|would|will) (you|we)( please| just)*
        (i )?(need|want|would like|id like) (you )?to""",
    "look": r"""
        (check|see|look|think|find|get|grab|fetch|read|search|concentrate|focus|listen)( <soon>)*
        look around|have a look|take a look|write (that|this|it) down|(look|pull|bring) (it|that|this|them) up
        (check|see|find|get|grab|read|open) (it|that|this|them|out)( <soon>)*
        think (about|over) (it|that|this)|think (it|that|this) (over|through)
        answer (the|my) (phone|door)|take this( call)?
        (find|get|grab|fetch|open) my( \w+){1,2}
        (check|look at|look for|look in|look into|look through) (my|the)( \w+){1,2}""",
    "soon": r"""
        first|here|quickly|real quick|for <amount> <while>""",
    "hush": r"""
        (be|keep|stay|remain|go) (quiet|silent|still)
        shut up|shut it|hush( up)?|pipe down|zip it|stop it|mute yourself|not (talk|speak|say anything)
        (stop|quit|cease|stopped) <talking>( (to|over|at) me| any (more|further))*
        (shut|close|hold) your (mouth|tongue|trap)
        stop your (<talking>|chatter|noise)|refrain from <talking>""",
    "talking": r"""
        talking|speaking|rambling|chatting|chattering|yapping|babbling|blabbering|going on|explaining|interrupting""",
    "lead": r"""
        um|uh|er|erm|hmm|oh|ok|okay|well|so|sorry|hey|yes|yeah|no|and|but|actually|right|alright|please|just
        excuse me|sure|ah|oops""",
    "hold": r"""
        (<polite> )?<wait>( (please|there|up|for me))*( (for )?(<amount> <while>|a bit))?
        <amount> <while>
        (<polite> )?(give|gimme|allow) ?(me )?(<amount>|some|three|five|ten) (<while>|time)( to <look>)?
        let me( just| quickly| please)* <look>
        (i|ill|i will) (just )?need (just )?(<amount>|some) (<while>|time)( to <look>)?
        ((ill|i will) )?be (right )?back( in <amount> <while>)?|ill be with you in <amount> <while>
        (do|would) you mind (waiting|holding)( on)?|(im|i am) (still )?(thinking|looking|checking)""",
    "wait": r"""
        wait|hold on|hang on|hold up|hold it|hold the line|hold|stand by|bear with me|stay on the line|hang tight""",
    "quiet": r"""
        (<polite> )?<hush>|id appreciate it if you (could )?<hush>
        quiet|silence|stop|halt|enough|shush|shh+|thats enough
        (i need|can we have|could we have|lets have) (some |a bit of )?(quiet|silence|peace|peace and quiet)""",
    "tail": r"""
        please|thanks|thank you|ok|okay|for me|now|sorry|then|immediately|right now|if you dont mind|(will|would) you
        (just )?for <amount> <while>|for (a while|now)|<amount> <while>
        while i <look>|so i can <look>|(i (just )?(need|have|want|got)|ive got|i gotta)( to)? <look>
        (someone|somebody)s? (is )?at the door|my phone is ringing|its (too|getting|so) (\w+ )?\w+""",
}
SPANISH = {
    "lead": r"""
        eh|ay|ah|oh|sí|si|no|bueno|vale|pues|perdón|perdona|perdone|disculpe|disculpa|oye|oiga|por favor|ok""",
    "hold": r"""
        (dame |deme |déme |solo |sólo |es )?un (momento|momentito|segundo|segundito|minuto|minutito|instante)
        (puedes|puede|podrías|podría) (esperar|esperarme)( un (momento|segundo|minuto))?
        (espera|espere|espérame|espéreme|aguarda|aguarde|aguanta|esperad)( ahí| aquí)?
        (déjame|déjeme|dejame|dejeme) (ver|mirar|pensar|comprobar|buscar|verlo|mirarlo|pensarlo|comprobarlo|buscarlo)
        (déjame|déjeme|dejame|dejeme) (ver|mirar|buscar|comprobar) (en )?(mi|el|la)( \w+){1,2}
        (ahora|ya|enseguida) vuelvo|no cuelgues?|voy a (mirar|ver|comprobar)(lo)?""",
    "quiet": r"""
        cállate|callate|calla|cállese|silencio|basta|ya basta|para|pare|(deja|deje|para|pare) de hablar
        no hables?( más)?|(necesito|quiero) (silencio|que te calles|que se calle)""",
    "tail": r"""
        por favor|gracias|vale|ya|un (momento|segundo|minuto)
        (que )?(voy|tengo que) (mirar|mirarlo|pensar|buscarlo|comprobarlo)""",
}
GERMAN = {
    "lead": r"""
        äh|ähm|oh|ok|okay|ja|nein|also|so|bitte|entschuldigung|sorry|na|gut""",
    "hold": r"""
        (nur |noch )?(einen |ein )?(kleinen )?(moment|momentchen|augenblick)( mal)?
        (nur |noch )?(eine |ne )?(sekunde|minute)
        (warte|wart|warten sie|bleiben sie dran|bleib dran)( mal| kurz| bitte| noch)*
        (lass|lassen sie) mich (mal |kurz )*(nachsehen|schauen|nachschauen|gucken|überlegen|nachdenken|suchen)
        ich muss (mal |kurz )*(nachsehen|nachschauen|überlegen)|ich (schaue|sehe|gucke) (mal |kurz )*nach
        (ich )?bin gleich (wieder )?da|(gib|geben sie) mir (einen moment|eine minute|kurz zeit)""",
    "quiet": r"""
        (sei|seien sie) (mal |bitte |doch )*(still|ruhig|leise)|ruhe|stopp?|halt|halt den mund
        (hör|hören sie) (bitte |mal )*auf( zu reden)?|nicht (mehr )?reden|schweig""",
    "tail": r"""
        bitte|danke|mal|kurz|ok|okay|jetzt|einen moment|ich (schaue|sehe|gucke) (mal |kurz )*nach""",
}
FRENCH = {
    "lead": r"""
        euh|oh|ah|ok|oui|non|bon|alors|pardon|désolée?|excusez moi|excuse moi|attendez|attends
        sil vous plaît|juste""",
    "hold": r"""
        (juste |encore )?(un (petit )?(instant|moment)|une (petite )?(seconde|minute))|attends|attendez|patientez
        (laisse|laissez) moi (voir|vérifier|regarder|réfléchir|chercher|le temps)
        (donne|donnez) moi (un instant|un moment|une seconde|une minute)
        ne quitte[zs]? pas|je reviens( tout de suite)?|je (vérifie|regarde|cherche)""",
    "quiet": r"""
        tais toi|taisez vous|silence|chut|stop|(arrête|arrêtez|cesse|cessez)( de parler)?|ça suffit""",
    "tail": r"""
        sil (vous|te) plaît|merci|ok|un instant|un moment|une seconde|maintenant
        je (vérifie|regarde|cherche|reviens)""",
}
GRAMMARS = {"en": ENGLISH, "es": SPANISH, "de": GERMAN, "fr": FRENCH}

FAREWELLS = {
    "en": ("bye goodbye goodnight farewell ciao", "ok okay thanks thank you all right alright then well good see"
           " later soon have a nice day great one take care so much for now and yes"),
    "es": ("adiós adios chao chau luego pronto", "hasta gracias muchas vale bueno pues ok sí nos vemos buen día y"),
    "de": ("tschüss tschüs wiedersehen wiederhören ciao", "auf danke vielen dank ok okay gut dann ja also"),
    "fr": ("revoir bientôt salut ciao adieu", "au à merci beaucoup bonne journée ok bon alors oui et"),
}  # fmt: skip
"""Words of which a goodbye has one, and words that may stand around them."""
