"""A generated project to plant defects into, and the run it came out of, in which everything went well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from synergy.core.bench import EDITS, Bench, layers, merged, tree_hash
from synergy.core.stacks import StackSpec, stack
from synergy.core.testreports.junit import read_junit
from synergy.core.toolchains import run_command
from synergy.core.types import ChangeSet, CommandRun, PageKind, Plan, Proof, Resolution, TestCase, UiSpec, VisualReport, Walked
from tests.capabilities.defects import By, Defect
from tests.slo import samples
from uiagents import react
from uiagents.agents import backend, frontend
from uiagents.capabilities import Bound, uses
from uiagents.components import proofs_of
from uiagents.selftest import tidied
from uiagents.walks import walks_of
from visual import services as visual


@dataclass(frozen=True)
class Planted:
    """A defect in the project: the files as they are with it, and what it looks like for the use of its capability."""

    defect: Defect
    files: dict[str, str]  #: path → SHA-256
    seen: str


class Workpiece:
    """The project of ``plan``, written and formatted in ``bench.project``; ``run`` is its run without a fault."""

    def __init__(self, bench: Bench, plan: Plan, *, pages: bool = False) -> None:
        self.bench, self.plan = bench, plan
        self.spec: StackSpec = stack(plan.stack)
        self.uses: dict[str, Bound] = {use.use.capability: use for use in uses(self.plan)}
        self.run = _sound(bench, self.plan, self.spec, pages)
        self.files = merged(layers(self.run.changes, self.run.ui))

    # --- planting ----------------------------------------------------------------------------------------------------

    def planted(self, defect: Defect) -> Planted:
        """The file with its passage replaced, which must be there exactly once."""
        path, seen = (self._filled(defect.capability, text) for text in (defect.file, defect.seen))
        assert path in self.files, f"{defect.kind}: there is no {path}"
        text = self.bench.store.get_text(self.files[path])
        assert text.count(defect.find) == 1, f"{defect.kind}: {path} holds {defect.find!r} {text.count(defect.find)} times"
        return Planted(defect, {path: self.bench.store.put_text(text.replace(defect.find, defect.plant))}, seen)

    def _filled(self, capability: str, text: str) -> str:
        use = self.uses[capability]
        entity = use.entity.slug if use.entity else ""
        for word, value in (("{name}", use.name), ("{slug}", use.slug), ("{entity}", entity)):
            text = text.replace(word, value)
        return text

    @contextmanager
    def holding(self, planted: Iterable[Planted]) -> Iterator[dict[str, str]]:
        """The project with these defects on disk; as it was afterwards."""
        edits = self.edits(planted)
        self.bench.apply([edits])
        try:
            yield self.files | edits.files
        finally:
            self.bench.apply([ChangeSet(agent=EDITS, files={path: self.files[path] for path in edits.files})])

    def edits(self, planted: Iterable[Planted]) -> ChangeSet:
        """All of them as the edits of a person."""
        return ChangeSet(agent=EDITS, files={path: sha for each in planted for path, sha in each.files.items()})

    # --- looking -----------------------------------------------------------------------------------------------------

    def tested(self, command: str, tests: Iterable[str], files: dict[str, str]) -> dict[str, TestCase]:
        """Run tests of the backend, or the files of the pages' tests. Id without parameters → its case, or the one that did not pass."""
        known = self.spec.commands[command]
        own = [test.removeprefix(f"{known.cwd}/") for test in tests]
        argv = tuple(word for word in known.argv if not word.startswith("--cov"))
        wanted = own if command == "backend-test" else sorted({test.split("::")[0] for test in own})
        commands = {**self.spec.commands, command: known.model_copy(update={"argv": (*argv, *wanted)})}
        run = run_command(self.bench, self.spec.model_copy(update={"commands": commands}), command, files)
        assert "junit" in run.outputs, self.bench.store.get_text(run.output)[-4000:]
        found: dict[str, TestCase] = {}
        for case in read_junit(self.bench.store.get(run.outputs["junit"]), known.cwd, files):
            name = case.id.split("[")[0]
            if name not in found or found[name].outcome == "passed":
                found[name] = case.model_copy(update={"id": name})
        return found

    def walked(self, checks: Iterable[str], pages: Iterable[str], edits: ChangeSet) -> VisualReport:
        """Look at ``pages`` and carry out ``checks`` on the project with ``edits``."""
        shown = tuple(page for page in self.plan.pages if page.slug in pages or page.kind in (PageKind.LOGIN, PageKind.REGISTER))
        wanted = tuple(walk for walk in self.run.ui.walks if walk.id in checks)
        changes = (*self.run.changes, edits)
        ui = self.run.ui.model_copy(update={"walks": wanted})
        return visual.check(self.bench, self.plan.model_copy(update={"pages": shown}), changes, ui)

    # --- judging -----------------------------------------------------------------------------------------------------

    def edited(self, planted: Planted) -> samples.Run:
        """The run without a fault, said to be about the project with the defect: what a test replaces is the only difference."""
        changes = (*self.run.changes, self.edits([planted]))
        tree = tree_hash(merged(layers(changes, self.run.ui)))
        return self.run.but(changes=changes).update("tests", project_hash=tree).update("visuals", project_hash=tree)

    def with_case(self, planted: Planted, case: TestCase) -> samples.Run:
        """The run in which one test came out as ``case`` says."""
        others = tuple(known for known in self.run.tests.cases if known.id != case.id)
        return self.edited(planted).update("tests", cases=(*others, case))

    def run_with(self, use: Bound, cases: Iterable[TestCase]) -> samples.Run:
        """The run with what really came of the tests of ``use``, before its checks were done in the browser."""
        files = {f"backend/tests/test_{use.name}.py", use.test_file}
        others = tuple(case for case in self.run.tests.cases if case.id.split("::")[0] not in files)
        mine = {walk.id for walk in use.walks()}
        walked = tuple(walk for walk in self.run.visuals.walked if walk.check not in mine)
        return self.run.update("tests", cases=(*others, *cases)).update("visuals", walked=walked)

    def with_check(self, planted: Planted, run: CommandRun) -> samples.Run:
        """The run in which a part tested itself with this outcome."""
        made = self.edited(planted)
        return made.but(changes=(*made.changes, ChangeSet(agent="ui", files={}, checks=(run,))))

    def with_conflicts(self, planted: Planted, found: Resolution) -> samples.Run:
        """The run in which the sides disagreed about the defect's operation."""
        kind, method, path = planted.seen.split()
        own = tuple(c for c in found.conflicts if (c.kind, c.method, c.path) == (kind, method, path))
        return self.edited(planted).update("resolution", conflicts=own)

    def with_look(self, planted: Planted, seen: VisualReport) -> samples.Run:
        """The run in which the browser saw the defect's page, or carried out its check, as ``seen`` says."""
        made = self.edited(planted)
        if planted.defect.by is By.WALK:
            own = tuple(w for w in seen.walked if w.check == planted.seen)
            return made.update("visuals", walked=(*(w for w in made.visuals.walked if w.check != planted.seen), *own))
        check, _, page = planted.seen.split()
        findings = tuple(f for f in seen.findings if (f.check, f.page) == (check, page))
        return made.update("visuals", findings=findings)


