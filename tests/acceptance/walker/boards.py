"""Boards with numbers that slide and merge: whether a move came out as it must."""

from __future__ import annotations

from collections.abc import Iterable

Tile = tuple[int, int, int]  #: number, x, y
FRESH = (2, 4)  #: numbers that may come up by themselves
NEAR = 8  #: pixels within which places are of one lane


def slid(numbers: Iterable[int]) -> list[int]:
    """A lane after a move towards its beginning: equal neighbours have become one, each once."""
    out: list[int] = []
    fused = False
    for number in numbers:
        if out and out[-1] == number and not fused:
            out[-1], fused = number * 2, True
        else:
            out.append(number)
            fused = False
    return out


def lanes(tiles: Iterable[Tile], direction: str) -> dict[int, list[int]]:
    """The numbers of each row or column, those first towards which it is moved."""
    along, across = (1, 2) if direction in ("left", "right") else (2, 1)
    found: dict[int, list[Tile]] = {}
    for tile in tiles:
        lane = next((place for place in found if abs(place - tile[across]) <= NEAR), tile[across])
        found.setdefault(lane, []).append(tile)
    back = direction in ("right", "down")
    return {lane: [tile[0] for tile in sorted(row, key=lambda tile: tile[along], reverse=back)] for lane, row in found.items()}


def fault(before: Iterable[Tile], after: Iterable[Tile], direction: str) -> str:
    """Why a move is wrong; "" when every lane has slid and merged and one new number at most has come up."""
    was, now = lanes(before, direction), lanes(after, direction)
    fresh = 0
    for lane, numbers in now.items():
        wanted = slid(next((row for place, row in was.items() if abs(place - lane) <= NEAR), []))
        if numbers == wanted:
            continue
        if not any(numbers[:at] + numbers[at + 1 :] == wanted and numbers[at] in FRESH for at in range(len(numbers))):
            return f"{wanted} should be there, but {numbers} is"
        fresh += 1
    gone = [row for place, row in was.items() if not any(abs(place - lane) <= NEAR for lane in now)]
    if gone:
        return f"{gone[0]} is gone"
    return "" if fresh <= 1 else f"{fresh} new numbers have come up"
