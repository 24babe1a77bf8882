"""Ask a model and get a value, or hear why there is none. What an answer may cost is set aside first; what it says is checked.

One question is one request, one repair when the answer does not fit, then the same with the cheaper model. Nothing here raises
because a model misbehaves but ``NoAnswer``, and who asks goes on without one.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from django.utils.module_loading import import_string
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from inference.llm.base import LOOK, Declined, Provider, Reply, Unsure, Unusable, provider
from inference.llm.keepers import Visit, gate_of
from inference.llm.prompts import RULES, fenced
from synergy.core.artifacts import digest
from synergy.core.bench import Bench
from synergy.core.errors import BudgetSpent, OverBudget, ServiceDown
from synergy.core.spans import Attributes, span
from synergy.core.spending import Order, Paid
from synergy.core.types import Usage, Value

RETRIES = (1.0, 2.0, 4.0)  #: seconds before each further try of what was declined
LONGEST_WAIT = 30.0  #: seconds; a provider that wants to be left alone for longer is not waited for
QUOTED = 6000  #: characters of a wrong answer that are shown to the model again

#: What an endpoint understands beside the common interface: host → more of the request
EXTRAS = {"openrouter.ai": {"usage": {"include": True}, "provider": {"data_collection": "deny"}}}

#: Loaded with the first question: the SDK takes a second to import, which nobody without a key should pay for.
POST, PRICES = "inference.llm.wire.post", "inference.llm.prices."

T = TypeVar("T", bound=Value)


class NoAnswer(ServiceDown):
    """No model gave an answer that can be used."""


class _Unfit(ServiceDown):
    """The answer is not what was asked for."""


@dataclass(frozen=True)
class Question(Generic[T]):
    """``prompt``: what is to be done; ``data``: with what. ``check`` says what is wrong with a value; "" = nothing."""

    activity: str  #: what the money is for, as the ledger calls it
    prompt: str
    data: Mapping[str, str]
    answer: type[T]
    max_tokens: int = 4000
    check: Callable[[T], str] = lambda value: ""


@dataclass(frozen=True)
class Answer(Generic[T]):
    """``orders``: what was paid for it, for ``Book.reject`` when it turns out to be of no use."""

    value: T
    usage: Usage
    model: str = ""
    orders: tuple[Order, ...] = ()


@dataclass
class _Tally:
    """What the calls for one question came to."""

    paid: list[Paid] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)

    @property
    def usage(self) -> Usage:
        return Usage(
            calls=len(self.paid),
            tokens_in=sum(paid.tokens_in for paid in self.paid),
            tokens_out=sum(paid.tokens_out for paid in self.paid),
            cost_usd=sum(paid.cost_usd for paid in self.paid),
        )


def ask(bench: Bench, question: Question[T]) -> Answer[T]:
    """The answer of the best model that gives one.

    Raises NoAnswer (without a key, too), BudgetSpent when the run has spent all it may, Cancelled.
    """
    to = provider()
    if to is None:
        raise NoAnswer("There is no key for a model.", hint="Set OPENROUTER_API_KEY.")
    degraded = bench.book.purse().degraded
    tally, faults = _Tally(), []
    for model in (to.fallback,) if degraded else to.models:
        try:
            value = _valid(bench, to, model, question, tally, repairs=0 if degraded else 1)
            return Answer(value, tally.usage, model, tuple(tally.orders))
        except BudgetSpent:
            raise
        except (ServiceDown, OverBudget) as error:
            bench.note(f"{question.activity}: {model}: {error.message}")
            faults.append(f"{model}: {error.message}")
    raise NoAnswer(" ".join(faults))


def help_with(bench: Bench, question: Question[T]) -> Answer[T] | None:
    """The answer; None, with a note, where no model gives one. Raises BudgetSpent, Cancelled."""
    try:
        return ask(bench, question)
    except NoAnswer as error:
        bench.note(f"No model helped: {error.message}")
        return None


def _valid(bench: Bench, to: Provider, model: str, question: Question[T], tally: _Tally, *, repairs: int) -> T:
    """An answer of this model that fits, at the first or second try."""
    messages = [
        {"role": "system", "content": f"{question.prompt}\n{RULES}"},
        {"role": "user", "content": fenced(question.data)},
    ]
    for left in range(repairs, -1, -1):
        body = _body(to, model, messages, question)
        order = _order(body, question)
        paid = bench.pay_once(order, partial(_call, bench, to, body))
        tally.paid.append(paid)
        tally.orders.append(order)
        value, wrong = _read(paid.answer, question)
        if value is not None:
            return value
        bench.book.reject(order)
        if left:
            messages = [*messages, *_again(paid.answer, wrong)]
    raise _Unfit(f"Its answer does not fit: {wrong[:300]}")


def _read(text: str, question: Question[T]) -> tuple[T | None, str]:
    """(the value, "") or (None, what is wrong)."""
    try:
        value = question.answer.model_validate_json(json.dumps(_clean(json.loads(text))))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return None, "; ".join(f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}" for one in found[:10])
    except ValueError as error:
        return None, f"It is no JSON: {error}"
    wrong = question.check(value)
    return (None, wrong) if wrong else (value, "")


def _clean(value: Any) -> Any:
    """Texts without control characters, which neither a database nor a terminal should get."""
    if isinstance(value, dict):
        return {_clean(name): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    if isinstance(value, str):
        return "".join(c for c in value.encode(errors="replace").decode() if c.isprintable() or c in "\n\t")
    return value


def _again(text: str, wrong: str) -> Iterator[dict[str, str]]:
    yield {"role": "assistant", "content": text[:QUOTED]}
    yield {"role": "user", "content": f"That answer cannot be used. {fenced({'what is wrong': wrong[:2000]})}\nAnswer once more."}


def _body(to: Provider, model: str, messages: list[dict[str, str]], question: Question[Any]) -> dict[str, Any]:
    """The request. Equal questions give equal bytes."""
    schema = {"name": question.answer.__name__, "strict": True, "schema": question.answer.model_json_schema()}
    more = next((extra for host, extra in EXTRAS.items() if f"//{host}/" in f"{to.url}/"), None)
    return {
        "model": model,
        "messages": messages,
        "response_format": {"type": "json_schema", "json_schema": schema},
        "max_tokens": question.max_tokens,
        "temperature": 0,
        **({"extra_body": more} if more else {}),
    }


def _order(body: dict[str, Any], question: Question[Any]) -> Order:
    request = json.dumps(body, sort_keys=True, ensure_ascii=False)
    worst = import_string(PRICES + "worst")(body["model"], len(request.encode()), question.max_tokens)
    return Order(digest(request.encode()), worst, question.activity, request)


def _call(bench: Bench, to: Provider, body: dict[str, Any], key: str) -> Paid:
    """Send it; again where it was declined. Declined when it stays so, Unsure when nobody knows whether it was charged."""
    gate = gate_of(to)
    end = time.monotonic() + to.deadline
    for wait in (*RETRIES, None):
        with gate.passed(bench.check_stop, max(0.0, end - time.monotonic())) as visit:
            try:
                reply = _sent(bench, to, body, key, visit)
                return _booked(body["model"], reply)
            except Unusable:
                raise
            except Declined as error:
                pause = error.retry_after if error.retry_after is not None else wait and wait * random.uniform(1.0, 1.2)  # noqa: S311
                if wait is None or pause is None or pause > LONGEST_WAIT:
                    raise
        _rest(bench, pause)
    raise AssertionError("unreachable")


def _sent(bench: Bench, to: Provider, body: dict[str, Any], key: str, visit: Visit) -> Reply:
    """One request, and what it says about the provider."""
    try:
        with span(f"chat {body['model']}", _told(to, body), kind=SpanKind.CLIENT) as seen:
            reply: Reply = import_string(POST)(to, body, key, bench.stopped)
            seen.set_attributes(_told_back(reply))
    except Unusable:
        raise
    except (Declined, Unsure) as error:
        visit.outcome, visit.later_ms = "down", int((error.retry_after or 0) * 1000)
        raise
    visit.outcome = "ok"
    return reply


def _told(to: Provider, body: dict[str, Any]) -> Attributes:
    """What a trace shows of a request: no prompt, no key."""
    host = urlsplit(to.url).hostname or ""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openrouter" if host == "openrouter.ai" else host,
        "gen_ai.request.model": body["model"],
        "gen_ai.request.max_tokens": body["max_tokens"],
        "gen_ai.request.temperature": body["temperature"],
        "server.address": host,
    }


def _told_back(reply: Reply) -> Attributes:
    told: dict[str, str | int | float | tuple[str, ...]] = {
        "gen_ai.response.model": reply.model,
        "gen_ai.response.finish_reasons": (reply.finish,),
        "gen_ai.usage.input_tokens": reply.tokens_in,
        "gen_ai.usage.output_tokens": reply.tokens_out,
    }
    return told if reply.cost_usd is None else told | {"synergy.cost_usd": reply.cost_usd}


def _booked(asked: str, reply: Reply) -> Paid:
    """What is kept of a reply: text that any database takes."""
    text = reply.text.replace("\x00", "").encode(errors="replace").decode()
    return Paid(text, import_string(PRICES + "spent")(asked, reply), reply.model, reply.tokens_in, reply.tokens_out)


def _rest(bench: Bench, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        bench.check_stop()
        time.sleep(min(left, LOOK))
