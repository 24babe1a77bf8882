"""Moves on a board of numbers: right ones, and every way in which one can be wrong."""

from __future__ import annotations

import pytest

from tests.acceptance.walker.boards import fault, slid


def board(*rows):
    return [(number, 10 + 50 * x, 10 + 50 * y) for y, row in enumerate(rows) for x, number in enumerate(row) if number]


BEFORE = board((2, 0, 2, 4), (0, 0, 0, 0), (8, 0, 4, 0))
LEFT = ((4, 4, 0, 0), (0, 0, 0, 2), (8, 4, 0, 0))


def test_equal_neighbours_become_one_each_once():
    assert slid([2, 2, 4]) == [4, 4]
    assert slid([2, 2, 2, 2]) == [4, 4]
    assert slid([4, 2, 2]) == [4, 4]
    assert slid([2, 4, 2]) == [2, 4, 2]


def test_a_right_move():
    assert fault(BEFORE, board(*LEFT), "left") == ""
    assert fault(board((0, 2), (4, 2)), board((4, 4), (0, 2)), "up") == ""
    assert fault(board((2, 0), (0, 0)), board((0, 2), (4, 0)), "right") == ""


@pytest.mark.parametrize(
    "after",
    [
        ((2, 2, 4, 0), (0, 0, 0, 2), (8, 4, 0, 0)),  # not merged
        ((8, 0, 0, 0), (0, 0, 0, 2), (8, 4, 0, 0)),  # merged twice
        ((4, 4, 0, 0), (0, 0, 2, 2), (8, 4, 0, 0)),  # two new ones in a lane
        ((4, 4, 0, 2), (0, 0, 0, 2), (8, 4, 0, 0)),  # two new ones
        ((4, 4, 0, 0), (0, 0, 0, 2), (0, 0, 0, 0)),  # a lane is gone
        ((4, 4, 0, 0), (0, 0, 0, 16), (8, 4, 0, 0)),  # a new one that cannot be
    ],
)
def test_a_wrong_move(after):
    assert fault(BEFORE, board(*after), "left")
