"""Words that tell something and wish for nothing: how it was done so far, that there is no hurry, what somebody hopes."""

from __future__ import annotations

from collections.abc import Sequence

from inference.planning.wordset import word_set

FIRST = word_set("i we")
HAVING = word_set("have has had")
OFTEN = word_set("already always been just long now never often only really so still")
#: past participles that do not end in "ed"
PARTICIPLES = word_set(
    """
    become been begun bought built come cut done drawn driven found given gone got gotten grown had heard held kept known led left
    lost made meant met paid put read run said seen sent set shown sold spent spoken taken taught thought told understood won
    written
    """
)
PAST = word_set("did found got had heard kept made met ran saw sold spent started told took tried used was went were wrote")
FEELING = word_set("appreciate believe hate hope love thank trust")
SAYING = word_set("asked heard recommended said suggested told")
#: what "it" may be, when it is nothing that can be built: "it is time for …", "it is important to us that …"
MOODS = word_set("clear crucial essential fine good great hard important late necessary nice time too up urgent vital worth")
#: what is done with the application as a whole: "we would like to show it to our partners"
WITH_IT = word_set(
    "begin change deliver finish get have host launch open present publish release replace run see ship show start test try use"
)
WISHING = word_set("expect hope like need plan want wish would")


def tells(low: Sequence[str]) -> bool:
    """Whether a part of a sentence (its words, lower case) tells something only."""
    return _done(low) or _expletive(low) or _felt(low) or _about_it(low)


def _done(low: Sequence[str]) -> bool:
    """ "we have run this by hand", "I've been baking", "we used to", "our team has grown" """
    if low[0] in {"i've", "we've"}:
        return any(_participle(word) for word in low[1:3])
    if low[0] not in FIRST | {"my", "our"}:
        return False
    having = next((i for i, word in enumerate(low[1:4], 1) if word in HAVING), None)
    if having is not None:
        after = [word for word in low[having + 1 : having + 4] if word not in OFTEN or word == "been"]
        return bool(after) and _participle(after[0])
    return low[0] in FIRST and any(word in PAST or word.endswith("ed") for word in low[1:2]) and low[1:2] != ["need"]


def _participle(word: str) -> bool:
    return word in PARTICIPLES or (word.endswith("ed") and len(word) > 4 and word != "need")


def _expletive(low: Sequence[str]) -> bool:
    """ "it is time for", "there is no hurry", "nothing of this has to be perfect" """
    if low[0] == "nothing":
        return True
    if low[0] in {"it's", "its"} or low[:2] in (["it", "is"], ["it", "was"], ["this", "is"]):
        after = [word for word in low[1:5] if word not in {"is", "was", "very", "really", "so", "not", "about", "of"}]
        return bool(after) and after[0] in MOODS
    return low[:3] in (["there", "is", "no"], ["there", "are", "no"], ["there's", "no", *low[2:3]])


def _felt(low: Sequence[str]) -> bool:
    """ "I love the idea", "my brother told me about you" """
    if low[0] in FIRST and low[1:2] and low[1] in FEELING:
        return not {"to", "if"} & set(low[2:3])
    return low[0] in {"my", "our"} and any(word in SAYING for word in low[2:4])


def _about_it(low: Sequence[str]) -> bool:
    """ "we would like to show it to our partners", "I want to use this from spring on" """
    if low[0] not in {*FIRST, "i'd", "we'd"} or "to" not in low[1:5] or not WISHING & set(low[1:4]) | ({low[0]} - FIRST):
        return False
    after = low[low.index("to") + 1 :]
    return len(after) > 1 and after[0] in WITH_IT and after[1] in {"it", "this"}
