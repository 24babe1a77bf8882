"""Settings come from the environment, and nonsense stops the start."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from synergy import env

ROOT = Path(__file__).resolve().parents[2]


def load(tmp_path, *code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a fresh process with only these variables."""
    base = {"PATH": os.environ["PATH"], "SYNERGY_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "synergy.settings"}
    script = "\n".join(["from django.conf import settings as s", *(code or ("s.DEBUG",))])
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**base, **variables}, capture_output=True, text=True)


def test_without_any_variable_synergy_is_local_and_embedded(tmp_path):
    done = load(tmp_path, "print(s.DEBUG, s.PRODUCTION, s.EMBEDDED_POSTGRES, s.EMBEDDED_VALKEY, s.ALLOWED_HOSTS)")
    assert done.stdout.strip() == "False False True True ['localhost', '127.0.0.1', '[::1]']"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"DEBUG": "maybe"}, "DEBUG='maybe' is neither true nor false"),
        ({"SYNERGY_CONCURRENCY": "many"}, "SYNERGY_CONCURRENCY='many' is not a whole number"),
        ({"SYNERGY_CONCURRENCY": "0"}, "not between 1 and 256"),
        ({"SYNERGY_ENV": "staging"}, "not one of local, production"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL must look like"),
        ({"REDIS_URL": "amqp://x"}, "REDIS_URL must begin with"),
        ({"SYNERGY_ENV": "production"}, "needs SECRET_KEY"),
        ({"SYNERGY_ENV": "production", "SECRET_KEY": "k" * 60}, "needs ALLOWED_HOSTS"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE=/nowhere/key cannot be read"),
        ({"SECRET_KEY_FILE": "/dev/null", "SECRET_KEY": "x"}, "not both"),
    ],
)
def test_nonsense_stops_the_start(tmp_path, variables, says):
    done = load(tmp_path, **variables)
    assert done.returncode
    assert says in done.stderr


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("from-a-file\n")
    assert load(tmp_path, "print(s.SECRET_KEY)", SECRET_KEY_FILE=str(tmp_path / "key")).stdout.strip() == "from-a-file"


def test_with_urls_nothing_is_embedded(tmp_path):
    code = "d = s.DATABASES['default']; print(s.EMBEDDED_POSTGRES, s.EMBEDDED_VALKEY, d['HOST'], d['PORT'], d['PASSWORD'], d['OPTIONS'])"
    url = "postgresql://u:p%40ss@db.example:6432/name?sslmode=require"
    done = load(tmp_path, code, DATABASE_URL=url, REDIS_URL="rediss://:pw@r.example:6380")
    assert done.stdout.strip() == "False False db.example 6432 p@ss {'sslmode': 'require'}"


def test_production_passes_the_deployment_checks(tmp_path):
    variables = {
        "PATH": os.environ["PATH"], "SYNERGY_HOME": str(tmp_path), "SYNERGY_ENV": "production", "ALLOWED_HOSTS": "synergy.example",
        "SECRET_KEY": "".join(chr(33 + i) for i in range(80)), "DATABASE_URL": "postgresql://u:p@db/x", "REDIS_URL": "redis://r",
    }  # fmt: skip
    argv = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(argv, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    embedded = {name: value for name, value in variables.items() if name != "DATABASE_URL"}
    done = subprocess.run(argv, cwd=ROOT, env=embedded, capture_output=True, text=True)
    assert "synergy.W002" in done.stderr
    assert done.returncode


def test_a_stored_secret_is_made_once_even_in_a_race(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        values = set(pool.map(lambda _: env.stored_secret(tmp_path, "x"), range(32)))
    assert len(values) == 1
    assert len(values.pop()) == 43
    assert [file.name for file in (tmp_path / "secrets").iterdir()] == ["x"]
    assert (tmp_path / "secrets" / "x").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    env.stored_secret(tmp_path, "x")
    (tmp_path / "secrets" / "x").chmod(0o644)
    with pytest.raises(ImproperlyConfigured, match="can be read by others"):
        env.stored_secret(tmp_path, "x")


def test_sockets_are_in_the_home_where_they_fit(tmp_path):
    assert env.runtime_dir(Path("/srv/synergy")) == Path("/srv/synergy/run")
    deep = tmp_path / ("d" * 90)
    assert env.runtime_dir(deep) == env.runtime_dir(deep)
    assert env.runtime_dir(deep) != env.runtime_dir(tmp_path / ("e" * 90))
    assert len(str(env.runtime_dir(deep) / env.LONGEST_SOCKET)) <= env.SOCKET_PATH_MAX


@pytest.mark.parametrize(
    ("url", "number", "expected"),
    [
        ("redis://h:1", 2, "redis://h:1/2"),
        ("rediss://:p@h:1/0", 1, "rediss://:p@h:1/1"),
        ("unix://:p%20w@/a/b.sock", 2, "unix://:p%20w@/a/b.sock?db=2"),
    ],
)
def test_a_redis_address_gets_its_database(url, number, expected):
    assert env.redis_db(url, number) == expected


def test_celery_writes_the_address_of_a_socket_in_its_own_way():
    assert env.broker_url("unix://:p-w_1@/run/x/valkey.sock", 3) == "redis+socket://:p-w_1@/run/x/valkey.sock?virtual_host=3"
    assert env.broker_url("redis://h:1", 3) == "redis://h:1/3"
