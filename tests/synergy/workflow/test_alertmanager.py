"""What Alertmanager tells is done once, by whoever holds the token, for the project it names."""

from __future__ import annotations

import json

import pytest

from slo.models import AlertTarget, Delivery
from synergy.core.models import Run, Tenant
from synergy.workflow import services

pytestmark = pytest.mark.django_db
URL = "/internal/alerts"


def told(status="firing", fingerprint="f1", starts="2026-11-29T01:00:00Z", **labels):
    labels = {"alertname": "ProjectCost", "severity": "page", "tenant": "ours", "project": "shop", **labels}
    annotations = {"summary": "The project costs more than $5", "description": "It has cost $5.20."}
    return {
        "status": status,
        "fingerprint": fingerprint,
        "startsAt": starts,
        "labels": labels,
        "annotations": annotations,
        "generatorURL": "http://p",
    }


@pytest.fixture
def post(client, settings):
    settings.ALERTS_TOKEN = "secret"

    def send(*alerts, token="secret", body=None):
        data = json.dumps({"version": "4", "alerts": alerts}) if body is None else body
        return client.post(URL, data, content_type="application/json", headers={"Authorization": f"Bearer {token}"})

    return send


@pytest.fixture
def run(rows):
    tenant = Tenant.objects.create(name="ours", slug="ours")
    AlertTarget.objects.create(name="ops", kind="slack", address="https://hooks.slack.com/x", tenant=tenant)
    return services.create_run("A shop", tenant=tenant, project="shop")[0]


def test_an_alert_goes_on_to_the_targets_once_and_so_does_its_end(post, run):
    assert post(told()).json() == {"new": 1, "known": 0}
    assert post(told(), told(status="resolved")).json() == {"new": 1, "known": 1}
    firing, resolved = Delivery.objects.order_by("id")
    assert firing.alert["title"] == "The project costs more than $5"
    assert (firing.alert["severity"], firing.alert["state"], resolved.alert["state"]) == ("critical", "firing", "resolved")
    assert post(told(starts="2026-11-29T05:00:00Z")).json() == {"new": 1, "known": 0}  # it is back


def test_block_lets_the_project_rest_and_a_person_who_resumes_it_is_not_overruled(post, run):
    post(told(action="block"))
    run.refresh_from_db()
    assert (run.state, "An alert let it rest: ProjectCost" in run.reason) == ("paused", True)
    assert "1 runs of the project rest" in Delivery.objects.get().alert["text"]
    services.resume(run)
    post(told(action="block"))
    run.refresh_from_db()
    assert run.state == "queued"


@pytest.mark.parametrize(
    "labels",
    [{}, {"action": "block", "project": "other"}, {"action": "block", "tenant": "theirs"}, {"action": "block", "project": ""}],
)
def test_nothing_else_is_stopped(post, run, labels):
    Tenant.objects.create(name="theirs", slug="theirs")
    assert post(told(**labels)).status_code == 200
    assert Run.objects.get().state == "queued"


def test_the_end_of_an_alert_stops_nothing(post, run):
    post(told(status="resolved", action="block"))
    assert Run.objects.get().state == "queued"


@pytest.mark.parametrize(("token", "known"), [("wrong", "secret"), ("", "secret"), ("", ""), ("secré", "secret")])
def test_without_the_token_there_is_no_such_page(post, settings, token, known):
    settings.ALERTS_TOKEN = known
    assert post(told(), token=token.encode().decode("latin-1")).status_code == 404


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "{}", '{"alerts": {}}', '{"alerts": [1]}', '{"alerts": [{}]}', json.dumps({"alerts": [told(status="odd")]}),
     json.dumps({"alerts": [told()] * 201})],
)  # fmt: skip
def test_what_is_no_message_changes_nothing(post, run, body):
    answer = post(body=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_input"
    assert not Delivery.objects.exists()


def test_what_is_too_long_is_refused_before_it_is_read(post, run):
    assert post(body="x" * 5_000_000).status_code == 400


def test_nobody_reads_it(client, settings):
    settings.ALERTS_TOKEN = "secret"
    assert client.get(URL, headers={"Authorization": "Bearer secret"}).status_code == 405
