"""The whole system, as a person uses it: the command line, real services, real workers, a real browser, a home of its own.

One home and one project serve all tests here: a build takes a minute and a half, and what one run leaves behind proves many things.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench
from synergy.core.types import ChangeSet, UiSpec
from synergy.core.written import with_walks, with_written
from synergy.workflow.pipeline import AGENTS, PIPELINE
from tests.conftest import locked
from tests.slo.samples import Run

ROOT = Path(__file__).resolve().parents[2]
SERVICES = """
import sys
import django; django.setup()
from synergy.embedded.client import session
with session(note=lambda line: None):
    print("up", flush=True)
    sys.stdin.read()
"""
APPROVE = """
import django; django.setup()
from visual.baselines import approve
from visual.models import Baseline
waiting = Baseline.objects.filter(state="waiting")
print(sum(approve(p, set(waiting.filter(project=p).values_list("image", flat=True))) for p in set(waiting.values_list("project", flat=True))))
"""
RESULTS = """
import json, sys
import django; django.setup()
from synergy.core.models import Run
run = Run.objects.get(id=sys.argv[1])
print(json.dumps({"steps": dict(run.steps.values_list("name", "result")), "edits": run.options.get("edits")}))
"""


class System:
    """An installation in ``folder``, which all workers of one test session share."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def store(self) -> ArtifactStore:
        return ArtifactStore(self.home / "artifacts")

    def build(self, *arguments: str, message: str, model: str = "", **env: str) -> tuple[int, dict[str, Any]]:
        """``manage.py build`` in an empty environment; its exit code and what it printed. ``model``: address of a provider."""
        command = [sys.executable, "manage.py", "build", "--json", *arguments, "--", message]
        key = {"SYNERGY_MODEL_URL": model, "OPENROUTER_API_KEY": f"sk-or-v1-{'0' * 64}"} if model else {}
        ran = subprocess.run(command, cwd=ROOT, env=self._environment() | key | env, capture_output=True, text=True, timeout=800)
        assert ran.stdout, ran.stderr[-3000:]
        return ran.returncode, json.loads(ran.stdout)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What ``make`` returned (plain data), made by this worker or taken over from another one."""
        file = self.folder / f"{name}.json"
        with locked(self.folder / f"{name}.lock"):
            if not file.exists():
                file.write_text(json.dumps(make()))
            return json.loads(file.read_text())

    @contextmanager
    def up(self):
        """Services and workers that stay between two builds."""
        with subprocess.Popen(
            [sys.executable, "-c", SERVICES], cwd=ROOT, env=self._environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as held:
            assert held.stdout is not None
            assert held.stdout.readline() == b"up\n"
            try:
                yield
            finally:
                held.communicate(timeout=60)

    def approve_all(self) -> int:
        """A person approves all pictures that wait; how many there were."""
        return int(self._run(APPROVE))

    def run(self, report: dict[str, Any], bench: Bench) -> Run:
        """The values of a run that has ended, as its steps recorded them."""
        recorded = json.loads(self._run(RESULTS, report["id"]))
        values = {spec.name: spec.result.model_validate_json(recorded["steps"][spec.name]) for spec in PIPELINE}
        ui: UiSpec = values["ui"]
        changes: tuple[ChangeSet, ...] = tuple(values[f"code:{agent}"] for agent in AGENTS)
        if ui.edits or recorded["edits"]:
            changes = (*changes, ui.edits or ChangeSet.model_validate(recorded["edits"]))
        written, dropped = values["improve"], values["conflicts"].dropped
        return Run(
            bench=bench, stack=values["stack"], plan=with_written(values["plan"], written, dropped), changes=(*changes, written),
            ui=with_walks(ui, written, dropped), visuals=values["visuals"],
            resolution=values["conflicts"], tests=values["tests"], cost_usd=report["cost_usd"], seconds=report["seconds"],
        )  # fmt: skip

    def _run(self, code: str, *arguments: str) -> str:
        """What ``code`` prints, run in this installation while its services are up."""
        command = [sys.executable, "-c", code, *arguments]
        ran = subprocess.run(command, cwd=ROOT, env=self._environment(), capture_output=True, text=True, timeout=120)
        assert ran.stdout, ran.stderr[-2000:]
        return ran.stdout

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"SYNERGY_HOME": str(self.home), "SYNERGY_CACHE": str(settings.CACHE_DIR)}
        return {**kept, **own, "DJANGO_SETTINGS_MODULE": "synergy.settings"}


def project_files(report: dict[str, Any]) -> dict[str, bytes]:
    folder = Path(report["paths"]["Project"])
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


def failed_gates(report: dict[str, Any]) -> set[str]:
    return {gate["gate"] for gate in report["verdict"]["gates"] if not gate["passed"]}
