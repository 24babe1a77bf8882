"""Three runs that everything here looks at: a first build, a change of what it delivered, and the first message with broken edits."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from synergy.chaos.models import Models
from synergy.chaos.recorded import Recorded
from tests.acceptance.project import Broken, broken_pages
from tests.acceptance.system import System
from tests.otlp import collecting

FIRST = (
    "Keep a list of suppliers and products; white background, navy buttons. Send a fax to each supplier. "
    "Let people change the text size."
)
CHANGE = "add a nickname to suppliers; send a telegram to each supplier"
EDITED = "frontend/src/scopes/products/ProductsEmptyState.tsx"


@pytest.fixture(scope="session")
def system(shared_folder) -> System:
    return System(shared_folder / "system")


@pytest.fixture(scope="session")
def first(system) -> dict:
    """The first delivery, from an installation in which nothing ran before. A model writes what the blueprint leaves open; the
    runs after it have none."""

    def build() -> dict:
        models = Models(Recorded())
        models.start()
        try:
            with collecting() as (collector, env):
                report = ended(system.build("--project", "Shop", message=FIRST, model=models.url, **env), 0, "completed")
            return report | {"spans": [asdict(span) for span in collector.spans]}
        finally:
            models.stop()

    return system.once("first", build)


@pytest.fixture(scope="session")
def services(system, first):
    with system.up():
        yield system


@pytest.fixture(scope="session")
def approved(services, first) -> int:
    """All pictures of the first delivery are the baseline."""
    return services.once("approved", services.approve_all)


@pytest.fixture(scope="session")
def copy(system, first) -> Path:
    """The first delivery as a person edited it."""
    folder = system.folder / "copy"

    def edit() -> None:
        shutil.copytree(first["paths"]["Project"], folder)
        file = folder / EDITED
        file.write_text(file.read_text().replace("Nothing fits your search and filters.", "Ask Ana in purchasing."))
        (folder / "NOTES.md").write_text("# Ours\n")
        (folder / ".dockerignore").unlink()
        (folder / "node_modules").mkdir()
        (folder / "node_modules" / "index.js").write_text("made")

    system.once("copy", edit)
    return folder


@pytest.fixture(scope="session")
def changed(services, approved, copy) -> dict:
    """The project, changed by a message and by hand."""
    return services.once(
        "changed",
        lambda: ended(services.build("--project", "shop", "--edits", str(copy), message=CHANGE), 0, "completed"),
    )


@pytest.fixture(scope="session")
def rejected(services, first, changed) -> dict:
    """The first message once more, with edits that break pages."""

    def build() -> dict:
        folder = broken_pages(Path(first["paths"]["Project"]), services.folder / "broken")
        return ended(services.build("--project", "shop", "--fresh", "--edits", str(folder), message=FIRST), 1, "rejected")

    return services.once("rejected", build)


@pytest.fixture(scope="session")
def broken(services, first, rejected, tmp_path_factory, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield Broken(services, first, rejected, tmp_path_factory.mktemp("defects"))


def ended(outcome: tuple[int, dict], code: int, state: str) -> dict:
    """The report of a build that ended so."""
    got, report = outcome
    assert (got, report["state"]) == (code, state), json.dumps(report, indent=1)[-4000:]
    return report
