"""The book of a step: what it may spend is set aside in the ledger, what it spent is booked, and no answer is paid twice."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from decimal import Decimal

from synergy.core.errors import BudgetSpent, OverBudget
from synergy.core.spending import Order, Paid, Purse
from synergy.workflow.db import rows

RESERVE = """
SELECT verdict, answer, cost, model, tokens_in, tokens_out, saved
FROM core_reserve(%(run)s, %(step)s, %(key)s, %(token)s, %(worst)s::numeric, %(activity)s, %(request)s)
"""
SETTLE = """
SELECT answer, cost, model, tokens_in, tokens_out, saved
FROM core_settle(%(run)s, %(step)s, %(key)s, %(token)s, %(answer)s, %(cost)s::numeric, %(model)s, %(in)s, %(out)s)
"""
REJECT = "UPDATE core_call SET wasted = true WHERE run_id = %(run)s AND step = %(step)s AND key = %(key)s RETURNING id"
PURSE = "SELECT budget_usd, cost_usd, reserved_usd FROM core_run WHERE id = %(run)s"

#: whose limit is in the way → words for a person
LIMITS = {
    "spent": "All that this run may cost is spent.",
    "run": "The next call could cost more than is left of the run's budget.",
    "project": "The next call could cost more than is left of the project's budget.",
    "tenant": "The next call could cost more than is left of this month's budget.",
}
RAISE = "Raise the limit in the admin, then resume the run."


@dataclass(frozen=True)
class Ledger:
    """The book of one attempt of one step of a run."""

    run: uuid.UUID
    step: str
    _tokens: dict[str, str] = field(default_factory=dict)  #: key of an order → what its latest reservation goes by

    def reserve(self, order: Order) -> Paid | None:
        self._tokens[order.key] = str(uuid.uuid4())
        values = {"worst": order.worst_usd, "activity": order.activity, "request": order.request}
        verdict, *known = rows(RESERVE, {**self._names(order), **values})[0]
        if verdict == "known":
            return _paid(*known)
        if verdict != "reserved":
            raise (BudgetSpent if verdict == "spent" else OverBudget)(LIMITS[verdict], hint=RAISE)
        return None

    def settle(self, order: Order, paid: Paid) -> Paid:
        spent = {"cost": paid.cost_usd, "model": paid.model, "in": paid.tokens_in, "out": paid.tokens_out}
        return _paid(*rows(SETTLE, {**self._names(order), **spent, "answer": paid.answer})[0])

    def release(self, order: Order) -> None:
        rows(SETTLE, {**self._names(order), "cost": 0, "model": "", "in": 0, "out": 0, "answer": None})

    def reject(self, order: Order) -> None:
        rows(REJECT, {"run": self.run, "step": self.step, "key": order.key})

    def purse(self) -> Purse:
        return Purse(*map(float, rows(PURSE, {"run": self.run})[0]))

    def _names(self, order: Order) -> dict[str, object]:
        return {"run": self.run, "step": self.step, "key": order.key, "token": self._tokens[order.key]}


def _paid(answer: str, cost: Decimal, model: str, tokens_in: int, tokens_out: int, saved: Decimal) -> Paid:
    return Paid(answer, float(cost), model, tokens_in, tokens_out, float(saved))
