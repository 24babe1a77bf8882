"""Runs as a reviewer needs them: what was asked, every step, the verdict, the evidence; and what may be done about them."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from synergy.core.admin import Known, Newest, ReadOnly, own
from synergy.core.artifacts import ArtifactStore
from synergy.core.errors import BadInput, PermanentError
from synergy.core.models import Call, Event, Run, Step, StepState, WorkerBeat
from synergy.core.stacks import stacks
from synergy.workflow import history, review, services
from synergy.workflow.actions import ACTIONS, STATES, Given, act
from synergy.workflow.report import Results, changes, results, run_seconds, spending, step_seconds

PNG = b"\x89PNG\r\n\x1a\n"


class StepInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Step
    fields = ("name", "state", "attempt", "fails", "losses", "sends", "queue", "seconds", "cost_usd", "error")
    readonly_fields = ("seconds",)
    ordering = ("position",)

    @admin.display(description="seconds")
    def seconds(self, step: Step) -> float | None:
        return step_seconds(step)


class EventInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Event
    verbose_name_plural = "history"
    fields = readonly_fields = ("at", "step", "kind", "attempt", "data")
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).exclude(kind="note")


@admin.register(Call)
class CallAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Questions to models with their answers, and what they cost."""

    list_display = ("at", "step", "activity", "model", "tokens_in", "tokens_out", "cost_usd", "saved_usd", "wasted", "held")
    list_filter = ("wasted",)
    fields = ("run", *list_display, "request", "answer")
    readonly_fields = ("held",)
    ordering = ("-id",)
    paginator = Newest
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        rows: QuerySet[Call] = super().get_queryset(request).defer("request", "answer")
        return rows if getattr(request.user, "is_superuser", False) else rows.filter(run__in=own(request, Run.objects.all()))

    def has_view_permission(self, request: HttpRequest, obj: Call | None = None) -> bool:
        seen = obj is None or own(request, Run.objects.filter(pk=obj.run_id)).exists()
        return super().has_view_permission(request, obj) and seen

    @admin.display(description="held", empty_value="")
    def held(self, call: Call) -> str:
        return f"${sum(call.holds.values()):.4f}" if call.holds else ""


class StackFilter(Known):
    title = parameter_name = "stack"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(slug, spec.title) for slug, spec in stacks().items()]


