"""A ledger of 1,000,000 recorded steps, and a look at what a statement reads of it.

91,000 runs that ended (of 50 tenants, 2,000 projects, 90 days) with 12 steps, 25 events and 2 paid calls each, 400 live runs in
every state, 30,000 incidents: all that failed was reported. It is filled in SQL, by a superuser without triggers or WAL, and indexes come last:
otherwise it takes minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg

ENDED, LIVE = 91_000, 400
TABLES = ("core_run", "core_step", "core_event", "core_call", "monitor_incident")
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT JSON)"
REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck")

FILL = """
INSERT INTO core_tenant (name, slug) SELECT 'Tenant ' || n, 'tenant-' || n FROM generate_series(1, 50) n;
INSERT INTO core_project (tenant_id, name, slug) SELECT t.id, 'Project ' || n, 'project-' || n FROM core_tenant t, generate_series(1, 40) n;
INSERT INTO core_workerbeat (id, beat, lock_key, host, pid, engine, queues, started_at)
SELECT gen_random_uuid(), now() + interval '1 day', n, 'host', n, 'tiny/1', 'agents,control', now() - interval '1 hour'
FROM generate_series(1, 24) n;

CREATE TEMPORARY TABLE shape (position int, name text, queue text);
INSERT INTO shape SELECT ordinality - 1, name, queue FROM unnest(%(names)s::text[], %(queues)s::text[]) WITH ORDINALITY u (name, queue);

CREATE TEMPORARY TABLE plan AS
SELECT gen_random_uuid() AS id, n, n > %(ended)s AS live, now() - interval '90 days' * (1 - n::float8 / (%(ended)s + %(live)s)) AS at
FROM generate_series(1, %(ended)s + %(live)s) n;
CREATE TEMPORARY TABLE place AS SELECT id, tenant_id, row_number() OVER () - 1 AS number FROM core_project;
ANALYZE plan, shape, place;

INSERT INTO core_run (id, tenant_id, project_id, message, options, state, reason, stack, confidence, engine, trace_id, cost_usd, budget_usd,
  carried_seconds, created_at, started_at, finished_at, reported)
SELECT p.id, j.tenant_id, j.id, 'Track orders, customers and invoices for bakery ' || n, '{}',
  CASE WHEN live THEN (ARRAY['queued', 'running', 'running', 'paused'])[1 + n %% 4]
    ELSE (ARRAY['completed', 'completed', 'completed', 'completed', 'rejected', 'failed', 'refused', 'cancelled'])[1 + n %% 8] END,
  '', (ARRAY['fastapi-react', 'mern', 't3'])[1 + n %% 3], 0.9, 'tiny/1', md5(n::text), 0.25, 5, 0, at, CASE WHEN live THEN now() ELSE at END, CASE WHEN NOT live THEN at + interval '5 minutes' END,
  NOT live AND n %% 8 = 5
FROM plan p JOIN place j ON j.number = n %% 2000;

INSERT INTO core_step (run_id, name, position, queue, limit_seconds, state, need, attempt, fails, losses, sends, token, worker, result, cost_usd, error,
  due, ready_at, started_at, finished_at, lease, deadline)
SELECT p.id, s.name, s.position, s.queue, 600, state, CASE state WHEN 'waiting' THEN 1 ELSE 0 END, 1, 0, 0, 1, p.id,
  CASE WHEN state = 'running' THEN (SELECT id FROM core_workerbeat WHERE pid = 1 + n %% 24) END,
  CASE WHEN state = 'done' THEN '{"text": "' || repeat(md5(n::text), 2) || '"}' END, 0.02, '',
  CASE WHEN state = 'ready' THEN now() + (n %% 20) * interval '1 minute' END, CASE WHEN live THEN now() ELSE at END, at,
  CASE WHEN state = 'done' THEN at + interval '30 seconds' END,
  CASE WHEN state = 'running' THEN now() + interval '1 day' END, CASE WHEN state = 'running' THEN now() + interval '1 day' END
FROM plan p CROSS JOIN shape s CROSS JOIN LATERAL (SELECT CASE WHEN NOT live OR s.position < n %% 12 THEN 'done'
  WHEN s.position > n %% 12 THEN 'waiting' WHEN n %% 4 IN (1, 2) THEN 'running' ELSE 'ready' END AS state) x;

INSERT INTO core_event (run_id, step, kind, attempt, data, at)
SELECT p.id, e.name, e.kind, 1, '{}', at
FROM plan p CROSS JOIN (SELECT name, kind FROM shape, unnest(ARRAY['claimed', 'done']) kind
  UNION ALL SELECT '', unnest(ARRAY['created', 'note', 'finished'])) e (name, kind);

INSERT INTO core_call (run_id, step, key, answer, cost_usd, at)
SELECT id, step, md5(n::text) || md5(step), 'An answer.', 0.01, at FROM plan, unnest(ARRAY['plan', 'code:backend']) step WHERE NOT live;

