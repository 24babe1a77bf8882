"""Who keeps the gate's state: Valkey, in one step for all workers; the database while Valkey does not answer."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from time import monotonic, sleep
from typing import TypeVar

import redis
from django.conf import settings
from django.db import connection, transaction

from inference.llm import gate
from inference.llm.base import Declined, Provider
from inference.llm.gate import Limits, Outcome, State
from inference.models import ModelGate
from synergy.core.artifacts import digest

log = logging.getLogger(__name__)

PATIENCE = 60.0  #: seconds to wait at the gate
NAP = 1.0  #: seconds between two looks at most, so that a cancelled run is noticed
AWAY = (redis.RedisError, OSError)
Answer = TypeVar("Answer")

#: KEYS: the state (a hash), who is inside (a sorted set). The rules of ``gate.enter``; the answer is its milliseconds.
ENTER = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local token, interval, most, lease, burst, failures, probe = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]),
  tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local state = redis.call('HMGET', KEYS[1], 'next', 'closed', 'failures')
local closed = tonumber(state[2] or 0)
if now < closed then return closed - now end
local inside = redis.call('ZCARD', KEYS[2])
if tonumber(state[3] or 0) >= failures and inside > 0 then return probe end
if inside >= most then return interval end
local start = math.max(tonumber(state[1] or 0), now)
local early = start - now - (burst - 1) * interval
if early > 0 then return early end
redis.call('HSET', KEYS[1], 'next', start + interval)
redis.call('ZADD', KEYS[2], now + lease, token)
redis.call('PEXPIRE', KEYS[1], 86400000)
redis.call('PEXPIRE', KEYS[2], 86400000)
return 0
"""

#: The rules of ``gate.leave``.
LEAVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local token, outcome, later, most, base, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]),
  tonumber(ARGV[6])
redis.call('ZREM', KEYS[2], token)
local state = redis.call('HMGET', KEYS[1], 'closed', 'failures')
local closed, failures = tonumber(state[1] or 0), tonumber(state[2] or 0)
if outcome == 'ok' then failures = 0 elseif outcome == 'down' then failures = failures + 1 end
if later > 0 then closed = math.max(closed, now + later) end
if outcome == 'down' and failures >= most then
  closed = math.max(closed, now + math.min(limit, base * 2 ^ (failures - most)))
end
redis.call('HSET', KEYS[1], 'closed', closed, 'failures', failures)
redis.call('PEXPIRE', KEYS[1], 86400000)
return 0
"""


@dataclass(frozen=True)
class Gate:
    """The gate before one provider and key."""

    name: str
    limits: Limits

    @contextmanager
    def passed(self, stop: Callable[[], None], patience: float = PATIENCE) -> Iterator[Visit]:
        """Inside of it a call may be made. Declined when no place came free within ``patience`` seconds; ``stop`` may raise."""
        visit = Visit(str(uuid.uuid4()))
        end = monotonic() + patience
        while wait := self.enter(visit.token):
            if monotonic() + wait / 1000 > end:
                raise Declined("The provider takes no calls at the moment.", retry_after=wait / 1000)
            stop()
            sleep(min(wait / 1000, NAP))
        try:
            yield visit
        finally:
            self.leave(visit)

    def enter(self, token: str) -> int:
        """0 when the call may go out, else the milliseconds after which to ask again."""
        limits = self.limits
        given = (token, limits.interval_ms, limits.concurrency, limits.lease_ms, gate.BURST, gate.FAILURES, gate.PROBE_MS)
        wait: int = _kept(lambda: _script(ENTER)(self._keys, given), lambda: self._in_database(_enter, token, limits))
        return wait

    def leave(self, visit: Visit) -> None:
        given = (visit.token, visit.outcome, visit.later_ms, gate.FAILURES, gate.CLOSED_MS, gate.MOST_CLOSED_MS)
        _kept(lambda: _script(LEAVE)(self._keys, given), lambda: self._in_database(_leave, visit))

    @property
    def _keys(self) -> tuple[str, str]:
        return f"synergy:gate:{self.name}", f"synergy:gate:{self.name}:inside"

    def _in_database(self, rule: Callable[..., tuple[State, int]], *given: object) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            ModelGate.objects.bulk_create([ModelGate(name=self.name)], ignore_conflicts=True)
            row = ModelGate.objects.select_for_update().get(name=self.name)
            cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            state, wait = rule(State(**row.state), cursor.fetchone()[0], *given)
            row.state = asdict(state)
            row.save()
        return wait


@dataclass
class Visit:
    """A call inside of the gate, and what it says about the provider."""

    token: str
    outcome: Outcome = "none"
    later_ms: int = 0


def _enter(state: State, now: int, token: str, limits: Limits) -> tuple[State, int]:
    return gate.enter(state, now, token, limits)


def _leave(state: State, now: int, visit: Visit) -> tuple[State, int]:
    return gate.leave(state, now, visit.token, visit.outcome, visit.later_ms), 0


def gate_of(provider: Provider) -> Gate:
    """The gate of a provider: a key of its own has a gate of its own. The key itself is not part of the name."""
    name = digest(f"{provider.url} {provider.key}".encode())[:16]
    return Gate(name, Limits(provider.rate, provider.concurrency, int(provider.deadline * 1000) + 10_000))


def _kept(valkey: Callable[[], Answer], database: Callable[[], Answer]) -> Answer:
    try:
        return valkey()
    except AWAY as error:
        log.warning("Valkey does not answer, the gate of the models is kept in the database: %s", error)
        return database()


def _script(text: str) -> Callable[..., int]:
    return _script_at(str(settings.CACHES["default"]["LOCATION"]), text)


@cache
def _script_at(url: str, text: str) -> Callable[..., int]:
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    script: Callable[..., int] = client.register_script(text)
    return script
