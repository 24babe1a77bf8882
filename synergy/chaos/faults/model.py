"""What models and their providers do: never answer, drip, decline, break off, talk nonsense, charge too much."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from django.db.models import F, Sum

from synergy.chaos.faults.base import Faults
from synergy.chaos.scene import Scene
from synergy.chaos.stage import MODEL_SECONDS
from synergy.chaos.tools import ACTIVITY
from synergy.core.models import Call, Run, RunState, Tenant
from synergy.workflow import services, wire

ASKING = ("plan", "code:backend", "ui")  #: the steps that ask
CREW = 8  #: children of a worker, where many race
RETRIES_S = 9.0  #: seconds that the waits between tries add up to at most, for one question and both models

part = Faults()


def asking(scene: Scene, fault: str, count: int = 2, asks: int = 1) -> list[Run]:
    """Runs whose steps ask a model that has a fault."""
    scene.stage.crew(1)
    fresh(scene)
    return scene.submit(count, steps={step: {"ask": fault, "asks": asks} for step in ASKING})


def fresh(scene: Scene) -> None:
    """Open the gate before the models, which the scene before may have left closed."""
    with scene.stage.broker(2) as client:
        for name in client.scan_iter("synergy:gate:*"):
            client.delete(name)


def answers(run: Run) -> int:
    """How many answers came that could be used."""
    return Call.objects.filter(run=run, activity=ACTIVITY, answer__isnull=False, wasted=False).count()


def money(scene: Scene, charged: float) -> None:
    """What was charged while the scene went on is booked or still held, and no run has spent more than it may."""
    ids = [run.id for run in scene.runs]
    known = Run.objects.filter(id__in=ids).aggregate(sum=Sum(F("cost_usd") + F("reserved_usd")))["sum"] or 0
    scene.held(float(known) >= charged - 1e-4, f"${charged:.6f} were charged, ${known} are booked or held.")
    over = Run.objects.filter(id__in=ids, cost_usd__gt=F("budget_usd")).count()
    scene.held(not over, f"{over} runs spent more than they may.")


def played(scene: Scene, fault: str, *, come: int | None, extra: float, asks: int = 1) -> None:
    """Runs that meet ``fault`` in each question end completed; ``come``: answers a run (None = any), ``extra``: seconds."""
    before = scene.stage.models.charged_usd
    scene.strike()
    runs = asking(scene, fault, asks=asks)
    scene.within(extra=extra)
    scene.finish(extra + 60)
    for run in runs:
        got = answers(run)
        scene.held(come is None or got == come, f"{got} answers came, {come} should have.")
    money(scene, scene.stage.models.charged_usd - before)


WHOLE = len(ASKING)
LATE = 2 * MODEL_SECONDS * WHOLE + 12


@part.add("The model never answers", "F12", seconds=25)
def model_hangs(scene: Scene, rng: Random, n: int) -> None:
    played(scene, "hang", come=0, extra=LATE)


@part.add("The model drips a byte at a time, for ever", "F13", seconds=25)
def model_drips(scene: Scene, rng: Random, n: int) -> None:
    played(scene, "drip", come=0, extra=LATE)


@part.add("The provider declines: 429, 500, 502 with HTML", "F14", seconds=10)
def model_declines(scene: Scene, rng: Random, n: int) -> None:
    played(scene, ("status:429,1", "status:500", "html:502")[n % 3], come=0, extra=WHOLE * 2 * RETRIES_S)


@part.add("The answer breaks off in the middle", "F15", seconds=10)
def model_breaks_off(scene: Scene, rng: Random, n: int) -> None:
    played(scene, "cut", come=0, extra=LATE)


@part.add("The model answers nonsense: nothing, half of it, another shape, garbage, prose", "F16", seconds=4, quick=1)
def model_talks_nonsense(scene: Scene, rng: Random, n: int) -> None:
    played(scene, ("empty", "truncated", "schema", "garbage", "prose")[n % 5], come=0, extra=20)


@part.add("A valid answer full of attacks", "F16", seconds=4)
def model_attacks(scene: Scene, rng: Random, n: int) -> None:
    played(scene, "hostile", come=WHOLE, extra=20)


@part.add("The provider charges a million times its price", "F17", seconds=5, quick=1)
def model_overcharges(scene: Scene, rng: Random, n: int) -> None:
    """The run rests with all it may cost spent, by one call at most; with a higher limit it goes on."""
    scene.strike()
    [run] = asking(scene, "dear:1000000", count=1)
    scene.until(lambda: Run.objects.filter(id=run.id, state=RunState.PAUSED).exists(), 60, "The rest")
    run.refresh_from_db()
    scene.held("spent" in run.reason, f"It rests because: {run.reason}")
    calls = Call.objects.filter(run=run, cost_usd__gt=0).count()
    scene.held(calls == 1, f"{calls} calls were paid before it rested.")
    Run.objects.filter(id=run.id).update(message=run.message.replace("dear:1000000", "none"))
    wire.send(services.resume(run, budget_usd=float(run.cost_usd) + 5))
    scene.finish()


@part.add("Sixteen race for the last cents of a tenant's budget", "F17", seconds=12)
def money_runs_out(scene: Scene, rng: Random, n: int) -> None:
    """Not a cent more than the limit is spent or held, and every run ends as it would without a model."""
    models, tenant = scene.stage.models, services.default_tenant()
    scene.stage.crew(2, env={"SYNERGY_CONCURRENCY": str(CREW), "SYNERGY_MODEL_CONCURRENCY": "32"})
    fresh(scene)
    before, spent = models.charged_usd, tenant.cost_usd + tenant.reserved_usd
    limit = spent + Decimal("0.005")
    Tenant.objects.filter(id=tenant.id).update(budget_usd=limit)
    try:
        scene.strike()
        scene.submit(2 * CREW, steps={step: {"ask": "", "asks": 5} for step in ASKING})
        scene.finish(120)
        tenant.refresh_from_db()
    finally:
        Tenant.objects.filter(id=tenant.id).update(budget_usd=None)
    known = tenant.cost_usd + tenant.reserved_usd
    scene.held(known <= limit, f"${known - spent} were spent or held, ${limit - spent} were allowed.")
    scene.held(models.charged_usd - before <= float(limit - spent), f"${models.charged_usd - before:.6f} were charged.")
    asked = 2 * CREW * WHOLE * 5
    got = sum(answers(run) for run in scene.runs)
    scene.held(0 < got < asked, f"{got} of {asked} answers came: the limit was not in the way.")


@part.add("No stack fits the message", "F18", seconds=3)
def no_stack_fits(scene: Scene, rng: Random, n: int) -> None:
    """The run is refused with the reason: nothing is built by default, nothing is asked, nothing is charged."""
    models = scene.stage.models
    before, asked = models.charged_usd, len(models.requests)
    scene.strike()
    runs = scene.submit(2, known=False, steps={step: {"ask": "none"} for step in ASKING})
    scene.expected |= {str(run.id): (RunState.REFUSED,) for run in runs}
    scene.finish()
    for run in runs:
        run.refresh_from_db()
        scene.held(run.state == RunState.REFUSED and bool(run.reason), f"It ended {run.state}: {run.reason}")
        begun = run.steps.exclude(started_at=None).count()
        scene.held(begun == 1, f"{begun} steps were begun.")
    scene.held((models.charged_usd, len(models.requests)) == (before, asked), "A model was asked.")


@part.add("Killed while a model answers", "F6", seconds=10, quick=1)
def killed_while_asking(scene: Scene, rng: Random, n: int) -> None:
    """The step is done again; what the lost call may have cost stays held."""
    models = scene.stage.models
    before = models.charged_usd
    models.delay = 1.5
    try:
        [run] = asking(scene, "", count=1)
        seen = len(models.requests)
        scene.until(lambda: len(models.requests) > seen, 30, "The question")
        scene.kill(scene.begun(run, "plan").pid)
        scene.finish()
    finally:
        models.delay = 0.0
    scene.held(answers(run) == WHOLE, f"{answers(run)} answers came.")
    money(scene, models.charged_usd - before)