INSERT INTO monitor_incident (run_id, tenant_id, step, queue, remedy, seen, done, since_seconds, took_seconds, alert, at)
SELECT plan.id, tenant_id, 'ui', 'agents', 'dead_letters', 'The run failed.', 'Nothing is tried any more.', 1, 0.01, true, at
FROM plan JOIN place ON number = n %% 2000 WHERE NOT live AND n %% 8 = 5
UNION ALL
SELECT plan.id, tenant_id, 'ui', (ARRAY['agents', 'browser', 'tests'])[1 + n %% 3], (ARRAY['lost_steps', 'due_steps', 'waiting_queues'])[1 + n %% 3], 'It was lost.', 'It was sent again.', 1, 0.01, false, at
FROM plan JOIN place ON number = n %% 2000 WHERE n %% 5 = 0 ORDER BY at;
DROP TABLE plan, shape, place;
"""


def fill(session: psycopg.Connection, names: list[str], queues: list[str]) -> None:
    """``session`` is a superuser's, on an empty migrated database."""
    session.execute("SET session_replication_role = replica")  # no triggers: foreign keys are right by construction
    session.execute("SET maintenance_work_mem = '256MB'")
    with session.transaction():
        for table in reversed(TABLES):  # who refers to others comes first
            session.execute(f"ALTER TABLE {table} SET UNLOGGED")
        indexes = session.execute(
            "SELECT c.relname, x.indexrelid::regclass::text, pg_get_indexdef(x.indexrelid), k.conname, pg_get_constraintdef(k.oid)"
            " FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.contype IN ('u', 'p')"
            " WHERE NOT (x.indisprimary AND c.relname = 'core_run') AND c.relname = ANY(%s)",
            [list(TABLES)],
        ).fetchall()
        for table, index, _, constraint, _ in indexes:
            session.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}")
        psycopg.ClientCursor(session).execute(FILL, {"ended": ENDED, "live": LIVE, "names": names, "queues": queues})
        for table, _, definition, constraint, rule in indexes:
            session.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {rule}" if constraint else definition)
    session.execute("VACUUM (ANALYZE)")


@dataclass(frozen=True)
class Look:
    """What one execution of a statement read. ``whole``: big tables that it read from one end to the other."""

    statement: str
    whole: tuple[str, ...]
    removed: int  #: rows of big tables that were read and thrown away
    compared: int  #: pairs of rows that a join looked at and threw away
    written: int  #: rows of big tables that were changed or added
    buffers: int  #: pages of 8 kB

    def __str__(self) -> str:
        read = f"{self.buffers} buffers, {self.written} rows written, {self.removed} rows removed, {self.compared} pairs compared"
        return f"{read}, whole: {' '.join(self.whole) or 'nothing'}: {self.statement}"


def look(link: psycopg.Connection, statement: str, values: dict | None = None, *, generic: bool = False) -> Look:
    """Run ``statement`` in the transaction of ``link`` and take back what it did. ``generic``: by the plan for whatever values."""
    cursor = psycopg.ClientCursor(link)
    cursor.execute("SAVEPOINT look")
    try:
        if generic:
            numbers: dict[str, str] = {}
            text = re.sub(r"%\((\w+)\)s", lambda found: numbers.setdefault(found[1], f"${len(numbers) + 1}"), statement)
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            kinds = ", ".join("float8" if isinstance((values or {})[name], float) else "unknown" for name in numbers)
            psycopg.Cursor(link).execute(f"PREPARE look{f'({kinds})' if kinds else ''} AS {text}".encode())
            places = ", ".join(f"%({name})s" for name in numbers)
            explained = cursor.execute(f"{EXPLAIN} EXECUTE look{f'({places})' if places else ''}", values).fetchone()
        else:
            explained = cursor.execute(f"{EXPLAIN} {statement}", values).fetchone()
    finally:
        cursor.execute("ROLLBACK TO SAVEPOINT look; DEALLOCATE ALL")
    plan = explained[0][0]["Plan"]
    nodes = list(walk(plan))
    # What changes rows and is read by nobody does not count in the plan above it. What is read counts twice: so be it.
    counted = [plan, *(node for node in nodes if node.get("Subplan Name", "").startswith("CTE "))]
    changes = [node for node in nodes if node["Node Type"] == "ModifyTable" and node.get("Relation Name") in TABLES]
    written = [child for node in changes for child in node.get("Plans", ()) if child["Parent Relationship"] == "Outer"]
    scans = [node for node in nodes if node.get("Relation Name") in TABLES]
    return Look(
        " ".join(statement.split()),
        tuple(scan["Relation Name"] for scan in scans if scan["Node Type"] == "Seq Scan"),
        sum(scan.get(key, 0) * scan["Actual Loops"] for scan in scans for key in REMOVED),
        sum(node.get("Rows Removed by Join Filter", 0) * node["Actual Loops"] for node in nodes),
        sum(node["Actual Rows"] * node["Actual Loops"] for node in written),
        sum(node["Shared Hit Blocks"] + node["Shared Read Blocks"] for node in counted),
    )


def walk(node: dict):
    yield node
    for child in node.get("Plans", ()):
        yield from walk(child)
