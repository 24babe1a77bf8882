"""The last step: project, requirement ledger and all evidence in one zip that anybody can verify.

In the zip: README.md, CERTIFICATE.md, REQUIREMENTS.md, verify.sh, verify.py, key.pem, manifest.json (SHA-256 of every file),
manifest.sig (Ed25519), project/ and evidence/. Two runs of one message give the same bytes in project/; times and prices are in
evidence/ and the manifest only. A rejected run is delivered as well, and says REJECTED first thing.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

from django.conf import settings

from slo.levels import levels
from synergy.core.bench import Bench, tree_hash
from synergy.core.revisions import Base
from synergy.core.signing import Signer, signer
from synergy.core.stacks import FIXTURES
from synergy.core.stacks import stack as known_stack
from synergy.core.types import (
    ChangeSet,
    Delivery,
    Message,
    Plan,
    Resolution,
    StackChoice,
    TestReport,
    UiSpec,
    Verdict,
    VisualReport,
)
from synergy.workflow import verifier
from synergy.workflow.certificate import certificate, outcome, readme, requirements
from synergy.workflow.dossier import Case, evidence_files, programs, project_files, slug
from synergy.workflow.parcel import pack, place, seal, unpack
from synergy.workflow.verifier import MANIFEST, SIGNATURE

FORMAT = 1  #: of the manifest


def deliver(
    bench: Bench,
    run_id: str,
    message: Message,
    stack: StackChoice,
    plan: Plan,
    changes: tuple[ChangeSet, ...],
    ui: UiSpec,
    visuals: VisualReport,
    resolution: Resolution,
    tests: TestReport,
    verdict: Verdict,
    base: Base | None = None,
) -> Delivery:
    """Pack and sign everything a run has to show; the zip and the manifest become artifacts.

    Raises PermanentError when evidence is missing from the store or was changed there, ServiceDown when it cannot be written.
    """
    case = Case(
        run=run_id,
        message=message,
        stack=stack,
        plan=plan,
        changes=changes,
        ui=ui,
        visuals=visuals,
        resolution=resolution,
        tests=tests,
        verdict=verdict,
        base=base,
    )
    key = installation_key()
    files, blacked_out = project_files(case, bench.store)
    files |= evidence_files(case, bench.store, known_stack(plan.stack))
    files |= _papers(case, key, blacked_out)
    sealed = seal(files, _facts(case), key)
    runnable = {"verify.sh", *(f"project/{path}" for path in programs(case.layers))}
    bench.check_stop()
    archive = pack(sealed, runnable)
    return Delivery(
        archive=bench.store.put(archive),
        filename=f"{slug(plan.slug)}-{slug(run_id)[:8]}.zip",
        bytes=len(archive),
        files=len(sealed),
        manifest=bench.store.put(sealed[MANIFEST]),
        key=key.public.hex(),
        signature=sealed[SIGNATURE].hex(),
    )


def unpacked(bench: Bench, delivery: Delivery) -> tuple[Path, Path]:
    """(folder, zip) of the delivery below ``SYNERGY_HOME/deliveries``, written now if they are not there yet.

    A folder that is there is left alone: somebody may be working in it.
    """
    home = Path(settings.SYNERGY_HOME) / "deliveries"
    archive, folder = home / delivery.filename, home / Path(delivery.filename).stem
    data = bench.store.get(delivery.archive)
    unpack(data, folder)
    place(data, archive)
    return folder, archive


def installation_key() -> Signer:
    """The key that this installation signs with; its fingerprint is what a receiver compares."""
    return signer(Path(settings.SYNERGY_HOME) / "secrets")


def _papers(case: Case, key: Signer, blacked_out: list[str]) -> dict[str, bytes]:
    """What is read and run by the person who gets the delivery."""
    texts = {
        "README.md": readme(case, key.fingerprint),
        "CERTIFICATE.md": certificate(case, levels(), key.fingerprint, blacked_out),
        "REQUIREMENTS.md": requirements(case),
        "verify.sh": (FIXTURES / "delivery" / "verify.sh").read_text(),
        "verify.py": Path(verifier.__file__).read_text(),
    }
    return {name: case.censor.data(text.encode()) for name, text in texts.items()}


def _facts(case: Case) -> dict[str, Any]:
    """What the manifest says about the run."""
    verdict = case.verdict
    return {
        "format": FORMAT,
        "run": case.run,
        "project": case.plan.slug,
        "project_sha256": tree_hash(case.files),
        "changes_run": case.base.run if case.base else None,
        "verdict": outcome(case),
        "stack": {"inferred": case.stack.inferred, "confidence": case.stack.confidence, "built_with": case.stack.built_with},
        "seconds": verdict.seconds,
        "cost_usd": verdict.cost_usd,
        "gates": [gate.model_dump(mode="json") for gate in verdict.gates],
        "versions": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "browser": case.visuals.browser,
            "axe-core": case.visuals.axe,
            "fonts": case.visuals.fonts,
        },
    }
