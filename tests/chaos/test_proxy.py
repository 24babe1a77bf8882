"""The fault proxy does what networks do, and the provider counts what it takes."""

from __future__ import annotations

import http.client
import socket
import socketserver
import threading
import time

import pytest

from synergy.chaos.provider import PRICE, Provider
from synergy.chaos.proxy import Proxy


@pytest.fixture
def echo():
    """The port of a server that says everything again."""

    class Echo(socketserver.BaseRequestHandler):
        def handle(self):
            while data := self.request.recv(65536):
                self.request.sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def link(echo):
    proxy = Proxy()
    made = proxy.link(echo)
    yield lambda mode, amount=0.0: proxy.set(made, mode, amount), made
    proxy.stop()


def dial(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.settimeout(5)
    return connection


def said(connection: socket.socket, text: bytes = b"hello") -> bytes:
    connection.sendall(text)
    return connection.recv(65536)


def silent(connection: socket.socket) -> bool:
    """Whether the other end resets or closes instead of answering."""
    try:
        return said(connection) == b""
    except ConnectionError:
        return True


def refused(port: int) -> bool:
    """Whether a new connection is reset, at once or when it says something."""
    try:
        with dial(port) as connection:
            return silent(connection)
    except ConnectionError:
        return True


def test_bytes_pass_and_connections_are_counted(link):
    _, made = link
    with dial(made.port) as one:
        assert said(one) == b"hello"
    assert made.accepted == 1


def test_latency_takes_its_time_each_way(link):
    become, made = link
    with dial(made.port) as one:
        said(one)
        become("latency", 100)
        began = time.monotonic()
        assert said(one) == b"hello"
        assert time.monotonic() - began >= 0.2


def test_a_cut_resets_what_is_open_and_refuses_what_is_new_until_it_is_up_again(link):
    become, made = link
    with dial(made.port) as one:
        said(one)
        become("cut")
        assert silent(one)
    assert refused(made.port)
    become("up")
    with dial(made.port) as three:
        assert said(three) == b"hello"


def test_a_black_hole_takes_connections_and_says_nothing_until_it_is_up_again(link):
    become, made = link
    become("blackhole")
    with dial(made.port) as one:
        one.settimeout(0.3)
        with pytest.raises(TimeoutError):
            said(one)
        become("up")
        one.settimeout(5)
        assert one.recv(100) == b"hello"


def test_an_answer_is_lost_after_so_many_bytes_and_only_once(link):
    become, made = link
    with dial(made.port) as one:
        become("reset_after", 8)
        assert said(one) == b"hello"
        with pytest.raises(ConnectionError):
            said(one)
    with dial(made.port) as two:
        assert said(two) == b"hello"


@pytest.fixture
def provider():
    made = Provider()
    made.start()
    yield made
    made.stop()


def call(provider: Provider, key: str, kind: str = "ok", timeout: float = 5) -> bytes:
    link = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=timeout)
    try:
        link.request("POST", f"/?kind={kind}", b"{}", {"Idempotency-Key": key, "Run": "r", "Step": "s"})
        return link.getresponse().read()
    finally:
        link.close()


def test_the_provider_charges_a_key_once_and_counts_who_asks_again(provider):
    assert str(PRICE).encode() in call(provider, "a")
    call(provider, "a")
    call(provider, "b")
    assert (provider.charges, provider.asked_again) == ({"a": 1, "b": 1}, 1)
    assert len(provider.calls) == 3


def test_it_charges_before_it_answers_and_may_never_answer(provider):
    with pytest.raises(TimeoutError):
        call(provider, "a", "hang", timeout=0.5)
    assert provider.charges["a"] == 1


def test_it_may_drip_for_ever_and_no_time_out_of_the_socket_notices(provider):
    link = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=1.5)
    link.request("POST", "/?kind=drip", b"{}", {"Idempotency-Key": "a", "Run": "r", "Step": "s"})
    response = link.getresponse()
    assert [response.read1(1) for _ in range(3)] == [b" "] * 3
    response.close()
    link.close()
