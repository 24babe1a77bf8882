"""The ledger: tenants, projects, runs, their steps and the history. Every row is reachable from a tenant.

A step's life:  WAITING → READY → RUNNING → DONE
                            ↑        ├→ READY    again: an error worth another try, or its worker died
                            └────────┴→ FAILED   (dead letter: the error says why); SKIPPED or CANCELLED with its run
A run's life:   QUEUED → RUNNING ⇄ PAUSED → COMPLETED | REJECTED | FAILED | REFUSED | CANCELLED
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now


class RunState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"  # a person decides; holds no worker
    COMPLETED = "completed"  # delivered, all gates passed
    REJECTED = "rejected"  # delivered with its evidence, but a gate failed
    FAILED = "failed"  # a fault
    REFUSED = "refused"  # bad input, or nothing Synergy builds
    CANCELLED = "cancelled"


class StepState(models.TextChoices):
    WAITING = "waiting"
    READY = "ready"  # may be claimed; the row is the outbox of its message
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


WORKING_RUN = (RunState.QUEUED, RunState.RUNNING)  #: its steps want to be taken
LIVE_RUN = (*WORKING_RUN, RunState.PAUSED)
LIVE_STEP = (StepState.WAITING, StepState.READY, StepState.RUNNING)


def _usd(**options: Any) -> models.DecimalField[Any, Any]:
    """US dollars, to a millionth."""
    return models.DecimalField(max_digits=12, decimal_places=6, **options)


class Tenant(models.Model):
    """Who owns projects and runs. Nobody sees the rows of another tenant."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    budget_usd = _usd(null=True, blank=True)  # of a calendar month (UTC); null = no limit
    month = models.DateField(db_default=Value(date(2000, 1, 1)), editable=False)  # that cost_usd counts
    cost_usd = _usd(db_default=0, editable=False)
    reserved_usd = _usd(db_default=0, editable=False)
    approves = models.BooleanField(
        "approves deliveries while an error budget is spent",
        default=False,
        db_default=False,
        help_text="Runs rest before their delivery until a person goes on with them. Objectives: deploy/slos.md.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person belongs to one tenant."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="membership")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="members")

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"


class Project(models.Model):
    """What outlives a run: visual baselines and a name."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120)
    budget_usd = _usd(null=True, blank=True)  # of all its runs together; null = no limit
    cost_usd = _usd(db_default=0, editable=False)
    reserved_usd = _usd(db_default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "slug"], name="project_of_tenant")]

    def __str__(self) -> str:
        return self.name


#: Runs that have ended and are not in the counters yet; one that was tried again has ended once more.
UNMETERED = Q(finished_at__isnull=False) & (Q(metered_at__isnull=True) | Q(metered_at__lt=F("finished_at")))


class Run(models.Model):
    """One message on its way to a verified project."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="runs", db_index=False)  # run_of_tenant
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="runs", db_index=False)  # run_of_project
    message = models.TextField()
    options = models.JSONField(default=dict)  # {"stack": slug, "edits": ChangeSet, "base": artifact of a Base}
    state = models.CharField(max_length=12, choices=RunState, default=RunState.QUEUED)
    reason = models.TextField(default="", blank=True)  # why it ended as it did, for a person
    stack = models.CharField(max_length=40, default="", blank=True)  # it is built with
    confidence = models.FloatField(null=True)  # of the inferred stack, in [0, 1]
    verdict = models.JSONField(null=True)  # {"passed": bool, "gates": [GateResult]}
    cost_usd = _usd(default=0)
    reserved_usd = _usd(db_default=0, editable=False)  # set aside for calls whose end is not known (yet)
    budget_usd = _usd(default=5)
    engine = models.CharField(max_length=40)  # pipeline and version that started it and must finish it
    idempotency_key = models.CharField(max_length=200, null=True)  # noqa: DJ001  # unique only where given
    trace_id = models.CharField(max_length=32)
    span_id = models.CharField(max_length=16, db_default="", blank=True)  # in the trace, what it began with: a request, a command
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="forks")
    revises = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="revisions")  # the delivery it changes
    carried_seconds = models.FloatField(default=0)  # run time that a fork or a retry took over
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    reported = models.BooleanField(db_default=False)  # that it failed was made known
    metered_at = models.DateTimeField(null=True)  # the end of it that was added to the counters

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "idempotency_key"], condition=Q(idempotency_key__isnull=False), name="run_once_per_key"
            )
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="run_newest"),
            models.Index(fields=["tenant", "-created_at"], name="run_of_tenant"),
            models.Index(fields=["project", "-created_at"], name="run_of_project"),
            models.Index(fields=["created_at"], condition=Q(state__in=LIVE_RUN), name="run_live"),
            models.Index(fields=["finished_at"], condition=Q(state=RunState.FAILED, reported=False), name="run_unreported"),
            models.Index(fields=["finished_at"], condition=UNMETERED, name="run_unmetered"),
        ]

    def __str__(self) -> str:
        return f"{str(self.id)[:8]} {self.message[:60]}"


