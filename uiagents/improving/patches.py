"""What a model wrote, laid on a project: new files, and edits of files that are there. Nothing of it is believed unchecked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from synergy.core.acts import BadAct, parse_check
from synergy.core.bench import safe_path
from synergy.core.errors import PermanentError, UnsafePath
from synergy.core.stacks import Writing
from synergy.core.testreports.coverage import TEST_FOLDERS, TEST_NAME
from synergy.core.types import BrowserCheck
from uiagents.improving.questions import Edit, NewFile, PageDraft, Patch, UiPatch

MOST_FILES = 20  #: of one patch
MOST_BYTES = 60_000  #: of one file
KINDS = (".py", ".ts", ".tsx", ".css")
PLACE = re.compile(r"(/(:?[a-z][a-z0-9_-]*|\d+|\*))+\Z|/\Z")  #: a route or an address of the application

#: What switches a check off, or runs only some tests
SILENCERS = re.compile(
    r"#\s*(?:noqa|type:\s*ignore|pragma:|mypy:|ruff:)|@ts-(?:ignore|nocheck|expect-error)|biome-ignore|(?:istanbul|v8|c8)\s+ignore"
    r"|pytest\.(?:skip|xfail|importorskip|mark\.(?:skip|skipif|xfail))|\b(?:test|it|describe)\.(?:skip|only|todo|fails)\b|unittest\.skip"
)


class BadPatch(PermanentError):
    """A patch that cannot be laid on this project."""


def is_test(path: str) -> bool:
    """Whether ``path`` is a test, or helps tests."""
    return bool(TEST_NAME.match(PurePosixPath(path).name)) or bool(TEST_FOLDERS & set(PurePosixPath(path).parts[:-1]))


def patched(patch: Patch, part: Writing, texts: Callable[[str], str | None], own: Mapping[str, str]) -> dict[str, str]:
    """path → text of all that ``patch`` writes. ``texts`` gives the text of a file of the project, None when there is none.

    ``own``: what the model wrote before for the same wish, which it may write anew. Raises BadPatch.
    """
    if len(patch.new) + len(patch.edits) > MOST_FILES:
        raise BadPatch(f"{len(patch.new) + len(patch.edits)} files and edits are more than {MOST_FILES}.")
    written: dict[str, str] = {}
    for file in patch.new:
        written[_new(file, part, texts, own)] = file.content if file.content.endswith("\n") else f"{file.content}\n"
    for edit in patch.edits:
        path = _allowed(edit.path, part)
        written[path] = _edited(edit, written.get(path, own.get(path, texts(path))), part, own)
    for path, text in written.items():
        _sound(path, text, texts(path) or "")
    return written


def _allowed(path: str, part: Writing) -> str:
    try:
        safe_path(path)
    except UnsafePath as error:
        raise BadPatch(error.message) from None
    if not path.startswith(part.roots) or not path.endswith(KINDS):
        raise BadPatch(f"{path!r} may not be written: only {', '.join(KINDS)} files below {', '.join(part.roots)}.")
    return path


def _new(file: NewFile, part: Writing, texts: Callable[[str], str | None], own: Mapping[str, str]) -> str:
    path = _allowed(file.path, part)
    if path not in own and texts(path) is not None:
        raise BadPatch(f"{path!r} is there already: edit it.")
    return path


def _edited(edit: Edit, text: str | None, part: Writing, own: Mapping[str, str]) -> str:
    if text is None:
        raise BadPatch(f"{edit.path!r} is not there.")
    if is_test(edit.path) and edit.path not in own and edit.path not in part.open:
        raise BadPatch(f"{edit.path!r} tests what is there already and stays as it is: write tests of your own in a new file.")
    found = text.count(edit.find) if edit.find else 0
    if found != 1:
        raise BadPatch(f"In {edit.path!r} the text to be replaced stands {found} times, not once: {edit.find[:120]!r}.")
    return text.replace(edit.find, edit.replace)


def _sound(path: str, text: str, before: str) -> None:
    if len(text.encode()) > MOST_BYTES:
        raise BadPatch(f"{path!r} is longer than {MOST_BYTES} bytes.")
    added = SILENCERS.search(text) if len(SILENCERS.findall(text)) > len(SILENCERS.findall(before)) else None
    if added:
        raise BadPatch(f"{path!r} switches a check off ({added[0]!r}).")


def checks_of(feature: str, patch: UiPatch) -> tuple[BrowserCheck, ...]:
    """The browser checks of a patch. BadPatch when there is none, or one is not understood."""
    checks = tuple(
        BrowserCheck(id=f"{feature}.{n}", feature=feature, title=draft.title[:120], who=draft.who, acts=draft.acts)
        for n, draft in enumerate(patch.checks, 1)
    )
    try:
        for check in checks:
            parse_check(check)
    except BadAct as error:
        raise BadPatch(f"{error.message} {error.hint}") from None
    if not 0 < len(checks) <= 4:
        raise BadPatch("One to four browser checks are needed.")
    return checks


def misplaced(pages: tuple[PageDraft, ...], known: set[str]) -> Iterator[str]:
    """What is wrong with the addresses of new pages."""
    for page in pages:
        if not (PLACE.match(page.path) and PLACE.match(page.sample)) or ":" in page.sample:
            yield f"{page.path!r} with the sample {page.sample!r} is no address."
        elif page.path in known:
            yield f"There is a page at {page.path!r} already."