def rounds(defects: Iterable[Defect]) -> list[list[Defect]]:
    """The defects in as few groups as there can be: in each at most one of every capability, so that none hides another."""
    groups: list[list[Defect]] = []
    for defect in defects:
        free = (group for group in groups if defect.capability not in {other.capability for other in group})
        group = next(free, None)
        if group is None:
            groups.append(group := [])
        group.append(defect)
    return groups


def _sound(bench: Bench, plan: Plan, spec: StackSpec, pages: bool) -> samples.Run:
    """A run on what the agents write for ``plan``, with evidence that nothing is wrong with it."""
    api, shell, scopes = backend.render(plan), react.shell_files(plan, spec.folder / "adapter"), react.scope_files(plan)
    kept = {path: bench.store.put(content) for path, content in (shell | scopes | api).items()}
    bench.apply([ChangeSet(agent="all", files=kept)])
    if pages:
        kept[frontend.SCHEMA] = run_command(bench, spec, "frontend-api", kept).outputs["schema"]
    for name in ("backend-format", *(["frontend-format"] if pages else [])):
        kept = tidied(bench, run_command(bench, spec, name, kept), kept)
    bench.apply([ChangeSet(agent="all", files=kept)])
    of_pages = (p for use in uses(plan) for p in use.page_proofs(scopes))
    of_scopes = (p for p in proofs_of(plan) if all(file in scopes for file in p.files))
    changes = (
        _part("frontend", kept, shell, frontend.proofs(plan), extra=(frontend.SCHEMA,)),
        _part("backend", kept, api, backend.proofs(plan, api)),
    )
    ui = UiSpec(scopes=(), components=(), changes=_part("ui", kept, scopes, (*of_scopes, *of_pages)), walks=walks_of(plan))
    tree = tree_hash(merged(layers(changes, ui)))
    named = dict.fromkeys(t for part in (*changes, ui.changes) for proof in part.proofs for t in proof.tests)
    clean = samples.clean_run(bench, plan).but(changes=changes, ui=ui)
    return clean.update(
        "tests", project_hash=tree, cases=tuple(TestCase(id=test, outcome="passed", seconds=0.1) for test in named)
    ).update(
        "visuals",
        project_hash=tree,
        walked=tuple(Walked(check=w.id, feature=w.feature, passed=True, seconds=0.5) for w in ui.walks),
    )


def _part(
    agent: str, kept: dict[str, str], own: Iterable[str], proofs: Iterable[Proof], extra: tuple[str, ...] = ()
) -> ChangeSet:
    paths = [*own, *(path for path in extra if path in kept)]
    return ChangeSet(agent=agent, files={path: kept[path] for path in paths}, proofs=tuple(proofs))
