"""The project around the apps: queues, addresses, system checks."""

from __future__ import annotations

import pytest
import redis
from django.conf import settings

from synergy import checks
from synergy.celery import app
from synergy.embedded import postgres
from synergy.embedded.programs import QUEUES
from synergy.env import redis_db


@pytest.mark.parametrize("queue", ["agents", "browser", "tests", "control"])
def test_a_message_reaches_its_queue_and_no_other(live_valkey, queue):
    app.send_task("nobody.knows", queue=queue)
    with redis.Redis.from_url(redis_db(live_valkey, 0)) as server:
        found = {name: bool(server.llen(f"synergy:{name}")) for name in settings.QUEUES}
        server.flushdb()
    assert found == {name: name == queue for name in settings.QUEUES}


def test_the_worker_serves_every_queue():
    assert QUEUES.split(",") == list(settings.QUEUES)


@pytest.mark.parametrize(
    ("name", "queue"), [("visual.tasks.x", "browser"), ("slo.tasks.x", "tests"), ("uiagents.tasks.x", "agents")]
)
def test_tasks_are_routed_by_their_app(name, queue):
    assert app.amqp.router.route({}, name)["queue"].name == queue


def test_a_misspelt_queue_is_an_error():
    with pytest.raises(Exception, match="agnets"):
        app.amqp.router.route({"queue": "agnets"}, "x")


def test_messages_are_json_and_survive_a_killed_worker():
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_transport_options["visibility_timeout"] >= 3600
    assert not app.conf.worker_cancel_long_running_tasks_on_connection_loss


def test_health_needs_nothing(client):
    assert client.get("/health").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_says_what_answers(client, live_valkey):
    assert client.get("/ready").json() == {"database": "ok", "redis": "ok"}


@pytest.mark.django_db
def test_ready_says_what_does_not_answer(client, live_valkey, monkeypatch):
    monkeypatch.setattr("synergy.health.redis_answers", lambda: False)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "redis": "down"}


@pytest.mark.parametrize(
    ("token", "given", "status"), [("", "", 404), ("", "Bearer ", 404), ("t", "Bearer x", 404), ("t", "Bearer t", 200)]
)
@pytest.mark.django_db
def test_metrics_are_for_the_holder_of_the_token(client, settings, token, given, status):
    settings.METRICS_TOKEN = token
    answer = client.get("/metrics", headers={"Authorization": given})
    assert answer.status_code == status


@pytest.mark.django_db
def test_the_admin_asks_who_is_there(client, live_valkey):
    assert client.get("/admin/").url.startswith("/admin/login/")


def test_a_home_that_cannot_be_written_is_an_error(settings, monkeypatch):
    monkeypatch.setattr("synergy.checks.os.access", lambda *_: False)
    assert [found.id for found in checks.home_is_ours(None)] == ["synergy.E001"]


def test_a_nearly_full_disk_is_a_warning(monkeypatch):
    monkeypatch.setattr("synergy.checks.DISK_MB", 10**12)
    (found,) = checks.home_is_ours(None)
    assert found.id == "synergy.W001"
    assert found.hint


def test_a_missing_wheel_is_an_error_unless_the_service_is_elsewhere(monkeypatch, settings):
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)
    assert [found.id for found in checks.wheels_are_installed(None)] == ["synergy.E002"]
    settings.EMBEDDED_POSTGRES = False
    assert checks.wheels_are_installed(None) == []


def test_a_tool_path_that_is_wrong_is_an_error(settings):
    settings.TOOL_PATHS = {"node": "/nowhere/node", "bwrap": "", "browser": ""}
    (found,) = checks.chosen_tools_exist(None)
    assert found.id == "synergy.E004"
    assert "/nowhere/node" in found.msg
