"""Ledgers that hold runs already, as templates: each turn of Synergy gets a fresh copy under the product's own name."""

from __future__ import annotations

import json
from pathlib import Path

from psycopg import sql

from peers.dag import STEPS
from synergy.embedded import postgres

FEW = 10
MANY = 10_000
QUEUES = (*["agents"] * 7, "browser", "browser", "tests", "control", "control")  #: of the steps


def prepare(sockets: Path, recorded: int) -> None:
    """The template with ``recorded`` runs that are done, with their steps, results and history."""
    name = template(recorded)
    with postgres.connect(sockets, "postgres") as link:
        link.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(postgres.NAME)))
    values = {"runs": recorded, "steps": list(STEPS), "queues": list(QUEUES), "result": json.dumps({"text": "x" * 300})}
    with postgres.connect(sockets, name) as link:
        for statement in FILL:
            link.execute(statement, values)
        link.execute("VACUUM ANALYZE")


def fresh(sockets: Path, recorded: int) -> None:
    """Put a copy of the template in the product's place. Nobody may be connected to it."""
    product = sql.Identifier(postgres.NAME)
    with postgres.connect(sockets, "postgres") as link:
        link.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(product))
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        link.execute(made.format(product, sql.Identifier(template(recorded)), product))
        link.execute("CHECKPOINT")  # now, not in the middle of what is measured


def template(recorded: int) -> str:
    return f"ledger_{recorded}"


FILL = (
    "INSERT INTO core_tenant (name, slug) VALUES ('Default', 'default') ON CONFLICT DO NOTHING",
    """
    INSERT INTO core_project (tenant_id, name, slug)
    SELECT t.id, 'Project ' || n, 'project-' || n FROM core_tenant t, generate_series(1, %(runs)s) n WHERE t.slug = 'default'
    """,
    """
    INSERT INTO core_run (id, tenant_id, project_id, message, options, state, reason, stack, confidence, engine, trace_id,
      cost_usd, budget_usd, carried_seconds, created_at, started_at, finished_at)
    SELECT gen_random_uuid(), p.tenant_id, p.id, 'Build a dashboard with auth for ' || p.name, '{}', 'completed', '', 'mern', 0.9,
      'empty/1', md5(p.slug), 0, 5, 0, at.t, at.t, at.t + interval '20 seconds'
    FROM core_project p, LATERAL (SELECT now() - p.id * interval '1 minute' AS t) at
    """,
    """
    INSERT INTO core_step (run_id, name, position, queue, limit_seconds, state, need, attempt, fails, losses, sends, cost_usd,
      error, result, token, worker, ready_at, started_at, finished_at)
    SELECT r.id, step.name, step.n - 1, (%(queues)s::text[])[step.n], 600, 'done', 0, 1, 0, 0, 1, 0, '', %(result)s,
      gen_random_uuid(), gen_random_uuid(), r.started_at, r.started_at, r.started_at + step.n * interval '1 second'
    FROM core_run r, unnest(%(steps)s::text[]) WITH ORDINALITY AS step (name, n)
    """,
    """
    INSERT INTO core_event (run_id, step, kind, attempt, worker, data, at)
    SELECT s.run_id, s.name, kind, 1, s.worker, '{}'::jsonb, CASE kind WHEN 'done' THEN s.finished_at ELSE s.started_at END
    FROM core_step s, unnest(ARRAY['claimed', 'done']) AS kind
    UNION ALL
    SELECT id, '', kind, 0, NULL, '{}'::jsonb, CASE kind WHEN 'created' THEN created_at ELSE finished_at END
    FROM core_run, unnest(ARRAY['created', 'finished']) AS kind
    """,
)
