"""Words that the clause cutter knows, per language: abbreviations, and words before which a voice may take breath.

English and Spanish lists hold for every language, the others for their own: "me." is a title in French and the end
of a sentence in English.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class WordLists:
    """Lower-case words without their last dot. `before_number` are abbreviations only where a number follows;
    before an `ordinal` such a word a number with a dot is an ordinal ("am 3. Mai")."""

    abbreviations: Words
    before_number: Words
    conjunctions: Words
    breaths: Words
    ordinal: Words = frozenset()


_ABBREVIATIONS = {
    "en": "mr mrs ms mx dr prof st mt ft gen gov sen rep capt lt col sgt rev hon pres jr sr vs etc approx est dept"
    " inc ltd corp co bros ave blvd rd ln hwy apt e.g i.e cf al vol fig u.s u.k u.n ph.d b.a m.a d.c ext",
    "es": "sra srta dra av avda avd pza ctra ud uds ee.uu pág núm tel d.a ud.s",
    "de": "z.b d.h bzw usw u.a o.ä u.ä ca hr fr evtl ggf inkl exkl vgl bspw str tel mio mrd abs zzgl geb sog allg"
    " mind z.t i.d.r s.o s.u u.u v.a n.chr v.chr u z d i b h",
    "fr": "mm me mme mlle p.ex ex env av bd cf chap éd hab boul tél réf no r.s.v.p",
    "it": "sig sig.ra dott dott.ssa avv ing ecc pag tel es p.es ca egr gent",
    "pt": "sra srs dra exmo exma av pág tel p.ex nº ltda eng",
    "nl": "dhr mevr mw bijv enz o.a d.w.z m.a.w blz tel ca ir drs i.p.v t.a.v a.u.b s.v.p",
    "pl": "np itd itp ul al pl tel prof mgr inż hab św tzn tj m.in godz os ok wg płk gen ks",
    "hi": "डॉ प्रो श्री सुश्री",
    "ar": "د أ م",
}
DATE_ABBREVIATIONS = frozenset(
    {"Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec"}
    | {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
)
"""Abbreviations only when they begin with a capital: "mar" and "sun" are words."""
_BEFORE_NUMBER = {
    "en": "no nos nr p pp art ch sec min max",
    "de": "nr abs s kap bd",
    "fr": "n° art p chap",
    "it": "n num art pag",
    "pt": "n núm art",
    "nl": "nr art p",
    "pl": "nr str s ust poz",
}
_CONJUNCTIONS = {
    "en": "and but or because so that which who when where while if although since unless until than",
    "es": "y pero porque que cuando donde mientras aunque sino",
    "de": "und aber oder weil dass wenn wo während obwohl damit sondern denn",
    "fr": "et mais ou parce que qui quand où pendant bien car donc lorsque puisque si",
    "it": "e ma o perché che quando dove mentre anche se quindi",
    "pt": "e mas ou porque que quando onde enquanto embora se",
    "nl": "en maar of omdat dat wanneer waar terwijl hoewel zodat want",
    "pl": "i ale lub albo bo że kiedy gdzie ponieważ chociaż więc",
    "hi": "और लेकिन या क्योंकि कि जब जहाँ",
}
_BREATHS = {
    "en": "with without for from in on at by about into after before during over under between through to"
    " is are was were will can has have takes costs",
    "es": "con sin para por en desde hasta sobre entre es son está están fue cuesta tarda",
    "de": "mit ohne für von in auf an bei über nach vor zwischen durch zu bis ab seit ist sind war kann hat kostet",
    "fr": "avec sans pour de dans sur à chez par vers avant après entre depuis est sont était peut coûte",
    "it": "con senza per di in su a da tra fra prima dopo è sono era può costa",
    "pt": "com sem para de em sobre por até entre desde é são está pode custa",
    "nl": "met zonder voor van in op bij over na tussen door naar tot is zijn was kan kost",
    "pl": "z bez dla od w na przy o po przed między do jest są był może kosztuje",
}
_ORDINAL = {
    "de": "am der die das dem den des zum zur vom im beim bis ab seit und oder diesen dieser jeden ihr ihre ihrem"
    " montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag"
    " montag, dienstag, mittwoch, donnerstag, freitag, samstag, sonnabend, sonntag,",
}  # fmt: skip


@functools.cache
def word_lists(language: str) -> WordLists:
    """The lists for a BCP 47 tag."""
    codes = dict.fromkeys(("en", "es", language.split("-")[0].lower()))

    def joined(lists: dict[str, str]) -> Words:
        return frozenset(word for code in codes for word in lists.get(code, "").split())

    return WordLists(
        joined(_ABBREVIATIONS), joined(_BEFORE_NUMBER), joined(_CONJUNCTIONS), joined(_BREATHS), joined(_ORDINAL)
    )


# ruff: noqa: SIM905
_INTERJECTIONS = frozenset(
    "yes yeah no sure okay ok right well sorry thanks hello hi great certainly absolutely alright sí claro vale bien"
    " bueno hola gracias perdón ja nein klar gut hallo danke oui non bonjour merci d'accord".split()
)


def is_interjection(text: str) -> bool:
    """Whether `text` is one of the words that stand alone at the beginning of an answer: "Yes,", "Okay."."""
    return text.strip(" ,.!…").lower() in _INTERJECTIONS
