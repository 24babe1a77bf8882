"""1,000,000 recorded steps change nothing: whatever is asked finds its few rows through an index, and a run costs what it cost."""

from __future__ import annotations

import json
import re
import statistics
import time
import uuid
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib import import_module

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from rest_framework.authtoken.models import Token

from monitor import clock as monitor_clock
from monitor import queues, tasks
from monitor.models import Clock
from monitor.remedies import silent_beat
from monitor.services import heal, remedies
from synergy.core.models import Call, Event, Membership, Run, Step, Tenant
from synergy.core.spending import Order, Paid
from synergy.management.display import TOLD
from synergy.workflow import clock as workflow_clock
from synergy.workflow import db, engine, report, services, sql
from synergy.workflow.book import Ledger
from synergy.workflow.shape import shape
from tests.conftest import TEMPLATE, locked
from tests.synergy.workflow import scale
from tests.synergy.workflow.conftest import TINY
from tests.synergy.workflow.scale import LIVE, Look, look

BIG = "test_scale"
DROPPED = "ALTER TABLE core_step DROP CONSTRAINT step_once_per_run"
PARTS = ("CALM", "GONE", "OVERDUE", "CUT_OFF")  # of other statements
ASKED = {name: part.asks for name, part in remedies() if part.asks}
STATEMENTS = {
    **{
        name: re.sub(r"^EXISTS", "SELECT EXISTS", text)
        for name, text in vars(sql).items()
        if name.isupper() and name not in PARTS
    },
    "WAKE": f"SELECT {sql.wake('%(run)s::uuid')}",
    "LOOK": monitor_clock.LOOK.replace("__QUESTIONS__", ", ".join(ASKED.values())),
    **{f"LOOK {name}": monitor_clock.LOOK.replace("__QUESTIONS__", question) for name, question in ASKED.items()},
    **{name: getattr(monitor_clock, name) for name in ("SETTLE", "ALONE")},
    "SKIP": workflow_clock.SKIP,
    "READY": queues.READY,
    "TURN": silent_beat.TURN,
}
#: What a look may read: a few pages and a few rows for each of the 400 live runs. The tables have about 100,000 pages.
PAGES, ROWS = 4 * LIVE, 3 * LIVE
WRITTEN = 20  #: pages for each row that is changed or added: it has up to five indexes


@pytest.fixture(scope="module")
def big(django_db_setup, django_db_blocker, postgres, shared_folder):
    """The big ledger in a database of its own, which all workers share: tests leave it as it is. The last to leave drops it."""
    own = settings.DATABASES["default"]["NAME"]
    server = {"host": str(postgres), "user": "postgres", "autocommit": True}
    with django_db_blocker.unblock(), psycopg.connect(**server, dbname="postgres") as admin:
        with locked(shared_folder / "scale.lock"):
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [BIG]).fetchone():
                make(admin, str(postgres))
            user = psycopg.connect(**server, dbname=BIG)  # while it is connected nobody drops it
        switch(BIG)
        yield admin
        switch(own)
        user.close()
        with locked(shared_folder / "scale.lock"), suppress(psycopg.errors.ObjectInUse):
            admin.execute(f"DROP DATABASE IF EXISTS {BIG}")


def make(admin: psycopg.Connection, host: str) -> None:
    admin.execute(f"DROP DATABASE IF EXISTS {BIG}_new")
    admin.execute(f"CREATE DATABASE {BIG}_new TEMPLATE {TEMPLATE} OWNER synergy")
    with psycopg.connect(host=host, user="postgres", dbname=f"{BIG}_new", autocommit=True) as session:
        pipeline = import_module(TINY).PIPELINE
        scale.fill(session, [spec.name for spec in pipeline], [spec.queue for spec in pipeline])
    admin.execute(f"ALTER DATABASE {BIG}_new RENAME TO {BIG}")


