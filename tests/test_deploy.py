"""The deployed form cannot be started here, but it can be held against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
APP = ("migrate", "web", "worker", "beat", "flower")


def test_every_process_and_service_is_there():
    assert set(COMPOSE["services"]) == {"postgres", "valkey", *APP}


@pytest.mark.parametrize("service", APP)
def test_processes_wait_for_the_tables_and_use_one_image(service):
    spec = COMPOSE["services"][service]
    assert spec["build"]["dockerfile"] == "deploy/Dockerfile"
    waits = {name: wait["condition"] for name, wait in spec["depends_on"].items()}
    healthy = {"postgres": "service_healthy", "valkey": "service_healthy"}
    assert waits == (healthy if service == "migrate" else {"migrate": "service_completed_successfully"})


def test_every_variable_is_one_that_the_code_reads():
    code = "".join(file.read_text() for app in ("synergy", "inference") for file in (ROOT / app).rglob("*.py"))
    own = {"OPENAI_API_KEY", "OPENAI_BASE_URL"}  # read by the provider's library
    for name in set(COMPOSE["services"]["web"]["environment"]) - own:
        assert f'"{name}"' in code, f"{name} is set, but nothing reads it"


def test_the_worker_serves_every_queue():
    command = COMPOSE["services"]["worker"]["command"]
    assert command[command.index("--queues") + 1].split(",") == list(settings.QUEUES)


def test_flower_asks_for_its_password_everywhere():
    [conf] = [word for word in COMPOSE["services"]["flower"]["command"] if word.startswith("--conf=")]
    assert (ROOT / conf.partition("=")[2]).read_text().count("authenticated(Metrics.get)") == 1


def test_no_port_is_open_to_the_network_and_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    ports = [port for spec in COMPOSE["services"].values() for port in spec.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert not re.findall(r"\$\{[A-Z_]*(?:PASSWORD|SECRET)[A-Z_]*:-[^}]+\}", text)


def test_the_image_runs_as_a_user_and_copies_what_exists():
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    assert re.search(r"^USER synergy$", text, re.MULTILINE)
    for name in re.findall(r"requirements/[a-z]+\.txt", text):
        assert (ROOT / name).exists()
