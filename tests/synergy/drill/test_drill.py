"""The drill's own parts: quicker rules are the same rules, sinks refuse what real ones refuse, what is missing is said."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from slo import rules, sending
from slo.alerts.base import Alert
from slo.models import AlertTarget, Delivery
from synergy.drill import rows, scaled, watch
from synergy.drill.play import Drill
from synergy.drill.sinks import Sinks
from synergy.drill.watchers import Prometheus
from tests.watchers import PATHS, needs

TENANT = "broken"


def test_all_windows_and_waits_are_shorter_by_the_same_factor_and_thresholds_are_as_they_are():
    shipped = json.loads((rules.DEPLOY / "prometheus" / "rules.yml").read_text())
    quick = scaled.rules(60)
    for before, after in zip(shipped["groups"], quick["groups"], strict=True):
        for old, new in zip(before["rules"], after["rules"], strict=True):
            windows = re.findall(r"\[(\w+)\]", old["expr"])
            assert re.findall(r"\[(\w+)\]", new["expr"]) == [scaled.shorter(window, 60) for window in windows]
            assert re.sub(r"\[\w+\]", "", new["expr"]) == re.sub(r"\[\w+\]", "", old["expr"])
            assert {**new, "expr": "", "for": ""} == {**old, "expr": "", "for": ""} | ({} if "for" in old else {"for": ""})
    assert [scaled.shorter(words, 60) for words in ("5m", "1h", "30d", "30s", "5s")] == ["5s", "60s", "43200s", "500ms", "83ms"]


def test_the_routes_are_the_shipped_ones(tmp_path):
    made = scaled.routes(60, "http://127.0.0.1:1/internal/alerts", tmp_path / "token")
    shipped = rules.alertmanager()
    assert made["route"]["group_by"] == shipped["route"]["group_by"]
    assert [route["matchers"] for route in made["route"]["routes"]] == [route["matchers"] for route in shipped["route"]["routes"]]
    assert (made["route"]["group_wait"], made["route"]["routes"][0]["group_interval"]) == ("500ms", "1s")
    (hook,) = made["receivers"][0]["webhook_configs"]
    assert (hook["url"], hook["send_resolved"]) == ("http://127.0.0.1:1/internal/alerts", True)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        pytest.param("promtool", "rules.yml", marks=needs("promtool")),
        pytest.param("amtool", "alertmanager.yml", marks=needs("amtool")),
    ],
)
def test_prometheus_and_alertmanager_take_them(tmp_path, name, file):
    made = scaled.rules(60) if name == "promtool" else scaled.routes(60, "http://127.0.0.1:1/", tmp_path / "token")
    (tmp_path / "token").touch()
    (tmp_path / file).write_text(json.dumps(made))
    words = ["check", "rules"] if name == "promtool" else ["check-config"]
    ran = subprocess.run([PATHS[name], *words, tmp_path / file], check=False)
    assert ran.returncode == 0


# --- sinks ---


@pytest.fixture
def sinks(settings):
    made = Sinks()
    settings.ALERT_HOSTS = [made.host]
    settings.PAGERDUTY_URL = made.pagerduty_url()
    yield made
    made.stop()


@pytest.fixture
def targets(db, sinks):
    tenant = rows.tenant_called(TENANT)
    made = [AlertTarget.objects.create(tenant=tenant, name=kind, kind=kind, address=at) for kind, at in sinks.addresses().items()]
    sinks.secret = next(target.secret for target in made if target.kind == "webhook")
    return made


def tell(state="firing", title="A title"):
    sending.notify(Alert(key="k", title=title, text="Words.", state=state, tenant=TENANT, at=datetime.now(UTC)))


def send_all():
    for _ in range(2):
        sending.deliver()
        Delivery.objects.filter(state="waiting").update(due=timezone.now())


def test_all_kinds_refuse_at_first_and_take_it_then(sinks, targets):
    tell()
    send_all()
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 2)}
    assert sinks.answers == {"webhook": [503, 200], "slack": [429, 200], "discord": [429, 204], "pagerduty": [429, 202]}
    assert sinks.wrong == []


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/services/T/B/x", {}, "no_text"),
        ("/services/T/B/x", {"blocks": [{"type": "section", "text": {"text": "x" * 3001}}]}, "invalid_blocks"),
        ("/api/webhooks/1/x", {"embeds": []}, "50006"),
        ("/api/webhooks/1/x", {"embeds": [{"title": "x" * 257, "description": ""}]}, "50035"),
        ("/v2/enqueue", {"routing_key": "short", "event_action": "trigger", "payload": {}}, "invalid event"),
        ("/v2/enqueue", {"routing_key": "a" * 32, "event_action": "trigger",
                         "payload": {"summary": "s", "severity": "page", "source": "x"}}, "payload is invalid"),
        ("/hook", {}, "KeyError"),
    ],
)  # fmt: skip
def test_sinks_refuse_what_the_real_ones_refuse(sinks, path, body, says):
    status, _, words = sinks.answer(path, {}, json.dumps(body).encode())
    assert (status, says in words.decode()) == (400, True)
    assert len(sinks.wrong) == 1


def test_a_webhook_that_is_signed_with_another_secret_is_refused(sinks, targets):
    sinks.secret = "another"
    tell()
    sending.deliver()
    assert sinks.wrong == ["webhook answered 401: The signature is wrong."]


# --- what is missing is said ---


class Fires(Prometheus):
    """Knows what it is told."""

    def __init__(self, *summaries: str, tenant: str = TENANT) -> None:
        named = {"labels": {"tenant": tenant, "alertname": "Slow"}, "state": "firing"}
        self.firing = [{**named, "annotations": {"summary": summary}} for summary in summaries]

    def alerts(self):
        return self.firing


@pytest.fixture
def drill(tmp_path, sinks):
    made = Drill(tmp_path, sinks)
    made.said = []
    made.say = made.said.append
    return made


def seen(sinks, *summaries):
    told = [watch.Told("Slow", "", "A title")]
    kinds = set(sinks.addresses())
    watch.look(told, Fires(*summaries), TENANT, timezone.now().timestamp() - 60, timezone.now().timestamp(), kinds)
    return told


def test_an_alert_that_fired_was_delivered_and_ended_is_complete(drill, sinks, targets):
    tell()
    tell("resolved")
    send_all()
    told = seen(sinks, "A title")
    rows.ended(rows.tenant_called("quiet"), rows.results(well=True))
    drill.judge(told)
    assert (told[0].complete, told[0].attempts, drill.wrong) == (True, 2, [])


@pytest.mark.parametrize("what", ["fired", "delivered", "ended"])
def test_what_did_not_happen_is_wrong(drill, sinks, targets, what):
    if what != "fired":
        tell()
        tell("resolved")
    if what == "ended":
        Delivery.objects.filter(alert__state="resolved").delete()
    if what == "delivered":  # to one of four
        Delivery.objects.filter(target__kind="discord").delete()
    send_all()
    told = seen(sinks, *(["A title"] if what != "fired" else []))
    drill.judge(told)
    assert getattr(told[0], what) is None
    assert any("Slow is not complete" in words for words in drill.wrong)
    assert "MISSING" in watch.table(told)[1]


def test_an_alert_about_the_tenant_whose_runs_go_well_is_wrong(drill):
    drill.listen(Fires("A title"))
    assert drill.wrong == []
    drill.listen(Fires("A title", tenant="quiet"))
    assert drill.wrong == ["Slow is firing for 'quiet'."]


def test_every_alert_but_tickets_is_waited_for():
    told = watch.awaited(scaled.rules(60))
    assert len(told) == len({one.summary for one in told}) == 13
    assert {one.window for one in told} == {"", "1h", "6h"}
