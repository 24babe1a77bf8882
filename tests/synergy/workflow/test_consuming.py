"""A worker outlives the loss of its broker, whatever it was doing: its consumer against a real Valkey behind a fault proxy."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from celery.worker.consumer import Consumer as CeleryConsumer
from kombu import Connection, Exchange, Producer, Queue
from kombu import Consumer as Reader
from kombu.message import Message

from synergy.celery import app
from synergy.chaos.proxy import Proxy
from synergy.workflow.consuming import Consumer

log = logging.getLogger(__name__)
pytestmark = pytest.mark.filterwarnings("ignore::celery.exceptions.CPendingDeprecationWarning")  # tasks go on meanwhile, as meant

WORK = Queue("work", Exchange("work"), routing_key="work")
CONTROL = Queue("control.box", Exchange("control", type="fanout"), auto_delete=True)  # as that of the remote control


@dataclass
class Busy:
    """A consumer with one message in hand that waits for the next one, and its connection."""

    consumer: Consumer
    connection: Connection
    message: Message


@pytest.fixture
def network(live_valkey):
    """(address of Valkey behind the proxy, function that sets the mode of the link)."""
    there = urlsplit(live_valkey)
    proxy = Proxy()
    link = proxy.link(Path(there.path))
    yield f"redis://:{there.password}@127.0.0.1:{link.port}/0", lambda mode: proxy.set(link, mode)
    proxy.stop()


@pytest.fixture
def busy(network):
    pool = SimpleNamespace(num_processes=3, is_green=False, flush=None)
    controller = SimpleNamespace(use_eventloop=False, semaphore=None)
    consumer = Consumer(lambda request: None, app=app, pool=pool, controller=controller)
    consumer.connection = connection = app.connection_for_read(network[0])
    taken: list[Message] = []
    connection.default_channel.basic_qos(0, 3, False)
    Reader(connection.default_channel, [WORK], on_message=taken.append).consume()
    Reader(connection.channel(), [CONTROL], on_message=taken.append).consume()
    with app.connection_for_write() as other:
        Producer(other).publish({}, exchange=WORK.exchange, routing_key="work", declare=[WORK])
    while not taken:
        connection.drain_events(timeout=10)
    connection.transport.cycle.on_poll_start()
    assert connection.default_channel._in_poll  # it asked for the next message
    return Busy(consumer, connection, taken[0])


def test_a_connection_that_breaks_while_work_is_in_hand_and_more_is_waited_for_is_given_up(network, busy):
    channel = busy.message.channel
    network[1]("cut")
    busy.consumer.on_connection_error_after_connected(ConnectionResetError())
    assert busy.consumer.connection is None
    assert channel.closed
    network[1]("up")
    busy.message.ack_log_error(log, busy.connection.connection_errors)  # the work was done meanwhile
    assert busy.message.acknowledged


def test_celery_by_itself_would_end_the_worker(network, busy):
    """Once it does not any more, ours is not needed."""
    network[1]("cut")
    with pytest.raises(AttributeError, match="hostname"):
        CeleryConsumer.on_connection_error_after_connected(busy.consumer, ConnectionResetError())


def test_the_worker_uses_it():
    kind = app.conf.worker_consumer
    assert kind == f"{Consumer.__module__}:{Consumer.__qualname__}"