@admin.register(Run)
class RunAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("short", "state", "stack", "sure", "progress", "cost", "seconds", "created_at")
    list_filter = ("state", StackFilter, "created_at")  # the runs of a project: from the list of projects
    list_select_related = ("project",)
    list_per_page = 50
    ordering = ("-created_at",)
    paginator = Newest
    search_fields = ("message", "id__startswith", "project__name", "reason")
    show_full_result_count = False
    readonly_fields = (
        "decide",
        "id",
        "created_at",
        "seconds",
        "sure",
        "cost",
        "spent",
        "asked",
        "gates",
        "delivered",
        "difference",
        "edited",
        "requirements",
        "walks",
        "screenshots",
    )
    inlines: ClassVar[tuple[Any, ...]] = (StepInline, EventInline)
    actions = ("cancel", "retry", "pause", "resume")
    change_list_template = "workflow/runs.html"
    fieldsets = (
        (None, {"fields": ("message", "project", "tenant", "state", "reason")}),
        ("Time", {"fields": ("created_at", "started_at", "finished_at", "seconds")}),
        ("Verdict", {"fields": ("stack", "sure", "gates", "delivered")}),
        ("Money", {"fields": ("cost", "budget_usd", "spent", "asked")}),
        ("Change", {"fields": ("revises", "difference", "edited")}),
        ("Requirements", {"fields": ("requirements", "walks")}),
        ("Pages", {"fields": ("screenshots",)}),
        ("Machinery", {"fields": ("id", "parent", "engine", "idempotency_key", "trace_id"), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        rows: QuerySet[Run] = own(request, super().get_queryset(request)).select_related("project", "tenant", "parent")
        return rows.prefetch_related(Prefetch("steps", Step.objects.only("run", "state"), to_attr="_steps"))

    def has_view_permission(self, request: HttpRequest, obj: Run | None = None) -> bool:
        return super().has_view_permission(request, obj) and (obj is None or own(request, Run.objects.filter(pk=obj.pk)).exists())

    def get_fieldsets(self, request: HttpRequest, obj: Run | None = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        return [*shown, ("Decide", {"fields": ("decide",)})] if self.has_operate_permission(request) else shown

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_run")

    # --- columns ---

    @admin.display(description="message", ordering="message")
    def short(self, run: Run) -> str:
        return run.message[:80]

    @admin.display(description="confidence", ordering="confidence")
    def sure(self, run: Run) -> str:
        return "" if run.confidence is None else f"{run.confidence:.2f}"

    @admin.display(description="cost", ordering="cost_usd")
    def cost(self, run: Run) -> str:
        return f"${run.cost_usd:.2f}"

    @admin.display(description="steps")
    def progress(self, run: Any) -> str:
        return f"{sum(step.state == StepState.DONE for step in run._steps)}/{len(run._steps)}"

    @admin.display(description="seconds")
    def seconds(self, run: Run) -> float | None:
        return run_seconds(run)

    # --- the page of one run ---

    def _values(self, run: Run) -> Results:
        """Read once for each page: Django asks for one field after another, with the same object."""
        if not hasattr(run, "_results"):
            run._results = results(list(run.steps.all()))  # type: ignore[attr-defined]
        return run._results  # type: ignore[attr-defined,no-any-return]

    @admin.display(description="spent for")
    def spent(self, run: Run) -> SafeString:
        return review.money(spending(run), run.reserved_usd)

    @admin.display(description="questions to models")
    def asked(self, run: Run) -> SafeString:
        calls = reverse("admin:core_call_changelist", query={"run__id__exact": run.pk})
        return format_html('<a href="{}">Questions and answers</a>', calls)

    @admin.display(description="gates")
    def gates(self, run: Run) -> SafeString:
        found = self._values(run).verdict
        return review.gates(found.gates) if found else review.NOTHING

    @admin.display(description="difference to the plan before")
    def difference(self, run: Run) -> SafeString:
        return review.changes(changes(run, self._values(run)))

    @admin.display(description="edits by hand")
    def edited(self, run: Run) -> SafeString:
        found = self._values(run).verdict
        return review.edits(run, found.edits) if found else review.NOTHING

    @admin.display(description="requirement ledger")
    def requirements(self, run: Run) -> SafeString:
        return review.clauses(self._values(run).clauses)

    @admin.display(description="done in the browser")
    def walks(self, run: Run) -> SafeString:
        values = self._values(run)
        return review.walks(run, values.walked) if values.walked else review.NOTHING

    @admin.display(description="screenshots")
    def screenshots(self, run: Run) -> SafeString:
        found = self._values(run).visuals
        return review.shots(run, found.shots) if found else review.NOTHING

    @admin.display(description="delivery")
    def delivered(self, run: Run) -> SafeString:
        return review.delivery(run, self._values(run))

    @admin.display(description="what to do")
    def decide(self, run: Run) -> SafeString:
        possible = [name for name, states in STATES.items() if run.state in states]
        return review.decisions(run, possible, services.forkable(run))

    # --- actions ---

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        self._each(request, runs, "cancel")

    @admin.action(description="Try again, from the last recorded steps", permissions=["operate"])
    def retry(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        self._each(request, runs, "retry")

    @admin.action(description="Pause", permissions=["operate"])
    def pause(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        self._each(request, runs, "pause")

    @admin.action(description="Go on with paused runs", permissions=["operate"])
    def resume(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        self._each(request, runs, "resume")

    def _each(self, request: HttpRequest, runs: QuerySet[Run], action: str) -> None:
        done = 0
        for run in Run.objects.filter(pk__in=runs.values("pk")):
            try:
                act(action, run, Given(by=request.user.get_username()))
                done += 1
            except BadInput as error:
                self.message_user(request, f"{str(run.id)[:8]}: {error.message}", messages.WARNING)
        self.message_user(request, f"Done for {done} runs.", messages.SUCCESS if done else messages.WARNING)

    def operate(self, request: HttpRequest, run_id: uuid.UUID, action: str) -> HttpResponse:
        """A button of the run's page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        run = self._visible(request, run_id)
        if not self.has_operate_permission(request):
            raise PermissionDenied
        try:
            run = act(action, run, _given(request))
            self.message_user(request, f"Done: this run is {run.state}.", messages.SUCCESS)
        except BadInput as error:
            self.message_user(request, str(error), messages.WARNING)
        return redirect("admin:core_run_change", run.pk)

    def _visible(self, request: HttpRequest, run_id: uuid.UUID) -> Run:
        run: Run | None = self.get_object(request, str(run_id))
        if run is None or not self.has_view_permission(request, run):
            raise Http404
        return run

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        artifact = path("<uuid:run_id>/artifact/<str:sha>", view(self.artifact), name="run_artifact")
        acts = [path(f"<uuid:run_id>/{name}", view(self.operate), {"action": name}, name=f"run_{name}") for name in ACTIONS]
        past = path("analytics/", view(self.analytics), name="core_run_analytics")
        return [artifact, past, *acts, *super().get_urls()]

    def analytics(self, request: HttpRequest) -> HttpResponse:
        """How the runs of a tenant went: the person's own; who administers the installation chooses."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown = history.page(request)
        return TemplateResponse(request, "workflow/analytics.html", {**self.admin_site.each_context(request), **shown})

    # --- artifacts ---

    def artifact(self, request: HttpRequest, run_id: uuid.UUID, sha: str) -> HttpResponse:
        """A file that a step of this run recorded. It was made by untrusted code: a browser may show it, never run it."""
        run = self._visible(request, run_id)
        if not run.steps.filter(result__contains=f'"{sha}"').exists():
            raise Http404
        try:
            data = ArtifactStore(Path(settings.ARTIFACTS_DIR)).get(sha)
        except PermanentError as error:
            raise Http404(error.message) from error
        return harmless(data, sha)


def harmless(data: bytes, name: str) -> HttpResponse:
    """``data`` as a picture when it is one, else as a download; without any right in the browser."""
    picture = data.startswith(PNG)
    response = HttpResponse(data, content_type="image/png" if picture else "application/octet-stream")
    if not picture:
        suffix = ".zip" if data.startswith(b"PK") else ".bin"
        response["Content-Disposition"] = f'attachment; filename="{name[:16]}{suffix}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@admin.register(WorkerBeat)
class WorkerAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "host", "pid", "engine", "queues", "started_at", "beat")


def _given(request: HttpRequest) -> Given:
    """What the form says beside the action. BadInput when the budget is no number."""
    given = Given(step=request.POST.get("step", ""), by=request.user.get_username())
    budget = request.POST.get("budget_usd", "").strip()
    if budget:
        try:
            given["budget_usd"] = float(budget)
        except ValueError:
            raise BadInput(f"{budget[:20]!r} is no amount of US dollars.") from None
    return given
