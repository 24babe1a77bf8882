"""The HTTP interface: start a run, look at it, decide about it.

``POST /api/runs`` ``{"message", "stack"?, "project"?, "budget_usd"?}`` → 202 and the run; with an ``Idempotency-Key`` header a
repeated request gives the same run. ``POST /api/projects/<slug>/runs`` ``{"message", "edits"?}`` (JSON, or a form with ``edits``
as the zip of the edited project) → 202 and the run that changes what was delivered last; 404 for projects of others, 400 when
nothing was delivered yet.
``GET /api/estimate`` → P50 and P95 of seconds and US dollars of the tenant's latest runs; ``{"runs": 0}`` with fewer than 3.
``GET /api/analytics?weeks=12`` → the tenant's runs by week and stack, by step, by gate, and how right the confidence was.
``GET /api/runs/<id>`` → the run with its steps, verdict and what was not built; 404 for runs of others.
``POST /api/runs/<id>/cancel|retry|pause``, ``…/resume`` ``{"budget_usd"?}`` and ``…/fork`` ``{"step"}`` → 202 and the state of
the run that goes on: the same one, or the fork.
Errors are ``{"error": {"code", "message", "hint"}}``, whatever went wrong.
"""

from __future__ import annotations

import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import Http404
from django.urls import path
from rest_framework import exceptions, serializers, status
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from synergy.core.artifacts import ArtifactStore
from synergy.core.errors import BadInput, SynergyError
from synergy.core.models import Run, Tenant
from synergy.workflow import actions, changes, handwork, services, wire
from synergy.workflow.analytics import analytics
from synergy.workflow.estimate import estimate
from synergy.workflow.report import summary

MOST_UPLOADED = 20_000_000  #: bytes of a zip


class RunRequest(serializers.Serializer[Run]):
    message = serializers.CharField(trim_whitespace=False)
    stack = serializers.CharField(required=False, allow_blank=True, max_length=40)
    project = serializers.CharField(required=False, allow_blank=True, max_length=services.NAME_LENGTH)
    budget_usd = serializers.FloatField(required=False, default=services.BUDGET_USD)


class Runs(APIView):
    def post(self, request: Request) -> Response:
        asked = RunRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        run, ready = services.create_run(
            given["message"],
            tenant=tenant(request),
            project=given.get("project", ""),
            stack=given.get("stack") or None,
            budget_usd=given["budget_usd"],
            key=request.headers.get("Idempotency-Key"),
        )
        transaction.on_commit(lambda: wire.send_soon(ready))
        return accepted(run)


class ChangeRequest(serializers.Serializer[Run]):
    message = serializers.CharField(trim_whitespace=False, allow_blank=True, required=False, default="")
    edits = serializers.FileField(required=False, max_length=200)


class Changes(APIView):
    parser_classes = (JSONParser, MultiPartParser)

    def post(self, request: Request, slug: str) -> Response:
        asked = ChangeRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        upload = asked.validated_data.get("edits")
        project = changes.find_project(slug, tenant(request)).slug
        if upload is not None and upload.size > MOST_UPLOADED:
            raise BadInput(f"An upload has at most {MOST_UPLOADED // 1_000_000} MB.", hint="Leave out node_modules and .venv.")
        run, ready = changes.change(
            asked.validated_data["message"],
            tenant=tenant(request),
            project=project,
            edits=handwork.from_zip(upload, ArtifactStore(Path(settings.ARTIFACTS_DIR))) if upload else None,
            key=request.headers.get("Idempotency-Key"),
        )
        transaction.on_commit(lambda: wire.send_soon(ready))
        return accepted(run)


class OneEstimate(APIView):
    def get(self, request: Request) -> Response:
        found = estimate(tenant(request))
        return Response(asdict(found) if found else {"runs": 0})


class Analytics(APIView):
    def get(self, request: Request) -> Response:
        weeks = request.query_params.get("weeks", "12")
        if not weeks.isdecimal():
            raise BadInput("`weeks` is a number of weeks.", hint="GET /api/analytics?weeks=12")
        return Response(analytics(tenant(request), int(weeks[:4])))


class OneRun(APIView):
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        return Response(summary(services.find_run(run_id, tenant(request))))


class ForkRequest(serializers.Serializer[Run]):
    step = serializers.CharField(max_length=40)


class ResumeRequest(serializers.Serializer[Run]):
    budget_usd = serializers.FloatField(required=False)


#: What an action is told; the others are told nothing.
TOLD: dict[str, type[serializers.Serializer[Run]]] = {"fork": ForkRequest, "resume": ResumeRequest}


class OneAction(APIView):
    parser_classes = (JSONParser, FormParser, MultiPartParser)

    def post(self, request: Request, run_id: uuid.UUID, action: str) -> Response:
        run = services.find_run(run_id, tenant(request))
        asked = TOLD.get(action, serializers.Serializer)(data=request.data)
        asked.is_valid(raise_exception=True)
        return accepted(actions.act(action, run, asked.validated_data | {"by": request.user.get_username()}))


def accepted(run: Run) -> Response:
    answer = {"id": str(run.id), "state": run.state}
    return Response(answer, status.HTTP_202_ACCEPTED, headers={"Location": f"/api/runs/{run.id}"})


def tenant(request: Request) -> Tenant:
    """The tenant of who asks."""
    found = services.tenant_of(request.user)
    if found is None:
        raise exceptions.PermissionDenied("This account belongs to no tenant yet; an administrator can add it to one.")
    return found


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """The one shape of all errors. What nobody foresaw is left to Django, which logs it."""
    if isinstance(error, services.UnknownRun | changes.UnknownProject):
        return _error(status.HTTP_404_NOT_FOUND, "not_found", error.message, error.hint)
    if isinstance(error, BadInput):
        return _error(status.HTTP_400_BAD_REQUEST, "bad_input", error.message, error.hint)
    if isinstance(error, SynergyError | DatabaseError):
        hint = "Nothing was started. Send the same request again, with the same Idempotency-Key."
        return _error(status.HTTP_503_SERVICE_UNAVAILABLE, "unavailable", "The request could not be served right now.", hint)
    if isinstance(error, Http404 | PermissionDenied):
        error = exceptions.NotFound() if isinstance(error, Http404) else exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is not None:
        assert isinstance(error, exceptions.APIException)
        code = "bad_input" if isinstance(error, exceptions.ValidationError) else str(error.default_code)
        response.data = _shape(code, _words(error.detail), "")
    return response


def _words(detail: Any) -> str:
    """DRF's nested details as one sentence."""
    if isinstance(detail, dict):
        return " ".join(f"{name}: {_words(value)}" for name, value in detail.items())
    if isinstance(detail, list):
        return " ".join(_words(value) for value in detail)
    return str(detail)


def _error(code: int, name: str, message: str, hint: str) -> Response:
    return Response(_shape(name, message, hint), code)


def _shape(code: str, message: str, hint: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "hint": hint}}


urlpatterns = [
    path("analytics", Analytics.as_view(), name="analytics"),
    path("estimate", OneEstimate.as_view(), name="estimate"),
    path("runs", Runs.as_view(), name="runs"),
    path("projects/<slug:slug>/runs", Changes.as_view(), name="project_runs"),
    path("runs/<uuid:run_id>", OneRun.as_view(), name="run"),
    *(path(f"runs/<uuid:run_id>/{name}", OneAction.as_view(), {"action": name}, name=f"run_{name}") for name in actions.ACTIONS),
]
