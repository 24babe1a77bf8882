"""Identifiers that are safe in Python, SQL, TypeScript, React and the blueprints' frameworks. Labels stay what was written."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

from inference.planning.inflection import plural_phrase
from inference.planning.wordset import word_set

LENGTH = 40  #: characters of an identifier: a table and a column with a suffix stay below PostgreSQL's 63

PYTHON = {w.lower() for w in (*keyword.kwlist, *keyword.softkwlist, *dir(builtins)) if not w.startswith("_")}
SCRIPT = word_set(
    """
    abstract arguments await boolean break byte case catch char class const continue debugger default delete do double
    else enum eval export extends false final finally float for function goto if implements import in instanceof int
    interface let long native new null package private protected public return short static super switch synchronized this
    throw throws transient true try typeof undefined var void volatile while with yield any never unknown string number
    symbol bigint object as from of get set type namespace module declare readonly require infer keyof satisfies
    constructor prototype
    """
)
SQL = word_set(
    """
    all alter analyse analyze and any array as asc between both by case cast check collate column constraint create cross
    current default deferrable delete desc distinct do drop else end except exists false fetch for foreign freeze from
    full grant group having in index inner insert intersect into is join key lateral leading left like limit localtime
    natural not null offset on only or order outer overlaps primary references returning revoke right select similar some
    symmetric table then to trailing transaction trigger true union unique update user using values view when where window
    with
    """
)
#: What the generated code and its libraries already call their own.
FRAMEWORK = word_set(
    """
    app api auth base basemodel column component config context core crud database db declarativebase depends engine error
    exception fastapi field fields fragment http httpexception input key link login logout main mapped mapper me meta
    metadata middleware model models optional page pages patch path query react ref registry relationship request response
    role route router routes schema schemas security seed self session sessions settings sqlalchemy stats suspense table
    test tests text token uvicorn user users validator vite
    """
)
BROWSER = word_set(
    """
    animation array attr audio blob boolean cache cachestorage comment console crypto customevent data date document
    domexception element error event eventsource fetch file files filelist form formdata function global headers history
    htmlelement image intl json keyboardevent location lock map math messageevent mouseevent name navigation navigator
    node nodelist notification number object option origin parent performance plugin popup process promise proxy range
    reflect regexp report screen selection self set status storage string symbol touch url urlsearchparams weakmap
    websocket window worker
    """
)
#: A class with such a last word would collide with what is generated for another: OrderPage, OrderIn …
SUFFIXES = {"out", "in", "patch", "page", "list", "form", "detail", "edit", "create", "new", "card", "table"}
FIELD_WORDS = (
    (PYTHON | SCRIPT | SQL) - {"title"}  # "title" is only a method of str
    | word_set(
        """
    id created_at updated_at items total page page_size q query sort metadata registry model schema json dict copy
    construct validate fields session self cls children key ref style extra date datetime time timedelta decimal event
    """
    )
)
SLUGS = word_set(
    """
    auth stats new edit login logout register account api assets health ready dashboard home docs redoc openapi static me
    search favicon index public
    """
)
TABLES = (
    PYTHON
    | SQL
    | FRAMEWORK
    | {"accounts", "health", "alembic", "alembic_version", "migrations", "pagination", "types", "enums", "deps"}
)
WORDS = re.compile(r"[a-z0-9]+")


def words(text: str) -> list[str]:
    """Lower-case ASCII words of ``text``; accents are dropped, everything else separates. Never empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    found = WORDS.findall(plain) or ["thing"]
    digits = next((i for i, word in enumerate(found) if not word.isdigit()), 0)
    found = [*found[digits:], *found[:digits]]  # "2048 game" → game 2048
    if found[0][0].isdigit():
        found[0] = "n" + found[0]
    return _shortened(found)


def _shortened(parts: list[str]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if kept and len("_".join([*kept, part])) > LENGTH:
            break
        kept.append(part[:LENGTH])
    return kept


def snake(text: str) -> str:
    return "_".join(words(text))


def kebab(text: str) -> str:
    return "-".join(words(text))


def pascal(text: str) -> str:
    return "".join(part.capitalize() for part in words(text))


def snake_of(name: str) -> str:
    """ "CallLog" → "call_log": how operations and fields speak of an entity."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class NamePool:
    """Hands out entity names, each once. A label that is taken or reserved gets "Record", then a number.

    ``reserved``: slugs that pages of capabilities have.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self.names: set[str] = set()
        self.slugs: set[str] = set(reserved)
        self.tables: set[str] = set()

    def entity(self, label: str, label_plural: str) -> tuple[str, str, str]:
        """(class name, slug, table) for an entity with these labels."""
        one, many = " ".join(words(label)), " ".join(words(label_plural))
        for one_try, many_try in self._tries(one, many):
            name, slug, table = pascal(one_try), kebab(many_try), snake(many_try)
            if self._free(name, table):
                break
        slug = next(s for s in self._slug_tries(kebab(many), slug) if s not in self.slugs | SLUGS)
        self.names.add(name.lower())
        self.slugs.add(slug)
        self.tables.add(table)
        return name, slug, table

    def _free(self, name: str, table: str) -> bool:
        last = snake_of(name).rpartition("_")[2]
        reserved = name.lower() in PYTHON | SCRIPT | SQL - {"order"} | FRAMEWORK | BROWSER
        taken = name.lower() in self.names or table in self.tables | TABLES or name.lower() == table.replace("_", "")
        return not (reserved or taken or last in SUFFIXES)

    def _tries(self, one: str, many: str) -> Iterable[tuple[str, str]]:
        short = _stem(one)
        yield one, many if many != one else f"{one} records"
        yield f"{short} record", f"{short} records"
        for number in range(2, 10_000):
            yield f"{short} record {number}", f"{short} records {number}"

    def _slug_tries(self, wanted: str, other: str) -> Iterable[str]:
        yield wanted
        yield other
        for number in range(2, 10_000):
            yield f"{wanted}-{number}"


def _stem(text: str) -> str:
    """``text`` with room for " record 9999"."""
    return text[: LENGTH - 14].strip()


def field_name(label: str, owner: str, taken: Iterable[str]) -> str:
    """A column name for ``label`` in the entity ``owner`` (class name) that clashes with none of ``taken``."""
    base, used = snake(label), set(taken)
    tries = [base, f"{snake_of(owner)}_{base}"[:LENGTH], f"{base}_value"[:LENGTH]]
    tries += [f"{base[: LENGTH - 4]}_{number}" for number in range(2, 100)]
    return next(t for t in tries if not reserved_field(t) and not used & columns(t))


def reserved_field(name: str) -> bool:
    return name in FIELD_WORDS or name.startswith(("model_", "_", "sa_")) or name.endswith(("_id", "_label"))


def columns(name: str) -> set[str]:
    """All column and attribute names a field may bring: a REF ``customer`` is stored and shown under two more."""
    return {name, f"{name}_id", f"{name}_label"}


def choice_value(label: str) -> str:
    """The stored value of a choice: "In progress" → "in_progress"."""
    return snake(label)


def label_of(name: str) -> str:
    """ "due_on" → "Due on"."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def plural_label(label: str) -> str:
    """ "Raw material" → "Raw materials"; capitals stay."""
    head, space, last = label.rpartition(" ")
    many = plural_phrase(last.lower())
    return head + space + (many if last.islower() else many[:1].upper() + many[1:] if not last.isupper() else last + "s")