class Step(models.Model):
    """One step of one run: its state, and once done its result. Written by ``synergy.workflow.engine`` only."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps", db_index=False)  # step_once_per_run
    name = models.CharField(max_length=40)
    position = models.SmallIntegerField()  # in the order of the pipeline
    queue = models.CharField(max_length=20)
    limit_seconds = models.FloatField()  # one attempt may take
    state = models.CharField(max_length=12, choices=StepState, default=StepState.WAITING)
    need = models.SmallIntegerField()  # steps before it that are not done yet
    attempt = models.SmallIntegerField(default=0)  # times it was claimed
    fails = models.SmallIntegerField(default=0)  # of these, ended by an error worth another try
    losses = models.SmallIntegerField(default=0)  # of these, ended by the death of the worker
    sends = models.SmallIntegerField(default=0)  # messages sent since it became ready; 0 = none is known to be out
    due = models.DateTimeField(null=True)  # ready: the monitor sends it again when this has passed
    next_attempt_at = models.DateTimeField(null=True)  # it must not be claimed before
    ready_at = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)  # of the attempt that may record; kept once done
    worker = models.UUIDField(null=True)  # WorkerBeat of that attempt; ready: of who recorded what came before, and was to send
    lease = models.DateTimeField(null=True)  # the worker renews it; passed = the attempt is lost
    deadline = models.DateTimeField(null=True)  # of this attempt
    result = models.TextField(null=True)  # noqa: DJ001  # JSON of the value, byte for byte; null until done
    cost_usd = _usd(default=0)
    error = models.TextField(default="", blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="step_once_per_run")]
        indexes = [
            models.Index(fields=["state", "due"], condition=Q(state__in=(StepState.READY, StepState.RUNNING)), name="step_live"),
            models.Index(fields=["due"], condition=Q(state=StepState.READY, sends=0), name="step_unsent"),
        ]

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """The history. Rows are only ever added; a trigger in the database refuses anything else."""

    # No constraint in the database: it would lock the run's row at every event. Events are written beside their run only.
    run = models.ForeignKey(Run, on_delete=models.DO_NOTHING, related_name="events", db_constraint=False, db_index=False)
    step = models.CharField(max_length=40, default="", blank=True)
    kind = models.CharField(max_length=20)  # created claimed done retry failed lost fenced sent note finished …
    attempt = models.SmallIntegerField(default=0)
    worker = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["run", "id"], name="event_of_run")]

    def __str__(self) -> str:
        return f"{self.step} {self.kind}".strip()


class Call(models.Model):
    """A call of a step that costs money, and its answer: whoever runs the step again finds it here and does not pay again.

    ``holds`` is set aside for attempts whose end is not known: one that is under way, or whose worker died. It counts against
    every limit, for such a call may have been charged.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="calls", db_index=False)
    step = models.CharField(max_length=40)
    key = models.CharField(max_length=64)  # SHA-256 of the request
    activity = models.CharField(max_length=40, db_default="")  # what the money is for
    model = models.CharField(max_length=120, db_default="")  # that answered
    request = models.TextField(db_default="")  # what was asked, without secrets
    answer = models.TextField(null=True)  # noqa: DJ001  # null until settled
    tokens_in = models.IntegerField(db_default=0)
    tokens_out = models.IntegerField(db_default=0)
    cost_usd = _usd(db_default=0)
    holds = models.JSONField(db_default=Value({}, models.JSONField()))  # attempt → US dollars
    saved_usd = _usd(db_default=0)  # the same answer was at hand in another run of the tenant
    wasted = models.BooleanField(db_default=False)  # the answer was of no use
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "step", "key"], name="call_paid_once")]
        indexes = [models.Index(fields=["key"], condition=Q(answer__isnull=False, wasted=False), name="call_at_hand")]

    def __str__(self) -> str:
        return f"{self.activity or self.step} {self.key[:8]}"


class WorkerBeat(models.Model):
    """A live worker process. It is dead when its beat is old or the advisory lock ``lock_key`` is free."""

    id = models.UUIDField(primary_key=True)
    beat = models.DateTimeField()
    lock_key = models.BigIntegerField()
    host = models.CharField(max_length=200)
    pid = models.IntegerField()
    engine = models.CharField(max_length=40)
    queues = models.CharField(max_length=200, db_default="")  # that it serves, separated by commas; empty = not known
    started_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
