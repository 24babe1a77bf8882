"""One build is one trace, whoever began it and however its messages travelled; and nobody waits for the collector."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
import uuid

import pytest
from django.contrib.auth import get_user_model
from opentelemetry import trace
from rest_framework.authtoken.models import Token

from synergy.core import spans
from synergy.core.models import Run
from synergy.workflow import wire
from tests.otlp import collecting, names, orphans
from tests.synergy.workflow.conftest import ROOT, serving, submit, wait_for, words

SECRET = "sk-live-4242424242424242424242424242"


@pytest.fixture
def collector():
    with collecting() as (made, env):
        made.env = env
        yield made


@pytest.fixture
def traced(fleet, collector):
    """A worker that sends traces."""
    fleet.start(**collector.env)
    fleet.env |= collector.env
    return fleet


def complete(collector, run: Run):
    """All spans of the run's trace, once those of its last step are there."""
    wait_for(lambda: names(collector.of(run.trace_id), "step ")["delivery"], 20, lambda: str(collector.spans)[-2000:])
    wait_for(lambda: not orphans(collector.of(run.trace_id)), 10, lambda: str(orphans(collector.of(run.trace_id))))
    return collector.of(run.trace_id)


def build(fleet, *arguments: str) -> Run:
    done = subprocess.run(
        [sys.executable, "manage.py", "build", "--json", *arguments], cwd=ROOT, env=fleet.env, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return Run.objects.get(id=json.loads(done.stdout)["id"])


def test_a_command_and_all_that_follows_is_one_trace(traced, collector):
    run = build(traced, words(ui={"raise": "transient", "times": 1}))
    seen = complete(collector, run)
    assert {span.trace for span in seen} == {run.trace_id}
    assert [span.name for span in seen if not span.parent] == ["build"]
    steps = names(seen, "step ")
    assert steps == dict.fromkeys(run.steps.values_list("name", flat=True), 1) | {"ui": 2}
    failed = [span for span in seen if span.failed and span.name.startswith("step ")]
    assert [(span.name, span.attributes["error.type"]) for span in failed] == [("step ui", "ServiceDown")]
    assert {span.service for span in seen} == {"synergy-build", "synergy-worker"}
    assert any("celery" in span.scope for span in seen)
    assert any("psycopg" in span.scope for span in seen) or any(span.name == "engine" for span in seen)
    agents = {span.attributes.get("gen_ai.agent.name") for span in seen} - {None}
    assert agents == {"frontend", "backend", "devops"}
    parents = {span.parent for span in seen}
    lost = next(span for span in seen if span.id in parents and span.parent)
    assert orphans([span for span in seen if span is not lost])  # the seeded defect of what ``complete`` looks for
    time.sleep(2.5)  # some heartbeats and looks for work begin no trace
    assert {span.trace for span in collector.spans} == {run.trace_id}


def test_no_word_of_the_message_and_no_value_of_a_statement_is_in_a_span(traced, collector):
    run = build(traced, "--project", "hidden-name", f"The code word is Zanzibar, the key {SECRET}. {words()}")
    told = repr(complete(collector, run))
    for word in ("Zanzibar", SECRET, "hidden-name", "Build this for us"):
        assert word not in told, word


def test_a_request_with_a_trace_of_its_own_goes_on_in_it(traced, collector, tmp_path):
    user = get_user_model().objects.create_superuser("ada", password="x")
    with serving(traced.env, tmp_path / "web.log") as port:
        caller = uuid.uuid4().hex
        headers = {
            "Authorization": f"Token {Token.objects.create(user=user).key}",
            "Content-Type": "application/json",
            "traceparent": f"00-{caller}-00f067aa0ba902b7-01",
        }
        body = json.dumps({"message": words()}).encode()
        answer = urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/api/runs", body, headers), timeout=10)
        told = json.loads(answer.read())
        run = Run.objects.get(id=told["id"])
        assert run.trace_id == caller
        traced.finish(run)
        wait_for(
            lambda: (
                names(collector.of(caller), "step ")["delivery"] and "synergy-web" in {s.service for s in collector.of(caller)}
            )
        )
        wait_for(
            lambda: {span.parent for span in orphans(collector.of(caller))} == {"00f067aa0ba902b7"}, 10
        )  # the caller's own span
        assert sum(names(collector.of(caller), "step ").values()) == run.steps.count()
        assert [span.name for span in collector.spans if "health" in span.name] == []


def test_steps_that_nobody_traced_on_their_way_belong_to_the_trace_of_their_run(traced, collector):
    run = traced.finish(submit(send=True))
    wait_for(lambda: names(collector.of(run.trace_id), "step ")["delivery"], 20)
    assert names(collector.of(run.trace_id), "step ") == dict.fromkeys(run.steps.values_list("name", flat=True), 1)
    begun = {span.parent for span in orphans(collector.of(run.trace_id))}
    assert begun == {run.span_id}  # this process sends no traces, so what it began with never comes


@pytest.mark.parametrize("ill", ["hangs", "gone"])
def test_a_run_does_not_wait_for_a_collector_that_is(fleet, ill):
    with collecting() as (collector, env):
        collector.ill = ill
        if ill == "gone":
            env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
        fleet.start(**env)
        fleet.finish(submit())  # warm
        began = time.monotonic()
        for _ in range(3):
            fleet.finish(submit())
        assert time.monotonic() - began < 6
        fleet.env |= env
        began = time.monotonic()
        build(fleet, words())
        assert time.monotonic() - began < 15
        assert collector.asked or ill == "gone"


def test_what_goes_out_later_belongs_to_who_asked_for_it(monkeypatch):
    """``send_soon`` works on another thread."""
    seen = []
    monkeypatch.setattr(wire, "send", lambda ready: seen.append(spans.here()))
    context = trace.set_span_in_context(trace.NonRecordingSpan(trace.SpanContext(7, 8, False, trace.TraceFlags(1))))
    with spans.span("asked", within=context):
        wire.send_soon(())
    wait_for(lambda: seen)
    assert seen == [(f"{7:032x}", f"{8:016x}")]
