"""One browser for all tests of a worker; each test has its own site and its own profiles."""

from __future__ import annotations

import pytest

from synergy.core.types import Page, PageKind
from visual.browser import session
from visual.checks.base import registry
from visual.tour import Site, Tour

CHECKS = list(registry.all().values())


@pytest.fixture(scope="session")
def browser():
    with session(tuple(script for check in CHECKS for script in check.scripts)) as running:
        yield running


def pages(**samples):
    """Pages by slug and address; ``login`` is a login page, the others need nobody."""
    kinds = {"login": PageKind.LOGIN}
    return tuple(Page(slug=s, path=p, sample=p, title=s, kind=kinds.get(s, PageKind.HOME)) for s, p in samples.items())


@pytest.fixture
def tour(browser):
    """Visit a hand-made site: its pages by slug → address."""

    def visit(site, *, stopped=lambda: None, note=lambda line: None, given=None, checks=CHECKS, **samples):
        async def work(chromium, proxy):
            return await Tour(chromium, proxy, given or Site(pages(**samples)), checks, note).run()

        with site.served() as socket:
            return browser.run(socket, work, stopped, 60)

    return visit
