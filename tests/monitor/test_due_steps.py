"""When a ready step is sent again: what the broker or a worker still holds is not lost."""

from __future__ import annotations

import pytest

from monitor.remedies import due_steps


@pytest.mark.parametrize(
    ("looks", "held", "workers", "again"),
    [
        ([{"agents": 5}], {"agents": 5}, 3, {}),
        ([{"agents": 5}], {"agents": 2}, 3, {}),  # three are in hand
        ([{"agents": 5}, {"agents": 5}], {"agents": 1}, 3, {"agents": 1}),
        ([{"agents": 5}, {"agents": 5}], {}, 3, {"agents": 5}),  # the broker forgot everything
        ([{"agents": 5}, {"agents": 1}], {}, 3, {"agents": 1}),  # four arrived in the meantime
        ([{"agents": 2}, {}], {}, 3, {"agents": 0}),
        ([{"agents": 5, "tests": 1}, {"agents": 5, "tests": 1}], {"agents": 5}, 1, {"agents": 0, "tests": 1}),
    ],
)
def test_only_what_is_missing_at_two_looks_is_sent_again(monkeypatch, looks, held, workers, again):
    left = list(looks[1:])
    monkeypatch.setattr(due_steps, "SECOND_LOOK", 0)
    monkeypatch.setattr(due_steps.engine, "due_queues", lambda: left.pop(0))
    monkeypatch.setattr(due_steps.engine, "workers", lambda: workers)
    monkeypatch.setattr(due_steps.wire, "backlog", lambda queues: held)
    assert due_steps.missing(looks[0]) == again