def switch(name: str) -> None:
    """Connect this process to database ``name``."""
    connection.close()
    connection.close_pool()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


RUN = db._run  #: what all statements go through that are not Django's


class Looks(list[Look]):
    """Everything that was asked of the database while it watched: Django's statements, and the engine's by their general plan."""

    def __call__(self, execute, statement, params, many, context):
        if not many and statement.startswith(("SELECT", "UPDATE", "INSERT", "DELETE")):
            text = psycopg.ClientCursor(connection.connection).mogrify(statement, params) if params else statement
            self.append(look(connection.connection, text.replace("%", "%%"), {}))
        return execute(statement, params, many, context)

    def run(self, link, statement, values):
        self.append(look(connection.connection, statement, values, generic=True))
        return RUN(connection.connection, statement, values)

    def check(self) -> None:
        """Nothing read more than a few pages; fails when nothing was asked at all."""
        assert self
        for seen in self:
            assert few(seen), str(seen)


def few(seen: Look) -> bool:
    return not seen.whole and max(seen.removed, seen.written) <= ROWS and seen.buffers <= PAGES + WRITTEN * seen.written


@pytest.fixture
def looks(big, monkeypatch, tiny_pipeline):
    """Watches; what the test does is taken back."""
    found = Looks()
    monkeypatch.setattr(db, "_run", found.run)
    monkeypatch.setattr(monitor_clock, "_known", None)  # of another test, whose now() stood still
    with transaction.atomic():
        with connection.execute_wrapper(found):
            yield found
        transaction.set_rollback(True)


def values() -> dict[str, object]:
    """Something for every place of every statement: a ready step, and one that runs."""
    ready, running = (Step.objects.filter(state=state).select_related("run").first() for state in ("ready", "running"))
    assert ready
    assert running
    pipeline = shape()
    texts = {
        "message": "m",
        "options": "{}",
        "stack": "",
        "trace": "t",
        "span": "",
        "slug": "project-1",
        "title": "Project 1",
        "reason": None,
    }
    lists = {"names": ["stack", "plan"], "next": [spec.name for spec in pipeline.after(running.name)], "lines": ["l"]}
    enter = {
        "queues": ["agents"] * 2,
        "limits": [1.0, 2.0],
        "needs": [0, 1],
        "taken": ["stack"],
        "parent": ready.run_id,
        "revises": None,
    }
    times = {"lease": 6.0, "resend": 2.0, "calm": 0.0, "grace": 5.0, "carried": 0.0, "confidence": 0.5, "budget": 5, "cost": 0}
    worker = {"worker": running.worker, "key": 4711, "host": "h", "pid": 1, "engine": pipeline.engine, "attempt": 1}
    monitor = {"gap": 60.0, "most": 30.0, "expected": None, "jump": 2.0, "nobody": 30.0, "full": 10.0, "step": "plan"}
    mine = {
        "answer": "{}",
        "run": running.run_id,
        "name": running.name,
        "token": running.token,
        "result": "{}",
        "facts": None,
        "final": None,
    }
    more = {"next_token": uuid.uuid4(), "inline": True, "tenant": ready.run.tenant_id, "again": json.dumps({"agents": 200})}
    many = {
        "workers": [running.worker],
        "runs": [running.run_id],
        "tokens": [running.token],
        "steps": [running.name],
        "wake": [running.run_id],
    }
    return {**texts, **lists, **enter, **times, **worker, **mine, **more, **many, **monitor}


