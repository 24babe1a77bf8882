"""Spending: what a call may cost is set aside before it, what it did cost is booked after it, and no answer is paid twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

DEGRADED = 0.8  #: share of a budget from which on cheaper models and fewer repairs are used


@dataclass(frozen=True)
class Order:
    """A call that costs money, before it is made."""

    key: str  #: SHA-256 of the request: the same key is never paid twice in a step
    worst_usd: float  #: it cannot cost more than this
    activity: str = ""  #: plan, ui, mediation …: what the money is for
    request: str = ""  #: what is asked, for people; without secrets


@dataclass(frozen=True)
class Paid:
    """An answer and what it cost. ``saved_usd``: what it would have cost, had it not been at hand."""

    answer: str
    cost_usd: float
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    saved_usd: float = 0.0


@dataclass(frozen=True)
class Purse:
    """What a run may spend and what it has spent, in US dollars. ``held``: set aside for calls whose end is not known (yet)."""

    budget: float
    spent: float = 0.0
    held: float = 0.0

    @property
    def degraded(self) -> bool:
        return self.spent + self.held >= DEGRADED * self.budget


class Book(Protocol):
    """Where a step sets money aside and keeps the answers it paid for."""

    def reserve(self, order: Order) -> Paid | None:
        """Set ``order.worst_usd`` aside, or give the answer that was paid for before. Raises OverBudget where a limit is in the
        way: of the run, its project or its tenant. BudgetSpent: the run has spent all it may."""

    def settle(self, order: Order, paid: Paid) -> Paid:
        """Book what it cost and keep the answer for good; returns what is kept: another's answer when that one was first."""

    def release(self, order: Order) -> None:
        """Nothing was spent: what was set aside is free again. (A call whose end is not known is not released.)"""

    def reject(self, order: Order) -> None:
        """The answer was of no use: it is not given to anybody else, and its price counts as wasted."""

    def purse(self) -> Purse:
        """What is left of the run's budget."""


class Notebook:
    """A book that forgets, with all the money in the world: for steps outside of a run."""

    def __init__(self, budget_usd: float = float("inf")) -> None:
        self._paid: dict[str, Paid] = {}
        self._budget = budget_usd

    def reserve(self, order: Order) -> Paid | None:
        return self._paid.get(order.key)

    def settle(self, order: Order, paid: Paid) -> Paid:
        return self._paid.setdefault(order.key, paid)

    def release(self, order: Order) -> None: ...

    def reject(self, order: Order) -> None: ...

    def purse(self) -> Purse:
        return Purse(self._budget, sum(paid.cost_usd for paid in self._paid.values()))
