"""Time that does not count: the database's clock was set, or everything stood still. What was live gets it back."""

from __future__ import annotations

import re

from synergy.workflow.db import ask
from synergy.workflow.times import TIMES

#: ``gap``: seconds by which the clock moved. Others may have written times of the new clock before this is run. So no past time
#: is moved into the future, no lease or limit further than a fresh one, and nothing is due later than it was. When the clock was
#: set back, only past times that lie in the future now are moved: the others may be new, and nothing must look older than it is.
#: "Now" is when a row is read: what others wrote since this transaction began does not lie in the future.
SKIP = re.sub(
    r"past\(([\w.]+)\)",
    r"\1 + least(CASE WHEN \1 > clock_timestamp() THEN gap ELSE ahead END, clock_timestamp() - \1)",
    """
WITH skip AS (
  SELECT %(gap)s * interval '1 second' AS gap, greatest(%(gap)s * interval '1 second', interval '0') AS ahead
), live AS (
  SELECT id FROM core_step WHERE state IN ('ready', 'running') ORDER BY id FOR UPDATE
), steps AS (
  UPDATE core_step s SET due = s.due + gap - ahead, next_attempt_at = s.next_attempt_at + gap - ahead,
    ready_at = past(s.ready_at), started_at = past(s.started_at),
    lease = s.lease + least(ahead, clock_timestamp() + %(lease)s * interval '1 second' - s.lease),
    deadline = s.deadline + least(ahead, clock_timestamp() + s.limit_seconds * interval '1 second' - s.deadline)
  FROM live, skip WHERE s.id = live.id
), beats AS (
  UPDATE core_workerbeat w SET beat = past(w.beat), started_at = past(w.started_at) FROM skip
)
UPDATE core_run r SET started_at = past(r.started_at) FROM skip
WHERE r.state = 'running' AND r.started_at IS NOT NULL RETURNING r.id
""",
)


def skip(gap: float) -> int:
    """Give ``gap`` seconds (negative: the clock was set back) to all that is live; how many runs were working."""
    return len(ask(SKIP, {"gap": gap, "lease": TIMES.lease}))
