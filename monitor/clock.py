"""The one statement that every look begins with: is there anything to do, and does the time since the last look count?

Nobody looked while the machine was off, the database was away or everybody was dead. Nobody knows what a clock says that was
set. Such time does not count: it is given back to all that is live before anybody is judged by it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from monitor.models import Clock
from monitor.remedies.base import Repair, Tell
from synergy.workflow.clock import skip
from synergy.workflow.db import ask
from synergy.workflow.times import TIMES

NOBODY = 30.0  #: seconds without any look
JUMP = 2.0  #: seconds by which a clock that was set is off, at least
FULL = 10.0  #: seconds between two looks with all remedies

#: ``moved`` has a row for one process in each second: for what one of all may do. A process that has looked before knows what
#: time to expect by its own clock, so it notices a jump forward that is too small to pass for an outage.
LOOK = """
WITH patience AS (
  SELECT CASE WHEN now() > to_timestamp(%(expected)s) + %(jump)s * interval '1 second' THEN %(jump)s ELSE %(nobody)s END
    * interval '1 second' AS most
), moved AS (
  UPDATE monitor_clock SET seen = now() FROM patience
  WHERE id = 1 AND seen BETWEEN now() - most AND now() - interval '1 second' RETURNING id
)
SELECT extract(epoch FROM now())::float8, extract(epoch FROM most)::float8,
  c.seen NOT BETWEEN now() - most AND now() + %(jump)s * interval '1 second',
  c.silent AND c.whole < now() - %(full)s * interval '1 second', ARRAY[__QUESTIONS__]::boolean[]
FROM monitor_clock c, patience WHERE c.id = 1
"""

SETTLE = """
UPDATE monitor_clock c SET seen = now(), whole = now(), beat = CASE WHEN silent THEN now() - interval '1 hour' ELSE now() END
FROM (SELECT seen FROM monitor_clock WHERE id = 1 FOR UPDATE) old
WHERE c.id = 1 AND old.seen NOT BETWEEN now() - %(most)s * interval '1 second' AND now() + %(jump)s * interval '1 second'
RETURNING extract(epoch FROM now() - old.seen)::float8
"""

ALONE = """
UPDATE monitor_clock SET whole = now()
WHERE id = 1 AND silent AND whole < now() - %(full)s * interval '1 second' RETURNING id
"""


@dataclass(frozen=True)
class Look:
    """``off``: the time since the last look does not count. ``alone``: beat is silent, and a full look is due."""

    most: float  #: seconds that may lie between two looks
    off: bool
    alone: bool
    found: frozenset[str]  #: names of the questions whose answer is yes


_known: tuple[float, float] | None = None  #: what the database's clock said at our last look, and what our own


def look(questions: Mapping[str, str]) -> Look:
    """Ask; at most once a second somebody writes that somebody looked. One statement, about a millisecond."""
    global _known  # of this process, like the clock it is read from
    own = time.monotonic()
    values = {
        "expected": _known and _known[0] + own - _known[1],
        "jump": JUMP,
        "nobody": NOBODY,
        "full": FULL,
        "lease": TIMES.lease,
        "grace": TIMES.grace,
        "calm": TIMES.calm,
    }
    statement = LOOK.replace("__QUESTIONS__", ", ".join(questions.values()))
    rows = ask(statement, values)
    if not rows:
        Clock.objects.bulk_create([Clock(id=1)], ignore_conflicts=True)
        rows = ask(statement, values)
    [(now, most, off, alone, answers)] = rows
    _known = (now, own)
    return Look(most, off, alone, frozenset(name for name, yes in zip(questions, answers, strict=True) if yes))


@transaction.atomic
def settle(seen: Look, tell: Tell) -> None:
    """Give back the time that does not count. Of several who saw it, one does."""
    for (gap,) in ask(SETTLE, {"most": seen.most, "jump": JUMP}):
        runs = skip(gap)
        words = f"The clock was set back by {-gap:,.0f} s." if gap < 0 else f"The clock moved by {gap:,.0f} s, or nobody looked."
        tell(Repair(words, f"That time does not count: {runs} working runs and all that waits got it back.", since=abs(gap)))


def alone() -> bool:
    """Whether this process may do the full look that beat does not ask for. Of several, one may."""
    return bool(ask(ALONE, {"full": FULL}))


def beat_spoke() -> None:
    """Beat asked for a full look."""
    ask("UPDATE monitor_clock SET beat = now(), whole = now() WHERE id = 1 RETURNING id", {})
