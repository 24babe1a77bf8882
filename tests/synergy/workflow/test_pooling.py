"""What a child of a worker says arrives, also when the broker goes away in the middle of it. A real pipe and a real event loop."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys

import pytest
from celery.concurrency import asynpool, prefork
from kombu.asynchronous import Hub

from synergy.celery import app
from synergy.workflow.pooling import AsynPool, ResultHandler, TaskPool
from tests.synergy.workflow.conftest import ROOT

PID = 4711
#: A worker with one child that says much. Printed: is it heard out after the broker went away?
CHILD = """
import operator, os, sys, time
from importlib import import_module
from types import GeneratorType
from kombu.asynchronous import Hub

hub, heard = Hub(), []
pool = import_module(sys.argv[1]).AsynPool(processes=1, threads=False)

def until(true, seconds):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        next(loop)

def half_read():
    return any(reader and isinstance(reader[0], GeneratorType) for reader in hub.readers.values())

def listen():
    pool.register_with_event_loop(hub)
    return hub.create_loop()

loop = listen()
until(lambda: pool._all_inqueues, 20)
while True:  # it may be read so quickly that there is no time between two parts
    pool.apply_async(operator.mul, ("x", 1_000_000), callback=heard.append)
    until(lambda: heard or half_read(), 20)
    if not heard:
        break
    heard.clear()
hub.reset()
pool.flush()
loop = listen()
until(lambda: heard, 10 if "synergy" in sys.argv[1] else 2)
print(bool(heard) and not pool._busy_workers, flush=True)
os.kill(pool._pool[0].pid, 9)
os._exit(0)
"""


class Line:
    """A child and its worker: ``say`` writes bytes that the worker sees at once; ``heard`` are the children that are up."""

    def __init__(self, kind: type[asynpool.ResultHandler]) -> None:
        self.hub = Hub()
        self.heard: list[int] = []
        self.out, self.end = os.pipe()
        os.set_blocking(self.out, False)
        unused = (None,) * 9
        self.handler = kind(*unused, fileno_to_outq={self.out: object()}, on_process_alive=self.heard.append)
        self.listen()

    def listen(self) -> None:
        """What a worker does for each connection to the broker."""
        self.handler.register_with_event_loop(self.hub)
        self.hub.add_reader(self.out, self.handler.handle_event, self.out)
        self.loop = self.hub.create_loop()

    def reconnect(self) -> None:
        self.hub.reset()
        self.listen()

    def say(self, data: bytes) -> None:
        os.write(self.end, data)
        next(self.loop)

    def close(self) -> None:
        self.hub.close()
        os.close(self.out)
        os.close(self.end)


@pytest.fixture
def line(request):
    made = Line(request.param)
    yield made
    made.close()


def message(pid: int = PID) -> bytes:
    body = pickle.dumps((asynpool.WORKER_UP, (pid,)), protocol=5)
    return struct.pack(">I", len(body)) + body


ours = pytest.mark.parametrize("line", [ResultHandler], indirect=True)
celerys = pytest.mark.parametrize("line", [asynpool.ResultHandler], indirect=True)


@ours
@pytest.mark.parametrize("at", [1, 4, 9])
def test_a_message_goes_on_after_the_broker_was_away(line, at):
    line.say(message()[:at])
    line.reconnect()
    line.reconnect()  # and broke again at once
    line.say(message()[at:])
    line.say(message(PID + 1))
    assert line.heard == [PID, PID + 1]


@ours
def test_whole_messages_are_read_one_by_one(line):
    for n in range(3):
        line.say(message(n)[:6])
        line.say(message(n)[6:])
        line.reconnect()
    assert line.heard == [0, 1, 2]


@ours
def test_what_a_dead_child_began_is_not_taken_for_the_beginning_of_its_successor(line):
    line.say(message()[:4])
    line.handler.fileno_to_outq[line.out] = object()
    line.reconnect()
    line.say(message(PID + 1))
    assert line.heard == [PID + 1]


@celerys
def test_celery_by_itself_does_not_listen_to_that_child_any_more(line):
    """Once it does, ours is not needed."""
    line.say(message()[:4])
    line.reconnect()
    line.say(message()[4:])
    assert line.out not in line.hub.readers
    assert line.heard == []


@pytest.mark.parametrize(("pool", "heard"), [("synergy.workflow.pooling", "True"), ("celery.concurrency.asynpool", "False")])
def test_a_real_child_is_heard_out(pool, heard):
    """Its answer does not fit into the pipe; the broker goes away when a part is read. Celery by itself loses the child."""
    done = subprocess.run([sys.executable, "-c", CHILD, pool], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == heard, done.stderr


def test_the_worker_uses_it():
    assert app.conf.worker_pool == f"{TaskPool.__module__}:{TaskPool.__qualname__}"
    assert TaskPool.Pool is AsynPool
    assert AsynPool.ResultHandler is ResultHandler
    assert issubclass(TaskPool, prefork.TaskPool)
