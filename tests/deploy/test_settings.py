"""Synergy with the environment that compose and Kubernetes give it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from synergy.env import env_url
from tests.deploy import commands, kube
from tests.deploy.test_compose import DOC, ROOT


def environment(given: dict[str, str], tmp_path) -> dict[str, str]:
    """As in the container: defaults filled in, secrets made."""
    subprocess.run(["sh", str(ROOT / "deploy/secrets.sh"), str(tmp_path / "secrets")], check=True)
    filled = {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for name, value in given.items()}
    paths = {name: value.replace("/run/secrets", str(tmp_path / "secrets")) for name, value in filled.items()}
    return {"PATH": os.environ["PATH"], "SYNERGY_HOME": str(tmp_path), **paths}


def manage(variables: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "manage.py", *argv], cwd=ROOT, env=variables, capture_output=True, text=True)


@pytest.mark.parametrize("form", ["compose", "kubernetes"])
def test_it_passes_the_deployment_checks(form, tmp_path):
    config = next(one["data"] for one in kube.load() if kube.label(one) == "ConfigMap/synergy")
    given = DOC["services"]["web"]["environment"] | {"SYNERGY_ENV": "production"} if form == "compose" else config
    variables = environment(given, tmp_path)
    done = manage(variables, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_passwords_come_from_their_files(tmp_path, monkeypatch):
    for name, value in environment(DOC["services"]["web"]["environment"], tmp_path).items():
        monkeypatch.setenv(name, value)
    word = (tmp_path / "secrets" / "postgres_password").read_text()
    assert env_url("DATABASE_URL", "DATABASE_PASSWORD") == f"postgresql://synergy:{word}@postgres:5432/synergy"
    word = (tmp_path / "secrets" / "valkey_password").read_text()
    assert env_url("REDIS_URL", "REDIS_PASSWORD") == f"redis://:{word}@valkey:6379"


def test_a_password_beside_an_address(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_PASSWORD", "p@/:s")
    assert env_url("DATABASE_URL", "DATABASE_PASSWORD") == ""
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h:5432/n?sslmode=require")
    assert env_url("DATABASE_URL", "DATABASE_PASSWORD") == "postgresql://u:p%40%2F%3As@h:5432/n?sslmode=require"
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:other@h/n")
    with pytest.raises(ImproperlyConfigured, match="holds a password already"):
        env_url("DATABASE_URL", "DATABASE_PASSWORD")


def test_neighbours_are_not_sent_to_https(settings):
    settings.SECURE_SSL_REDIRECT = True
    client = Client()
    assert client.get("/health").status_code == 200
    assert client.get("/metrics").status_code == 404  # no token here: it does not exist
    assert client.post("/internal/alerts").status_code == 404
    assert client.get("/api/runs").status_code == 301


@pytest.mark.parametrize(
    ("variables", "told"),
    [({"FLOWER_PASSWORD": "w"}, "['synergy:w']"), ({"FLOWER_BASIC_AUTH": "a:b"}, "[]"), ({}, "Flower needs FLOWER_PASSWORD")],
)
def test_flower_does_not_start_without_a_password(variables, told):
    file = commands.ROOT / "synergy/embedded/flowerconfig.py"
    code = f"import flower.options; from tornado.options import options as o; o.parse_config_file({str(file)!r}); print(o.basic_auth)"
    env = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert told in done.stdout + done.stderr