#: Where a statement wants another value than its neighbours.
OWN = {
    "CLAIM": lambda: dict(zip(("run", "name"), Step.objects.filter(state="ready").values_list("run_id", "name")[0], strict=True)),
    "ENTER": lambda: {"run": uuid.uuid4(), "key": "a key"},
    "BEAT": lambda: {"names": [Step.objects.filter(state="running")[0].name]},
    "UNSENT": lambda: {"names": ["stack"]},
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_of_the_engine_finds_its_rows_through_an_index(big, tiny_pipeline, name):
    with transaction.atomic():
        Clock.objects.create(id=1, seen=Now() - timedelta(seconds=2))
        seen = look(connection.connection, STATEMENTS[name], {**values(), **OWN.get(name, dict)()}, generic=True)
        transaction.set_rollback(True)
    assert few(seen), str(seen)


@pytest.mark.parametrize(
    ("rule", "name", "table"),
    [
        (DROPPED, "CLAIM", "core_step"),
        ("DROP INDEX step_live", "DUE_QUEUES", "core_step"),
        ("DROP INDEX run_unreported", "LOOK dead_letters", "core_run"),
    ],
)
def test_without_its_index_a_statement_is_found_out(big, tiny_pipeline, rule, name, table):
    """The seeded defect, taken back."""
    with transaction.atomic():
        given = {**values(), **OWN.get(name, dict)()}
        assert few(look(connection.connection, STATEMENTS[name], given, generic=True))
        connection.connection.execute(rule)
        seen = look(connection.connection, STATEMENTS[name], given, generic=True)
        transaction.set_rollback(True)
    assert table in seen.whole


@pytest.fixture
def small(big, worker_id):
    """A fresh ledger beside the big one: its name."""
    name = f"test_small_{worker_id}"
    big.execute(f"DROP DATABASE IF EXISTS {name}")
    big.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER synergy")
    yield name
    switch(BIG)
    big.execute(f"DROP DATABASE {name}")


@pytest.mark.parametrize("statement", ["SEND", "DUE_QUEUES", "ABANDONED", "SELF_JOIN"])
def test_a_backlog_is_looked_through_once(small, tiny_pipeline, statement):
    """5,000 steps are due at once: not each of them is held against each other one (SELF_JOIN: the seeded defect)."""
    switch(small)
    services.create_run("Build a shop", tenant=services.default_tenant())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_run, core_step")  # what the planner knows is from before the rush
        cursor.execute(BACKLOG, {"count": 5_000})
    given = {"again": json.dumps({"agents": 5_000}), "resend": 2.0, "grace": 5.0, "calm": 0.0}
    with transaction.atomic():
        seen = look(connection.connection, SELF_JOIN if statement == "SELF_JOIN" else STATEMENTS[statement], given, generic=True)
    once = seen.removed + seen.compared < 20 * 5_000 and seen.buffers < 20 * 5_000
    assert once == (statement != "SELF_JOIN"), str(seen)


BACKLOG = """
INSERT INTO core_run (id, tenant_id, project_id, message, options, state, reason, stack, engine, trace_id, cost_usd, budget_usd, carried_seconds)
SELECT gen_random_uuid(), tenant_id, project_id, message, '{}', 'queued', '', '', engine, 't', 0, 5, 0 FROM core_run, generate_series(1, %(count)s);
INSERT INTO core_step (run_id, name, position, queue, limit_seconds, state, need, attempt, fails, losses, sends, cost_usd, error, due, ready_at)
SELECT r.id, 'stack', 0, 'agents', 60, 'ready', 0, 0, 0, 0, 1, 0, '', now() - interval '1 second', now()
FROM core_run r WHERE NOT EXISTS (SELECT 1 FROM core_step s WHERE s.run_id = r.id);
"""
SELF_JOIN = """
WITH due AS MATERIALIZED (SELECT id FROM core_step WHERE state = 'ready' AND due <= now())
SELECT count(*) FROM core_step s JOIN due ON due.id = s.id WHERE s.state = 'ready' AND s.due <= now()
"""


def test_what_people_do_with_runs(looks):
    tenant = Tenant.objects.get(slug="tenant-1")
    run, _ = services.create_run("Build a shop", tenant=tenant, key="k")
    services.create_run("Build a shop", tenant=tenant, key="k")
    assert report.summary(services.find_run(run.id, tenant))["state"] == "queued"
    services.pause(run)
    services.resume(run)
    services.cancel(run)
    services.retry(run)
    services.fork(Run.objects.filter(state="completed").order_by("-created_at")[0], "ui")
    assert list(Event.objects.filter(run=run, id__gt=0, kind__in=TOLD).order_by("id")) == []
    looks.check()


def test_old_work_folders_are_looked_up_by_their_names(looks, tmp_path, settings):
    settings.RUNS_DIR = tmp_path
    ended = Run.objects.filter(state="completed").order_by("created_at")[:20]
    for run in ended:
        (tmp_path / str(run.id)).mkdir()
    looks.clear()
    assert services.tidy() == 20
    looks.check()


@contextmanager
def alive(big, but=None):
    """All workers but one hold their locks; somebody looked two seconds ago."""
    Clock.objects.create(id=1, seen=Now() - timedelta(seconds=2))
    with psycopg.connect(**{**dict(big.info.get_parameters()), "dbname": BIG}, autocommit=True) as workers:
        workers.execute("SELECT pg_advisory_lock(lock_key) FROM core_workerbeat WHERE id IS DISTINCT FROM %s", [but])
        yield


def break_things() -> uuid.UUID:
    """Something for every remedy; gives the worker that died."""
    ready = list(Step.objects.filter(state="ready", run__state="queued").order_by("id")[:5])
    Step.objects.filter(id=ready[0].id).update(due=Now(), sends=0)  # never sent
    Step.objects.filter(id=ready[1].id).update(due=Now() - timedelta(seconds=5))  # its message is lost
    Step.objects.filter(id=ready[2].id).update(ready_at=Now() - timedelta(minutes=5))  # it waits for long
    Step.objects.filter(id=ready[3].id).update(ready_at=Now() - timedelta(days=2))  # it waits for too long
    Step.objects.filter(id=ready[4].id).update(ready_at=Now() - timedelta(hours=1))
    Run.objects.filter(id=ready[4].run_id).update(engine="tiny/0")
    late, failed = (Run.objects.filter(state=state)[0].id for state in ("running", "failed"))
    Run.objects.filter(id=late).update(started_at=Now() - timedelta(hours=2))
    Run.objects.filter(id=failed).update(reported=False)
    return Step.objects.filter(state="running").exclude(run=late)[0].worker


def test_the_monitor_mends_what_is_broken_and_reads_what_lives(looks, big, broker):
    dead = break_things()
    with alive(big, but=dead):
        Clock.objects.update(beat=Now() - timedelta(minutes=1))
        looks.clear()
        found = {incident.remedy for incident in heal()}
        assert found == {name for name, _ in remedies()}
        Clock.objects.update(seen=Now() - timedelta(minutes=1))
        assert {incident.remedy for incident in heal()} == {"clock"}
        tasks.heal()
    looks.check()


@pytest.mark.parametrize("quick", [True, False])
def test_the_monitor_finds_nothing_to_do_quickly(looks, big, broker, quick):
    Step.objects.filter(state="ready").update(due=Now() + timedelta(minutes=1))
    with alive(big):
        looks.clear()
        assert heal(quick=quick) == []
    looks.check()


@pytest.mark.parametrize("who", ["root", "staff"])
def test_the_pages_of_the_admin(looks, who):
    """For who administers the installation, and for staff of one tenant."""
    user = get_user_model().objects.create_user(who, password="x", is_staff=True, is_superuser=who == "root")
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_run", "view_project", "view_incident")))
    Membership.objects.create(user=user, tenant=Tenant.objects.get(slug="tenant-1"))
    run = Run.objects.filter(tenant__slug="tenant-1", state="failed").order_by("-created_at")[0]
    client = Client()
    client.force_login(user)
    runs, one = reverse("admin:core_run_changelist"), reverse("admin:core_run_change", args=[run.id])
    incidents = reverse("admin:monitor_incident_changelist")
    looks.clear()
    assert str(run.id) in client.get(runs, {"project__id__exact": run.project_id}).content.decode()
    for address, query in ((runs, {}), (runs, {"p": "3"}), (runs, {"state__exact": "running"}), (one, {})):
        assert client.get(address, query).status_code == 200
    assert "Nothing is tried any more." in client.get(one).content.decode()
    for query in ({}, {"p": "3"}, {"alert__exact": "1"}, {"remedy": "dead_letters"}, {"queue": "agents"}):
        page = client.get(incidents, query)
        assert page.status_code == 200
        assert page.context["cl"].result_list
    looks.check()
    looks.clear()
    assert client.get(reverse("admin:core_project_changelist")).status_code == 200
    assert not any(seen.whole for seen in looks)


def test_the_http_interface(looks, monkeypatch, broker):
    user = get_user_model().objects.create_user("ada", password="x")
    Membership.objects.create(user=user, tenant=Tenant.objects.get(slug="tenant-1"))
    key = {"Authorization": f"Token {Token.objects.create(user=user).key}", "Idempotency-Key": "k"}
    client = Client(headers=key)
    looks.clear()
    for _ in range(2):
        answer = client.post("/api/runs", {"message": "Build a shop"}, content_type="application/json")
        assert answer.status_code == 202
    one = answer["Location"]
    assert client.get(one).json()["state"] == "queued"
    for action in ("pause", "resume", "cancel", "retry"):
        assert client.post(f"{one}/{action}").status_code == 202
    ended = Run.objects.filter(tenant__slug="tenant-1", state="completed").order_by("-created_at")[0]
    assert client.post(f"/api/runs/{ended.id}/fork", {"step": "ui"}, content_type="application/json").status_code == 202
    looks.check()


def test_what_a_step_paid_for(looks):
    """The book of a step, among 182,000 answers."""
    paid = Call.objects.order_by("-id")[0]
    book, order = Ledger(paid.run_id, paid.step), Order(paid.key, 0.1)
    new = Order("x", 0.1)
    looks.clear()
    assert book.reserve(order) == Paid("An answer.", 0.01)
    assert book.reserve(new) is None
    assert book.settle(new, Paid("New.", 0.02)) == book.reserve(new) == Paid("New.", 0.02)
    looks.check()


def by_hand() -> None:
    """One whole run through the engine."""
    run, _ = services.create_run("Build a shop", tenant=services.default_tenant())
    worker = uuid.uuid4()
    for spec in shape():
        attempt = engine.claim(shape(), run.id, spec.name, worker)
        assert attempt
        assert engine.record(shape(), attempt, "{}").accepted


def counted(work) -> tuple[int, float]:
    """Rows that ``work`` read, exactly, and its seconds; taken back."""
    with transaction.atomic():
        before = read()
        began = time.perf_counter()
        work()
        took = time.perf_counter() - began
        rows = read() - before
        transaction.set_rollback(True)
    return rows, took


def read() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables WHERE relname LIKE 'core_%'"
        )
        return int(cursor.fetchone()[0])


def test_a_run_costs_the_same_on_an_empty_ledger_and_after_a_million_steps(small, tiny_pipeline, monkeypatch):
    monkeypatch.setattr(engine, "rows", db.ask)  # all in one transaction, so that the counters are its own
    rows, seconds = {}, {}
    for name in (small, BIG):
        switch(name)
        found = [counted(by_hand) for _ in range(12)]
        rows[name] = found[-1][0]
        seconds[name] = statistics.median(took for _, took in found[4:])
    worse, _ = counted(lambda: (connection.connection.execute(DROPPED), by_hand()))  # the seeded defect: all steps are read
    assert 0 < rows[BIG] <= 2 * rows[small], rows
    assert rows[BIG] < 20 * 23  # statements
    assert seconds[BIG] < 3 * seconds[small], seconds
    assert worse > 1_000_000
