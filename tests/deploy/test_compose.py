"""The compose file cannot be started here, but it can be held against itself and the code. Each rule is shown to see a defect."""

from __future__ import annotations

import copy
import re
import stat
import subprocess

import pytest
import yaml

from synergy.settings import QUEUES
from synergy.workflow.pipeline import PIPELINE
from tests.deploy import commands, compose

ROOT = commands.ROOT
TEXT = (ROOT / "docker-compose.yml").read_text()
DOC = yaml.safe_load(TEXT)
UNITS = {"s": 1, "m": 60}


def seconds(text: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([sm])", text))


def longest(queue: str) -> float:
    """Seconds that a step of the queue may take, and its grace."""
    return max(step.seconds for step in PIPELINE if step.queue == queue) + 5


def test_nothing_is_wrong():
    assert compose.faults(DOC, TEXT) == []


def test_every_process_and_service_is_there():
    workers = {f"worker-{queue}" for queue in QUEUES}
    ours = {"migrate", "web", "beat", "flower", *workers}
    assert set(DOC["services"]) == {"postgres", "valkey", "prometheus", "alertmanager", "grafana", "otel", *ours}
    assert {name for name, service in DOC["services"].items() if service["image"].startswith(compose.APP)} == ours


def test_each_queue_has_one_worker_that_may_finish_its_longest_step():
    for queue in QUEUES:
        worker = DOC["services"][f"worker-{queue}"]
        assert commands.queues(worker["command"]) == [queue]
        assert seconds(worker["stop_grace_period"]) >= longest(queue)


def test_database_and_broker_are_reached_by_synergy_only():
    assert DOC["networks"]["back"]["internal"]
    inside = {name for name, service in DOC["services"].items() if "back" in service["networks"]}
    ours = {name for name, service in DOC["services"].items() if service["image"].startswith(compose.APP)}
    assert inside == ours | {"postgres", "valkey"}
    assert DOC["services"]["postgres"]["networks"] == DOC["services"]["valkey"]["networks"] == ["back"]


#: (service, path of keys, value; None = without it, what is said)
DEFECTS = [
    ("web", "helthcheck", {}, "helthcheck is no part of a service"),
    ("web", "healthcheck", None, "has no health check"),
    ("web", "ports", ["8000:8000"], "open to the network"),
    ("web", "user", None, "runs as root"),
    ("web", "networks", ["back", "fornt"], "fornt is not declared"),
    ("migrate", "networks", ["observe"], "no network in common with postgres"),
    ("web", "environment.SECRET_KY_FILE", "/run/secrets/secret_key", "SECRET_KY_FILE is set, but nothing reads it"),
    ("web", "environment.OPENAI_API_KEY", "/run/secrets/openrouter_api_key", "OPENAI_API_KEY is set, but nothing reads it"),
    ("web", "environment.SECRET_KEY", "abc", "SECRET_KEY holds a secret in the open"),
    ("web", "environment.DATABASE_URL", "postgresql://u:p@postgres/x", "holds a password in the open"),
    ("web", "secrets", ["secret_key"], "no secret postgres_password"),
    ("web", "depends_on.migrat", {"condition": "service_completed_successfully"}, "depends on migrat"),
    ("migrate", "depends_on.postgres.condition", "service_started", "waits for postgres by service_started"),
    ("postgres", "image", "pgvector/pgvector:pg17", "not pinned"),
    ("grafana", "image", "grafana/grafana:latest", "not pinned"),
    ("grafana", "environment.GF_ADMIN_PASSWORD__FILE", "/run/secrets/grafana_password", "nothing reads it"),
    ("valkey", "deploy.resources.limits.pids", None, "no limit of pids"),
    ("valkey", "volumes", ["vlakey:/data"], "vlakey is not declared"),
    ("valkey", "secrets", [], "no secret valkey_password"),
    ("beat", "read_only", None, "may write its own files"),
    ("beat", "security_opt", ["no-new-privileges:true", "seccomp=unconfined"], "sandbox only"),
    ("beat", "command", ["celery", "-A", "synergy.celery", "beet"], "no command of Synergy"),
    ("migrate", "command", ["sh", "-c", "python manage.py migrat"], "manage.py has no migrat"),
    ("worker-tests", "command", ["celery", "-A", "synergy.celery", "worker", "--queues", "test"], "no queue test"),
    ("worker-tests", "command", ["celery", "-A", "synergy.celery", "worker", "--queue", "tests"], "worker has no --queue"),
    ("flower", "command", ["celery", "-A", "synergy.celery", "flower", "--port=5555"], "without its password"),
    ("prometheus", "volumes", ["./deploy/promtheus:/etc/prometheus:ro"], "does not exist"),
]


@pytest.mark.parametrize(("service", "path", "value", "says"), DEFECTS, ids=[f"{d[0]}-{d[1]}-{i}" for i, d in enumerate(DEFECTS)])
def test_a_defect_is_seen(service, path, value, says):
    doc = copy.deepcopy(DOC)  # keeps what anchors share: the defect may then show in several services
    *parents, last = path.split(".")
    place = doc["services"][service]
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    assert says in "\n".join(fault for fault in compose.faults(doc, TEXT) if fault.startswith(f"{service}: "))


def test_a_variable_without_a_default_is_seen():
    assert "${TOKEN} has no value when it is not set" in compose.faults(DOC, TEXT + "\nx-a: ${TOKEN}\n")
    assert compose.faults(DOC, TEXT + "\nx-a: $$TOKEN ${A:-1} ${B:?say it}\n") == []


def test_secrets_are_made_once_and_nobody_else_gets_into_their_folder(tmp_path):
    folder = tmp_path / "secrets"
    script = ["sh", str(ROOT / "deploy/secrets.sh"), str(folder)]
    subprocess.run(script, check=True)
    made = {file.name: file.read_text() for file in folder.iterdir()}
    assert set(made) == set(DOC["secrets"])
    assert all(DOC["secrets"][name]["file"] == f"deploy/secrets/{name}" for name in made)
    own = {name: text for name, text in made.items() if name != "openrouter_api_key"}
    assert all(re.fullmatch(r"[\w-]{64}", text) for text in own.values())
    assert len(set(own.values())) == len(own)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "openrouter_api_key").write_text("mine")
    subprocess.run(script, check=True)
    assert {file.name: file.read_text() for file in folder.iterdir()} == {**made, "openrouter_api_key": "mine"}


def test_secrets_get_neither_into_git_nor_into_the_image():
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "deploy/secrets" in (ROOT / ".dockerignore").read_text().splitlines()
