"""The checker: a sound ledger passes, each seeded defect is found."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection

from synergy.chaos import checker
from synergy.chaos.provider import Provider
from synergy.core.artifacts import ArtifactStore
from synergy.core.models import Call, Event, Run, Step, WorkerBeat
from synergy.core.spending import Order, Paid
from synergy.workflow import db, engine, heart, services
from synergy.workflow.book import Ledger
from synergy.workflow.engine import Facts
from synergy.workflow.shape import shape

WORKER = uuid.uuid4()
PIPELINE = "synergy.chaos.pipeline"
KEY = "k" * 64


class Watched:
    def __init__(self) -> None:
        self.provider = Provider()


@pytest.fixture
def watched():
    return Watched()


@pytest.fixture
def run(transactional_db, settings, watched, own_home) -> Run:
    """A run that went through all its steps by hand; its plan paid once and names an artifact."""
    settings.SYNERGY_PIPELINE = PIPELINE
    made, _ = services.create_run("Chaos: {}", tenant=services.default_tenant())
    sha = ArtifactStore(settings.ARTIFACTS_DIR).put(uuid.uuid4().bytes)
    book, order = Ledger(made.id, "plan"), Order(KEY, 0.01, "pay")
    book.reserve(order)
    book.settle(order, Paid("text", 0.01))
    watched.provider.charges[KEY], watched.provider.runs[KEY] = 1, str(made.id)
    for spec in shape():
        attempt = engine.claim(shape(), made.id, spec.name, WORKER)
        final = Facts(final="completed") if spec.name == "delivery" else None
        assert engine.record(shape(), attempt, f'{{"sha": "{sha}"}}', facts=final).accepted
    yield made
    heart.still()


def problems(run: Run, watched: Watched, *allowed: str) -> str:
    charged, found = checker.check([run], {str(run.id): allowed} if allowed else {}, watched)
    return " ".join([f"charged {charged}." if charged else "", *found]).strip()


def test_a_sound_ledger_has_no_problem(run, watched):
    assert problems(run, watched) == ""
    assert checker.leftovers() == []


def told(run: Run, step: str, kind: str) -> None:
    Event.objects.create(run=run, step=step, kind=kind)


def rewritten(table: str, change: str, *values: object) -> None:
    """Change the ledger behind the engine's back; the trigger that keeps history is off for it."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_event DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET {change}", values)
        cursor.execute("ALTER TABLE core_event ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        (lambda run: told(run, "plan", "done"), "plan of"),
        (lambda run: told(run, "plan", "claimed"), "was claimed after done"),
        (lambda run: told(run, "", "finished"), "ended 2 times"),
        (
            lambda run: rewritten("core_event", "kind = 'claimed' WHERE step = 'ui' AND kind = 'done'"),
            "began before the steps above it were done",
        ),
        (lambda run: Step.objects.filter(run=run, name="ui").update(state="running"), "ui of"),
        (lambda run: Step.objects.filter(run=run, name="ui").update(result=None), "is done without a result"),
        (lambda run: rewritten("core_step", "lease = now() WHERE name = 'ui'"), "still holds a lease"),
        (lambda run: Step.objects.filter(run=run, name="ui").update(result=f'"{"0" * 64}"'), "not in the store"),
        (lambda run: Run.objects.filter(id=run.id).update(state="failed"), "ended as failed"),
        (lambda run: Run.objects.filter(id=run.id).update(cost_usd=Decimal("0.02")), "charged 1."),
        (lambda run: Step.objects.filter(run=run, name="ui").update(cost_usd=Decimal("0.01")), "charged 1."),
        (lambda run: Call.objects.filter(run=run).delete(), "charged 1."),
    ],
)
def test_each_defect_is_found(run, watched, defect, words):
    defect(run)
    assert words in problems(run, watched)


def test_a_damaged_artifact_is_found(run, watched):
    [sha] = set(checker.addresses(run.steps.get(name="plan").result))
    ArtifactStore(settings.ARTIFACTS_DIR).path(sha).write_bytes(b"half")
    assert "damaged" in problems(run, watched)


def test_a_call_that_the_provider_charged_again_is_found(run, watched):
    watched.provider.charges[KEY] = 2
    assert problems(run, watched) == "charged 1. The provider charged 1 calls again."


def test_a_call_that_the_ledger_does_not_know_is_found(run, watched):
    watched.provider.charges["other"], watched.provider.runs["other"] = 1, str(run.id)
    assert "keeps 1 answers, the provider charged 2" in problems(run, watched)


def test_a_run_that_may_end_otherwise_is_no_problem(run, watched):
    Run.objects.filter(id=run.id).update(state="cancelled")
    assert "ended as cancelled" in problems(run, watched)
    assert problems(run, watched, "cancelled") == ""


def test_what_is_left_behind_is_found(run):
    WorkerBeat.objects.create(id=WORKER, beat=run.created_at, lock_key=1, host="h", pid=1, engine="tiny/1")
    Step.objects.filter(run=run, name="ui").update(state="running", lease=run.created_at)
    with db.connect() as other:
        other.execute("SELECT pg_advisory_lock(4711)")
        found = " ".join(checker.leftovers())
    assert "1 advisory locks are still held" in found
    assert "1 workers still beat" in found
    assert "ui of" in found
    assert "1 leases are left" in found
