"""Singular, plural and verb forms of English words: rules with their exceptions. Words are lower case."""

from __future__ import annotations

from inference.planning.wordset import word_set

IRREGULAR = {
    "person": "people", "child": "children", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth", "mouse": "mice",
    "goose": "geese", "criterion": "criteria", "phenomenon": "phenomena", "analysis": "analyses", "basis": "bases",
    "crisis": "crises", "diagnosis": "diagnoses", "thesis": "theses", "index": "indexes", "quiz": "quizzes", "ox": "oxen",
    "knife": "knives", "life": "lives", "wife": "wives", "shelf": "shelves", "half": "halves", "wolf": "wolves",
    "loaf": "loaves", "scarf": "scarves", "thief": "thieves", "calf": "calves", "leaf": "leaves", "axis": "axes",
    "hero": "heroes", "potato": "potatoes", "tomato": "tomatoes", "echo": "echoes", "veto": "vetoes", "fireman": "firemen",
    "salesperson": "salespeople", "salesman": "salesmen", "passerby": "passersby",
}  # fmt: skip
SINGULAR = {plural: one for one, plural in IRREGULAR.items()} | {"vertices": "vertex", "indices": "index", "caches": "cache"}
SINGULAR |= {f"{one}s": one for one in ("menu", "submenu", "guru", "emu", "taxi", "kiwi", "safari", "wiki", "ski", "api", "kpi")}
#: The same in both numbers, or without a plural.
UNCOUNTABLE = word_set(
    """
    news series species equipment information data media software hardware staff personnel inventory feedback money music
    furniture clothing merchandise billing attendance content knowledge research traffic weather homework advice luggage
    livestock wildlife fitness education health finance accounting statistics analytics mathematics economics physics
    logistics goods police cattle sheep deer fish aircraft stuff access work progress experience help support payroll
    marketing production shipping housing vocabulary stock mail history travel food water attendance revenue income
    tennis chess football basketball baseball diabetes canvas
    """
)
#: Plurals that only lose their "s" although a rule below would take more.
KEEP_E = word_set(
    """
    movies cookies calories selfies pies ties zombies rookies shoes toes canoes headaches niches avalanches
    """
)
#: Singulars that end in a single "s".
ENDS_IN_S = word_set(
    """
    bus status bonus virus campus census syllabus corpus lens gas atlas alias bias iris cactus chorus circus apparatus
    nexus minus plus menopause cosmos tennis pancreas prospectus stimulus radius
    """
)
VOWELS = "aeiou"
#: Past forms that are nothing but that.
PAST = {
    "wrote": "write", "sent": "send", "sold": "sell", "bought": "buy", "paid": "pay", "gave": "give", "took": "take",
    "kept": "keep", "told": "tell", "brought": "bring", "lent": "lend", "went": "go", "knew": "know", "chose": "choose",
    "grew": "grow",
}  # fmt: skip


def plural(word: str) -> str:
    """The plural of a singular word."""
    if word in IRREGULAR or word in UNCOUNTABLE:
        return IRREGULAR.get(word, word)
    if word.endswith("y") and len(word) > 1 and word[-2] not in VOWELS:
        return word[:-1] + "ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"


def singular(word: str) -> str:
    """The singular of a plural word; a singular word stays as it is."""
    if word in SINGULAR:
        return SINGULAR[word]
    if word in UNCOUNTABLE or word in ENDS_IN_S or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word in KEEP_E:
        return word[:-1]
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")) or word[:-2] in ENDS_IN_S:
        return word[:-2]
    return word[:-1]


def is_plural(word: str) -> bool:
    return word not in UNCOUNTABLE and singular(word) != word


def plural_phrase(phrase: str) -> str:
    """The phrase with its last word in the plural: "raw material" → "raw materials"."""
    head, _, last = phrase.rpartition(" ")
    return f"{head} {plural(last)}".strip()


def singular_phrase(phrase: str) -> str:
    head, _, last = phrase.rpartition(" ")
    return f"{head} {singular(last)}".strip()


def stems(word: str) -> tuple[str, ...]:
    """What the base form of an inflected verb may be, likeliest first: "tracking" → track, tracke; "uses" → use, us."""
    found = [word, *([PAST[word]] if word in PAST else [])]
    if word.endswith("ing") and len(word) > 4:
        found += _unsuffixed(word[:-3])
    elif word.endswith("ied"):
        found.append(word[:-3] + "y")
    elif word.endswith("ed") and len(word) > 3:
        found += _unsuffixed(word[:-2])
    elif word.endswith("ies"):
        found.append(word[:-3] + "y")
    elif word.endswith("s") and not word.endswith("ss"):
        found += [word[:-1], word[:-2]] if word.endswith("es") else [word[:-1]]
    return tuple(found)


def _unsuffixed(stem: str) -> list[str]:
    """ "runn" → run; "manag" → manage; "view" → view."""
    doubled = len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in VOWELS
    return [stem, stem + "e", stem[:-1]] if doubled else [stem, stem + "e"]
