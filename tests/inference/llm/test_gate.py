"""The gate lets so many calls in, whoever keeps its state; Valkey and the database apply the same rules."""

from __future__ import annotations

import threading
import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.llm import gate, keepers
from inference.llm.gate import Limits, State
from inference.llm.keepers import Gate, Visit
from synergy.core.errors import Declined

LIMITS = Limits(rate=600, concurrency=3, lease_ms=1000)


def run(events, limits=LIMITS, now=0):
    """States and answers of a sequence of (milliseconds later, what, token)."""
    state, told = State(), []
    for later, what, token in events:
        now += later
        if what == "enter":
            state, wait = gate.enter(state, now, token, limits)
            told.append(wait)
        else:
            state = gate.leave(state, now, token, what, 0)
    return state, told


def test_so_many_at_a_time():
    state, told = run([(300, "enter", str(n)) for n in range(4)])
    assert told == [0, 0, 0, LIMITS.interval_ms]
    assert set(state.inside) == {"0", "1", "2"}


def test_a_call_that_never_came_back_is_forgotten():
    state, told = run([(300, "enter", str(n)) for n in range(3)] + [(1000, "enter", "next")])
    assert told[-1] == 0
    assert "0" not in state.inside


def test_so_many_a_minute_with_a_small_burst():
    _, told = run([(0, "enter", str(n)) for n in range(6)], Limits(rate=600, concurrency=100, lease_ms=1000))
    assert told == [0, 0, 0, 0, 100, 100]


def test_it_closes_after_failures_in_a_row_and_opens_for_one_at_first():
    down = [event for n in range(gate.FAILURES) for event in ((1000, "enter", str(n)), (0, "down", str(n)))]
    _, told = run([*down, (0, "enter", "a")])
    assert told[-1] == gate.CLOSED_MS
    _, told = run([*down, (gate.CLOSED_MS, "enter", "probe"), (0, "enter", "other"), (0, "ok", "probe"), (200, "enter", "other")])
    assert told[-3:] == [0, gate.PROBE_MS, 0]
    _, told = run([*down, (gate.CLOSED_MS, "enter", "probe"), (0, "down", "probe"), (0, "enter", "other")])
    assert told[-1] == 2 * gate.CLOSED_MS  # it was for nothing
    _, told = run([*down[:-1], (0, "ok", "4"), (0, "down", "x"), (1000, "enter", "a")])
    assert told[-1] == 0  # not in a row


def test_a_provider_that_wants_to_be_left_alone_is():
    state = gate.leave(State(), 0, "a", "none", 5000)
    assert gate.enter(state, 1000, "b", LIMITS)[1] == 4000


@pytest.fixture
def named(live_valkey):
    return lambda **limits: Gate(uuid.uuid4().hex, Limits(**{"rate": 60_000, "concurrency": 3, "lease_ms": 5000, **limits}))


@pytest.fixture(params=["valkey", "database"])
def kept(request, named, monkeypatch, transactional_db):
    """Gates that are kept in Valkey, and gates that are kept in the database because Valkey is away."""
    if request.param == "database":
        monkeypatch.setattr(keepers, "_script", lambda text: pytest.fail("unused"))

        def away(valkey, database):
            return database()

        monkeypatch.setattr(keepers, "_kept", away)
    return named


def test_threads_never_are_more_inside_than_may_be(kept):
    door, inside, most, lock = kept(), 0, 0, threading.Lock()

    def call():
        nonlocal inside, most
        with door.passed(lambda: None) as visit:
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with lock:
                inside -= 1
            visit.outcome = "ok"
        _close()

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3


def test_who_waits_too_long_is_told_when_to_come_again(kept):
    door = kept()
    for n in range(3):
        assert door.enter(str(n)) == 0
    with pytest.raises(Declined, match="takes no calls"), door.passed(lambda: None, 0.0005):
        pass


def test_five_failures_close_it_for_everybody(kept):
    door = kept()
    for n in range(gate.FAILURES):
        while door.enter(str(n)):
            time.sleep(0.002)
        door.leave(Visit(str(n), "down"))
    assert 0 < door.enter("x") <= gate.CLOSED_MS
    assert Gate(door.name, door.limits).enter("y") > gate.CLOSED_MS - 5000


def test_without_valkey_the_database_keeps_it(named, monkeypatch, transactional_db, caplog):
    def refuse(text):
        raise keepers.redis.ConnectionError("gone")

    monkeypatch.setattr(keepers, "_script", refuse)
    door = named()
    assert [door.enter(str(n)) == 0 for n in range(4)] == [True, True, True, False]
    assert "kept in the database" in caplog.text


EVENTS = st.lists(st.tuples(st.sampled_from(("enter", "ok", "down", "none")), st.integers(0, 5)), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(events=EVENTS)
def test_valkey_applies_the_rules_that_are_written_down(named_once, events):
    """The script and ``gate`` say the same of whether a call may go out, whatever came before. Time stands still for both."""
    limits = Limits(rate=1, concurrency=3, lease_ms=600_000)
    door, state = named_once(limits), State()
    for what, token in events:
        if what == "enter":
            state, wait = gate.enter(state, 0, str(token), limits)
            assert (door.enter(str(token)) == 0) is (wait == 0)
        else:
            state = gate.leave(state, 0, str(token), what, 0)
            door.leave(Visit(str(token), what))


@pytest.fixture(scope="module")
def named_once(live_valkey):
    return lambda limits: Gate(uuid.uuid4().hex, limits)


def _close():
    from django.db import connection

    connection.close()


def test_a_script_with_another_rule_is_noticed(named_once, monkeypatch):
    """The seeded defect: one more may be inside. What compares the script with the rules says so."""
    monkeypatch.setattr(keepers, "ENTER", keepers.ENTER.replace("if inside >= most", "if inside > most"))
    limits = Limits(rate=60_000, concurrency=1, lease_ms=600_000)
    door, state = named_once(limits), State()
    state, first = gate.enter(state, 0, "a", limits)
    state, second = gate.enter(state, 10, "b", limits)
    assert (first == 0, door.enter("a") == 0) == (True, True)
    time.sleep(0.01)
    assert (second == 0, door.enter("b") == 0) == (False, True)
