"""The embedded services under attack: real servers, really killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from synergy.core.errors import PermanentError, ServiceDown
from synergy.core.processes import birthmark
from synergy.embedded import postgres, valkey
from synergy.embedded.client import acquire
from synergy.embedded.keeper import secure_folder
from synergy.env import runtime_dir, stored_secret
from tests.synergy.embedded.conftest import ROOT, eventually, gone, processes_of

SERVERS = ("postgres", "valkey")


def database(home):
    return psycopg.connect(host=str(runtime_dir(home)), user="synergy", dbname="synergy", autocommit=True)


def broker(home):
    return redis.Redis(unix_socket_path=str(runtime_dir(home) / "valkey.sock"), password=stored_secret(home, "valkey"))


def keeper_pid(home) -> int:
    return next(pid for pid, words in processes_of(home).items() if "-m synergy.embedded" in words)


def test_data_survives_a_restart(home):
    for first in (True, False):
        lease, _ = acquire(home, SERVERS)
        with database(home) as sql, broker(home) as cache:
            if first:
                sql.execute("CREATE TABLE t AS SELECT 42 AS n")
                cache.set("k", "v")
            assert sql.execute("SELECT n FROM t").fetchone() == (42,)
            assert cache.get("k") == b"v"
        lease.close()
        eventually(lambda: not processes_of(home))


def test_the_database_has_vectors_and_no_superuser(home):
    lease, _ = acquire(home, ["postgres"], volatile=True)
    with database(home) as sql:
        assert sql.execute("SELECT '[1,2]'::vector <-> '[1,3]'::vector").fetchone() == (1.0,)
        assert sql.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        assert sql.execute("SHOW listen_addresses").fetchone() == ("",)
    lease.close()


def test_a_closed_lease_stops_what_nobody_else_uses(home):
    lease, parts = acquire(home, SERVERS, volatile=True)
    lease.need(["postgres"])
    assert gone(parts["valkey"].pid)
    assert not gone(parts["postgres"].pid)
    lease.close()
    assert gone(parts["postgres"].pid)
    eventually(lambda: not processes_of(home))


def test_kill_9_of_the_user_leaves_no_process(home, holder):
    process, pids = holder()
    assert not gone(*pids.values())
    process.kill()
    eventually(lambda: gone(*pids.values()) and not processes_of(home))


def test_kill_9_of_the_keeper_leaves_no_process_and_no_damage(home, holder):
    _, pids = holder()
    with database(home) as sql:
        sql.execute("CREATE TABLE t AS SELECT 7 AS n")
    os.kill(keeper_pid(home), signal.SIGKILL)
    lease, parts = acquire(home, SERVERS, volatile=True)
    assert gone(*pids.values())
    assert {part.pid for part in parts.values()}.isdisjoint(pids.values())
    with database(home) as sql:
        assert sql.execute("SELECT n FROM t").fetchone() == (7,)
    lease.close()


def test_kill_9_of_user_and_keeper_at_once_leaves_no_process(home, holder):
    process, pids = holder()
    keeper = keeper_pid(home)
    process.kill()
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: gone(keeper, *pids.values()) and not processes_of(home))


@pytest.mark.parametrize("name", SERVERS)
def test_a_killed_server_comes_back_with_its_data(home, name):
    lease, parts = acquire(home, SERVERS)
    with database(home) as sql, broker(home) as cache:
        sql.execute("CREATE TABLE t AS SELECT 42 AS n")
        cache.set("k", "v")
        time.sleep(1.1 if name == "valkey" else 0)  # appendfsync everysec
    os.kill(parts[name].pid, signal.SIGKILL)
    eventually(lambda: (part := lease.look()[name]).up and part.pid != parts[name].pid)
    assert lease.look()[name].restarts >= 1
    with database(home) as sql, broker(home) as cache:
        assert sql.execute("SELECT n FROM t").fetchone() == (42,)
        assert cache.get("k") == b"v"
    lease.close()


def test_two_users_share_one_system_and_the_last_one_ends_it(home, holder):
    process, pids = holder()
    lease, parts = acquire(home, SERVERS, volatile=True)
    assert {name: part.pid for name, part in parts.items()} == pids
    process.kill()
    process.wait()
    time.sleep(0.3)
    assert {name: part.pid for name, part in lease.look().items()} == pids
    lease.close()
    eventually(lambda: not processes_of(home))


def test_users_that_start_together_get_one_keeper(home):
    with ThreadPoolExecutor(4) as pool:
        leases = list(pool.map(lambda _: acquire(home, SERVERS, volatile=True), range(4)))
    assert len({parts["postgres"].pid for _, parts in leases}) == 1
    assert sum("-m synergy.embedded" in words for words in processes_of(home).values()) == 1
    for lease, _ in leases:
        lease.close()


def test_a_lock_file_with_a_recycled_pid_does_not_stop_the_start(home):
    lease, _ = acquire(home, ["postgres"], volatile=True)
    lease.close()
    (home / "pg" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'pg'}\n")
    lease, parts = acquire(home, ["postgres"], volatile=True)
    assert parts["postgres"].up
    lease.close()


def test_a_half_made_cluster_is_made_anew(home):
    (home / "pg").mkdir(parents=True)
    (home / "pg.new" / "base").mkdir(parents=True)
    (home / "pg" / "junk").touch()
    lease, parts = acquire(home, ["postgres"], volatile=True)
    assert parts["postgres"].up
    assert not (home / "pg.new").exists()
    lease.close()


def test_a_foreign_server_is_not_taken_for_ours(home, tmp_path):
    lease, _ = acquire(home, SERVERS, volatile=True)
    other = type("Child", (), {"pid": os.getpid()})()  # some process that is not the one that answers
    sockets = runtime_dir(home)
    assert not postgres.answers(other, home / "pg", sockets)
    assert not valkey.answers(other, sockets / "valkey.sock", stored_secret(home, "valkey"))
    lease.close()


def test_a_database_from_another_version_is_named(home):
    lease, _ = acquire(home, ["postgres"], volatile=True)
    lease.close()
    (home / "pg" / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServiceDown) as caught:
        acquire(home, ["postgres"], volatile=True)
    assert "incompatible" in caught.value.message
    assert "postgres.log" in caught.value.hint
    eventually(lambda: not processes_of(home))


def test_a_home_with_a_long_path_works_and_leaves_nothing_in_tmp(tmp_path):
    home = tmp_path / ("long" * 20) / "home"
    sockets = runtime_dir(home)
    assert sockets.parent == Path("/tmp")
    lease, _ = acquire(home, SERVERS, volatile=True)
    with database(home) as sql:
        assert sql.execute("SELECT 1").fetchone() == (1,)
    assert sockets.stat().st_mode & 0o777 == 0o700
    lease.close()
    eventually(lambda: not sockets.exists())


def test_a_runtime_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "theirs")
    with pytest.raises(PermanentError, match="somebody else"):
        secure_folder(tmp_path / "run")


def test_no_secret_is_on_a_command_line(home):
    lease, _ = acquire(home, SERVERS, volatile=True)
    password = stored_secret(home, "valkey")
    assert not [words for words in processes_of(home).values() if password in words]
    assert (home / "secrets").stat().st_mode & 0o077 == 0
    lease.close()


def test_a_wrong_password_is_refused(home):
    lease, _ = acquire(home, ["valkey"], volatile=True)
    said = valkey.ask(runtime_dir(home) / "valkey.sock", "AUTH wrong", "PING")
    assert said[0].startswith("-WRONGPASS")
    assert said[1].startswith("-NOAUTH")
    lease.close()


@pytest.mark.parametrize("words", [b"nonsense\n", b"[1]\n", b'{"need": 1}\n', b"x" * 100_000])
def test_a_request_that_makes_no_sense_ends_the_connection_and_nothing_else(home, words):
    lease, parts = acquire(home, ["valkey"], volatile=True)
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(str(runtime_dir(home) / "keeper.sock"))
        other.settimeout(10)
        with suppress(BrokenPipeError, ConnectionResetError):
            other.sendall(words)
            assert other.recv(100) == b""
    assert lease.look()["valkey"].pid == parts["valkey"].pid
    lease.close()


def test_the_keeper_leaves_when_nobody_comes(home):
    home.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as knock:
        keeper = subprocess.Popen([sys.executable, "-m", "synergy.embedded", str(home)], cwd=ROOT)
        eventually(lambda: not knock.connect_ex(str(runtime_dir(home) / "keeper.sock")))
    assert keeper.wait(10) == 0


def test_a_birthmark_tells_living_from_dead():
    process = subprocess.Popen(["sleep", "30"])
    mark = birthmark(process.pid)
    assert mark
    assert mark == birthmark(process.pid)
    process.kill()
    eventually(lambda: birthmark(process.pid) is None)
    process.wait()
