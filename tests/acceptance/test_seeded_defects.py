"""Every defect turns its gate red. The project is real, and so are the checks; only money, time and confidence are numbers put in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from synergy.core.signing import signer
from synergy.workflow import verifier
from synergy.workflow.parcel import seal
from tests.acceptance.project import Broken
from tests.slo.samples import Run, conflict

pytestmark = [pytest.mark.acceptance, pytest.mark.sandbox, pytest.mark.timeout(1700)]  # three builds


class Defect(NamedTuple):
    gate: str
    seeded: Callable[[Broken], Run | Path]  #: a run to judge, or a delivery to verify
    says: str


def page(gate: str, check: str, slug: str, says: str) -> Defect:
    return Defect(gate, lambda b: b.page(check, slug), says)


def contract(kind: str, method: str, path: str) -> Defect:
    return Defect("conflicts", lambda b: b.conflict(kind, method, path), f"{kind} {method} {path}")


def halves(run: Run, share: float) -> Run:
    covered = tuple(h.model_copy(update={"covered": round(h.total * share), "total": h.total}) for h in run.tests.coverage)
    return run.update("tests", coverage=covered)


def largest_diff(run: Run, ratio: float) -> Run:
    first, *others = run.visuals.shots
    changed = first.model_copy(update={"baseline": first.image, "diff_ratio": ratio, "diff_pixels": 1})
    return run.update("visuals", shots=(changed, *others))


def mediated(run: Run, similarity: float) -> Run:
    return run.update("resolution", conflicts=(conflict(similarity_after=similarity),))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def resign(folder: Path) -> None:
    """Change the verdict and sign everything with another key."""
    files = {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    files["evidence/verdict.json"] = b"{}"
    sealed = seal(
        {n: d for n, d in files.items() if n not in ("manifest.json", "manifest.sig")}, {}, signer(folder.parent / "forger")
    )
    for name, data in sealed.items():
        (folder / name).write_bytes(data)


def tampered(says: str, tamper: Callable[[Path], object]) -> Defect:
    """A copy of the delivery of the clean run, changed."""

    def copy(broken: Broken) -> Path:
        folder = Path(tempfile.mkdtemp(dir=broken.own_folder)) / "parcel"
        shutil.copytree(broken.parcel, folder)
        tamper(folder)
        return folder

    return Defect("verify", copy, says)


KEY = "AKIA" + "IOSFODNN7EXAMPLE"
DEFECTS = {
    # planted into pages, seen by the browser
    "a picture without a text": page("accessibility", "axe", "account", "image-alt"),
    "a page wider than the window": page("rendering", "overflow", "suppliers-list", "overflow on suppliers-list"),
    "a dead button": page("rendering", "controls", "suppliers-new", "'Print' does nothing"),
    "a dead link": page("rendering", "controls", "suppliers-detail", "'Help' leads to /nowhere"),
    "a console error": page("rendering", "console", "suppliers-edit", "a total went wrong"),
    "a request that fails": page("rendering", "network", "dashboard", "/api/nothing-here"),
    "changed text": page("rendering", "text", "login", "text on login"),
    "two renderings that differ": page("rendering", "determinism", "suppliers-edit", "determinism on suppliers-edit"),
    "a shifted block of pixels": page("visual_diff", "pixels", "register", "Most on register"),
    # planted into the backend, seen by the comparison of contracts
    "a renamed field": contract("field", "POST", "/api/suppliers"),
    "a wrong type": contract("type", "POST", "/api/suppliers"),
    "a missing endpoint": contract("missing_endpoint", "GET", "/api/stats"),
    "a wrong method": contract("method", "PATCH", "/api/suppliers/{}"),
    "a lost login": contract("auth", "GET", "/api/suppliers/{}"),
    "a lost pagination": contract("pagination", "GET", "/api/suppliers"),
    # planted into the tests, seen by running them
    "a failing test": Defect("tests", lambda b: b.tests, "test_that_fails (failed)"),
    "deleted tests": Defect("proofs", lambda b: b.tests, "did not run"),
    "code that nobody tests": Defect("test_coverage", lambda b: b.tests, "backend"),
    "coverage below the service level": Defect("coverage", lambda b: b.tests, "backend"),
    # seeded at the gate's input
    "coverage 94.9 %": Defect("coverage", lambda b: halves(b.clean, 0.949), "Lines"),
    "coverage not measured": Defect("coverage", lambda b: b.clean.update("tests", coverage=()), "Not measured"),
    "$5.01": Defect("cost", lambda b: b.clean.but(cost_usd=5.01), "usage ledger"),
    "721 s": Defect("duration", lambda b: b.clean.but(seconds=721.0), "clock"),
    "confidence 0.79": Defect("confidence", lambda b: b.clean.update("stack", confidence=0.79), "inferred"),
    "an open conflict": Defect(
        "conflicts", lambda b: b.clean.update("resolution", conflicts=(conflict(resolved=False),)), "Open"
    ),
    "similarity 0.84 after mediation": Defect("conflicts", lambda b: mediated(b.clean, 0.84), "Open"),
    "5.1 % of the pixels": Defect("visual_diff", lambda b: largest_diff(b.clean, 0.051), "Most on"),
    "evidence about other files": Defect("tests", lambda b: b.clean.but(changes=b.tests.changes), "other files"),
    "a key in the code": Defect(
        "secrets", lambda b: b.clean.with_file("backend/app/keys.py", f"KEY = '{KEY}'\n"), "AWS access key"
    ),
    # done to a delivery, seen by its verifier
    "tampered evidence": tampered("Changed: evidence/verdict.json", lambda f: flip(f / "evidence/verdict.json")),
    "a tampered picture": tampered("Changed: evidence/screens", lambda f: flip(f / "evidence/screens/suppliers-list-375.png")),
    "a tampered project": tampered("Changed: project/backend/app/main.py", lambda f: flip(f / "project/backend/app/main.py")),
    "a tampered manifest": tampered("does not fit the manifest", lambda f: flip(f / "manifest.json")),
    "a tampered signature": tampered("does not fit the manifest", lambda f: flip(f / "manifest.sig")),
    "a foreign signature": tampered("signed with another key", resign),
    "a file added": tampered("Extra: project/extra.py", lambda f: (f / "project/extra.py").touch()),
    "a test removed": tampered("Missing: project/backend", lambda f: (f / "project/backend/tests/test_health.py").unlink()),
}


def test_the_clean_project_passes_every_gate(broken):
    assert [gate.reason for gate in broken.clean.judged().gates if not gate.passed] == []
    assert verifier.check(broken.parcel, broken.fingerprint) == []


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_seeded_defect_turns_its_gate_red(broken, defect):
    """Gates judge a run; a delivery has its verifier, which knows the fingerprint of the key."""
    gate, seeded, says = DEFECTS[defect]
    made = seeded(broken)
    assert says in (" ".join(verifier.check(made, broken.fingerprint)) if isinstance(made, Path) else made.red(gate))
