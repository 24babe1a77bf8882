"""What every test may use. Real services, shared by all pytest-xdist workers, started when the first test needs them.

``db``              PostgreSQL with pgvector: each worker has a database of its own, copied from one migrated template
``live_valkey``     a Valkey of this worker's own; Django's cache and the Celery application use it
``service_env``     environment for child processes that shall see the same database, Valkey and SYNERGY_HOME
``bench``           a Bench on ``tmp_path``
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from synergy.celery import app
from synergy.core.artifacts import ArtifactStore
from synergy.core.bench import Bench
from synergy.embedded.client import acquire
from synergy.env import broker_url, redis_db, runtime_dir, stored_secret

TEMPLATE = "test_template"


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory, worker_id) -> Path:
    """A folder that all xdist workers of this run see."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def worker_id(request) -> str:
    """ "gw0", "gw1" … under xdist, else "master"."""
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory):
    """State goes to a temporary SYNERGY_HOME. The cache of dependencies and vectors stays where it is, also for child processes:
    filling it takes minutes."""
    home = tmp_path_factory.mktemp("home")
    os.environ["SYNERGY_CACHE"] = str(settings.CACHE_DIR)
    for name in ("OPENROUTER_API_KEY", "OPENROUTER_API_KEY_FILE"):  # no test asks anybody beyond this machine
        os.environ.pop(name, None)
    settings.MODELS = {**settings.MODELS, "key": ""}
    settings.SYNERGY_HOME = home
    settings.ARTIFACTS_DIR, settings.RUNS_DIR, settings.LOGS_DIR = home / "artifacts", home / "runs", home / "logs"
    settings.RUNTIME_DIR = runtime_dir(home)
    return home


@contextmanager
def locked(file: Path):
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def postgres(shared_folder):
    """The socket folder of one PostgreSQL for the whole run; it stops when the last worker leaves."""
    home = shared_folder / "pg"
    lease, _ = acquire(home, ["postgres"], volatile=True)
    yield runtime_dir(home)
    lease.close()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, postgres, shared_folder, worker_id):
    """pytest-django's set-up, quicker: migrate once into a template, then copy it for each worker."""
    database = settings.DATABASES["default"]
    database.update(HOST=str(postgres), PORT="5432", USER="synergy", PASSWORD="", OPTIONS={}, NAME=TEMPLATE)
    name = f"test_{worker_id}"
    with (
        django_db_blocker.unblock(),
        locked(shared_folder / "template.lock"),
        psycopg.connect(host=str(postgres), user="synergy", dbname="synergy", autocommit=True) as admin,
    ):
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            admin.execute(f"CREATE DATABASE {TEMPLATE}")
            call_command("migrate", interactive=False, verbosity=0)
        connections.close_all()
        connections["default"].close_pool()  # a database that somebody is connected to cannot be copied
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    database["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        connections["default"].close_pool()


@pytest.fixture(scope="session")
def live_valkey(tmp_path_factory):
    """The address of a Valkey of this worker's own. Cache, broker and result backend point to it."""
    home = tmp_path_factory.mktemp("valkey")
    lease, _ = acquire(home, ["valkey"], volatile=True)
    url = f"unix://:{stored_secret(home, 'valkey')}@{runtime_dir(home)}/valkey.sock"
    settings.REDIS_URL = url
    settings.CACHES["default"]["LOCATION"] = redis_db(url, 2)
    app.conf.broker_url = settings.CELERY_BROKER_URL = broker_url(url, 0)
    app.conf.result_backend = settings.CELERY_RESULT_BACKEND = broker_url(url, 1)
    yield url
    app.close()
    lease.close()


@pytest.fixture
def service_env(transactional_db, live_valkey, own_home):
    """What a child process needs in its environment to see what this test sees."""
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    return {
        "DATABASE_URL": url,
        "REDIS_URL": live_valkey,
        "SYNERGY_HOME": str(own_home),
        "SYNERGY_CACHE": str(settings.CACHE_DIR),
    }


@pytest.fixture
def bench(tmp_path) -> Bench:
    """A bench with an empty project and a store of its own."""
    (tmp_path / "bench" / "project").mkdir(parents=True)
    return Bench(root=tmp_path / "bench", store=ArtifactStore(tmp_path / "store"))
