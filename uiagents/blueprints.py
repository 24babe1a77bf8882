"""Renders a folder of templates into the files of a project.

A blueprint is a folder that looks like what it makes. Its rules:

* A file with ``«`` or ``[%`` in it is a Jinja2 template: variables ``«x»``, blocks ``[% … %]``, comments ``[# … #]``. Any
  other file is copied byte by byte. A template that renders to nothing but blanks writes no file.
* ``__entity.table__`` in a path is replaced by that value, and the file is rendered once for every entity
  (``__plan.slug__`` once). What is repeated is said by ``each``: ``{"entity": plan.entities}`` unless told otherwise.
* ``*.jinja`` files and folders are macros to import, never written.
* Text that is not plainly an identifier, a number, a path or a colour must pass a filter that escapes it for its place:
  ``py`` ``js`` ``jsx`` ``html`` ``md`` ``yaml``. Forgetting it is an error, not an injection. Macros and filters return
  markup, so they may be nested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from synergy.core.bench import safe_path
from synergy.core.errors import PermanentError
from uiagents import facts, literals, rows

PLAIN = re.compile(r"[A-Za-z0-9_ ,./:{}@#?=&\-]*\Z")  #: identifiers, paths, addresses, colours: safe in every place
TOKEN = re.compile(r"__([a-z]+(?:\.[a-z_]+)+)__")  #: "__entity.table__" in a path
SKIPPED = ("__pycache__", "node_modules", ".jinja", ".pyc")

escapes: dict[str, Callable[[object], Markup]] = {
    "py": literals.py,
    "js": literals.js,
    "jsx": literals.jsx,
    "html": literals.html,
    "md": literals.md,
    "yaml": literals.yaml,
    "source": Markup,  # code that the template itself put together out of identifiers; never text of a message
}


class TemplateFault(PermanentError):
    """A template of the blueprint is wrong."""


def render_tree(
    folder: Path,
    context: Mapping[str, Any],
    *,
    each: Mapping[str, Iterable[Any]] | None = None,
    prefix: str = "",
    shared: Path | None = None,
) -> dict[str, bytes]:
    """All files of the blueprint in ``folder``: path below ``prefix`` → content, sorted by path.

    ``context`` holds ``plan``; ``each`` says which variables are repeated over what; macros may also be imported from
    ``shared``. TemplateFault names the template and line; UnsafePath when a path would leave the project.
    """
    repeated = each if each is not None else {"entity": context["plan"].entities}
    files: dict[str, bytes] = {}
    for name in _sources(folder):
        for values in _rounds(name, context, repeated):
            path = prefix + _path(name, values)
            content = render_file(folder, name, values, shared)
            if path in files:
                raise TemplateFault(f"Two templates of {folder.name} write {path!r}.")
            if content is not None:
                files[str(safe_path(path))] = content
    return dict(sorted(files.items()))


def render_file(folder: Path, name: str, context: Mapping[str, Any], shared: Path | None = None) -> bytes | None:
    """The file that template ``name`` of ``folder`` makes; None when it renders to nothing."""
    source = (folder / name).read_bytes()
    if b"\xc2\xab" not in source and b"[%" not in source:  # "«" in UTF-8
        return source
    try:
        text = _environment(folder, shared).get_template(name).render(context)
    except TemplateError as error:
        line = getattr(error, "lineno", None) or _line(error, name)
        raise TemplateFault(f"{folder.name}/{name}, line {line}: {error}") from error
    return text.encode() if text.strip() else None


@cache
def _environment(folder: Path, shared: Path | None) -> SandboxedEnvironment:
    """One environment a folder: its compiled templates are kept for the life of the process."""
    env = SandboxedEnvironment(
        variable_start_string="«",
        variable_end_string="»",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=True,  # makes macros and joins keep track of what is escaped already
        finalize=_escaped,
        loader=FileSystemLoader([folder, shared] if shared else folder),
        auto_reload=False,
        cache_size=-1,
    )
    env.filters |= escapes | facts.filters | rows.filters
    env.tests |= facts.tests
    env.globals |= facts.tools
    return env


def _escaped(value: object) -> object:
    """What a ``«…»`` prints. Refuses text that could mean something in the file it goes to."""
    if isinstance(value, Markup | Undefined):
        return value
    if isinstance(value, bool | int | float):
        return Markup(str(value))  # noqa: S704  # digits
    if isinstance(value, str) and PLAIN.match(value):
        return Markup(value)  # noqa: S704  # matched
    raise TemplateFault(f"{str(value)[:60]!r} is printed without a filter that escapes it.")


@cache
def _sources(folder: Path) -> tuple[str, ...]:
    """The templates of a folder, sorted."""
    if not folder.is_dir():
        raise TemplateFault(f"There is no blueprint in {folder.name!r}.")
    files = (f for f in folder.rglob("*") if f.is_file())
    names = (f.relative_to(folder).as_posix() for f in files)
    return tuple(sorted(n for n in names if not any(part.endswith(SKIPPED) for part in n.split("/"))))


def _rounds(name: str, context: Mapping[str, Any], each: Mapping[str, Iterable[Any]]) -> Iterator[Mapping[str, Any]]:
    """The contexts in which a template is rendered: one, or one for each item its path names."""
    variables = {match.split(".")[0] for match in TOKEN.findall(name)} & set(each)
    if not variables:
        yield context
    for variable in sorted(variables):
        for item in each[variable]:
            yield {**context, variable: item}


def _path(name: str, context: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        variable, *attributes = match[1].split(".")
        found = context.get(variable)
        for attribute in attributes:
            found = getattr(found, attribute, None)
        if not isinstance(found, str):
            raise TemplateFault(f"{match[0]} in the file name {name!r} is not known.")
        return found

    return TOKEN.sub(value, name)


def _line(error: TemplateError, name: str) -> int | str:
    """Where a template stopped: the last frame of the traceback that lies in it."""
    line: int | str = "?"
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(name):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
