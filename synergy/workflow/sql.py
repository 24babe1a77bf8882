"""The engine's statements. Each is one round trip and one commit, and gives the same when it is sent twice.

Times are the database's: ``now()`` of one server orders everything, whatever the clocks of the workers say.
"""

#: A new run with its steps and, where there is none of that name, its project. No row = the run, or its idempotency key, is there
#: already. The project comes after the run that wants it, so that nothing is left of a run that was refused.
ENTER = """
WITH known AS (
  SELECT id FROM core_project WHERE tenant_id = %(tenant)s AND slug = %(slug)s
), project AS (
  SELECT id FROM known
  UNION ALL
  SELECT nextval(pg_get_serial_sequence('core_project', 'id')) WHERE NOT EXISTS (SELECT 1 FROM known)
), run AS (
  INSERT INTO core_run (id, tenant_id, project_id, message, options, state, reason, stack, confidence, cost_usd, budget_usd,
    engine, idempotency_key, trace_id, span_id, parent_id, revises_id, carried_seconds)
  SELECT %(run)s::uuid, %(tenant)s, project.id, %(message)s, %(options)s::jsonb, 'queued', '', %(stack)s, %(confidence)s::float8,
    %(cost)s, %(budget)s, %(engine)s, %(key)s, %(trace)s, %(span)s, %(parent)s::uuid, %(revises)s::uuid,
    %(carried)s::float8 FROM project
  ON CONFLICT DO NOTHING RETURNING id, project_id, created_at
), made AS (
  INSERT INTO core_project (id, tenant_id, slug, name)
  SELECT project_id, %(tenant)s, %(slug)s, %(title)s FROM run WHERE NOT EXISTS (SELECT 1 FROM known)
), steps AS (
  INSERT INTO core_step (run_id, name, position, queue, limit_seconds, state, need, attempt, fails, losses, sends, ready_at, due,
    result, cost_usd, error, started_at, finished_at)
  SELECT run.id, s.name, s.position - 1, s.queue, s.seconds,
    CASE WHEN old.id IS NOT NULL THEN 'done' WHEN s.need = 0 THEN 'ready' ELSE 'waiting' END,
    CASE WHEN old.id IS NULL THEN s.need ELSE 0 END, 0, 0, 0, go.on::int, CASE WHEN go.on THEN now() END,
    CASE WHEN go.on THEN now() + %(resend)s * interval '1 second' END,
    old.result, coalesce(old.cost_usd, 0), '', old.started_at, old.finished_at
  FROM run CROSS JOIN unnest(%(names)s::text[], %(queues)s::text[], %(limits)s::float8[], %(needs)s::int[])
    WITH ORDINALITY AS s (name, queue, seconds, need, position)
  LEFT JOIN core_step old ON old.run_id = %(parent)s::uuid AND old.name = s.name AND s.name = ANY(%(taken)s::text[])
  CROSS JOIN LATERAL (SELECT s.need = 0 AND old.id IS NULL AS on) go
), told AS (
  INSERT INTO core_event (run_id, step, kind, attempt, data)
  SELECT id, '', 'created', 0, jsonb_build_object('parent', %(parent)s::uuid) FROM run
)
SELECT project_id, created_at FROM run
"""


def wake(run: str) -> str:
    """Wakes who waits for news of ``run``, an expression of type uuid."""
    return f"pg_notify('synergy_run_' || replace(({run})::text, '-', ''), '')"


#: What a step reads: the run, and the results of the steps before it.
INPUTS = """
SELECT r.message, r.options, r.project_id, r.cost_usd, r.carried_seconds + extract(epoch FROM now() - r.started_at)::float8,
  (SELECT coalesce(json_object_agg(s.name, s.result), '{}') FROM core_step s
   WHERE s.run_id = r.id AND s.name = ANY(%(names)s) AND s.state = 'done'), r.trace_id, r.span_id
FROM core_run r WHERE r.id = %(run)s
"""

#: Take a ready step: a fresh token, a lease; the answer has what it reads. No row = somebody else has it, its run rests, or
#: another engine must do it.
CLAIM = """
WITH taken AS (
  UPDATE core_step s SET state = 'running', token = %(token)s, worker = %(worker)s, due = NULL, next_attempt_at = NULL,
    attempt = s.attempt + (s.token IS DISTINCT FROM %(token)s)::int,
    started_at = CASE WHEN s.token IS DISTINCT FROM %(token)s THEN now() ELSE s.started_at END,
    lease = now() + %(lease)s * interval '1 second', deadline = now() + s.limit_seconds * interval '1 second'
  FROM core_run r
  WHERE s.run_id = %(run)s AND s.name = %(name)s
    AND r.id = s.run_id AND r.engine = %(engine)s AND r.state IN ('queued', 'running')
    AND ((s.state = 'ready' AND coalesce(s.next_attempt_at <= now(), true)) OR (s.state = 'running' AND s.token = %(token)s))
  RETURNING s.run_id, s.name, s.attempt, s.started_at = now() AS fresh
), begun AS (
  UPDATE core_run r SET state = 'running', started_at = coalesce(r.started_at, now())
  FROM taken WHERE r.id = taken.run_id AND r.state = 'queued'
), told AS (
  INSERT INTO core_event (run_id, step, kind, attempt, worker, data)
  SELECT run_id, name, 'claimed', attempt, %(worker)s, '{}' FROM taken WHERE fresh
)
SELECT taken.attempt, given.* FROM taken, LATERAL (__INPUTS__) given
""".replace("__INPUTS__", INPUTS)

#: Record a result: fenced by the token; counts the successors down and readies (or, ``inline``, claims) what needs nothing more.
RECORD = """
WITH done AS (
  UPDATE core_step SET state = 'done', result = %(result)s, error = '', finished_at = now(),
    lease = NULL, deadline = NULL
  WHERE run_id = %(run)s AND name = %(name)s AND token = %(token)s AND state = 'running'
  RETURNING run_id, attempt
), next AS (
  UPDATE core_step s SET need = s.need - 1, sends = (s.need = 1)::int,
    state = CASE WHEN s.need > 1 THEN 'waiting' WHEN go.on THEN 'running' ELSE 'ready' END,
    ready_at = CASE WHEN s.need = 1 THEN now() END,
    due = CASE WHEN s.need = 1 AND NOT go.on THEN now() + %(resend)s * interval '1 second' END,
    token = CASE WHEN s.need = 1 AND go.on THEN %(next_token)s::uuid END,
    worker = CASE WHEN s.need = 1 THEN %(worker)s::uuid END,
    attempt = s.attempt + (s.need = 1 AND go.on)::int,
    started_at = CASE WHEN s.need = 1 AND go.on THEN now() END,
    lease = CASE WHEN s.need = 1 AND go.on THEN now() + %(lease)s * interval '1 second' END,
    deadline = CASE WHEN s.need = 1 AND go.on THEN now() + s.limit_seconds * interval '1 second' END
  FROM done, (SELECT %(inline)s::bool AND state = 'running' AS on FROM core_run WHERE id = %(run)s) go
  WHERE s.run_id = done.run_id AND s.name = ANY(%(next)s) AND s.state = 'waiting'
  RETURNING s.name, s.state, s.queue, s.attempt
), run AS (
  UPDATE core_run r SET stack = coalesce(fact.x->>'stack', r.stack),
    confidence = coalesce((fact.x->>'confidence')::float8, r.confidence), verdict = coalesce(fact.x->'verdict', r.verdict),
    state = coalesce(%(final)s::text, r.state), reason = coalesce(%(reason)s::text, r.reason),
    finished_at = CASE WHEN %(final)s::text IS NULL THEN r.finished_at ELSE now() END
  FROM done, (SELECT %(facts)s::jsonb AS x) fact
  WHERE r.id = done.run_id AND fact.x IS NOT NULL
), skipped AS (
  UPDATE core_step s SET state = 'skipped'
  FROM done WHERE %(final)s::text IS NOT NULL AND s.run_id = done.run_id AND s.state = 'waiting'
), told AS (
  INSERT INTO core_event (run_id, step, kind, attempt, worker, data)
  SELECT run_id, %(name)s, 'done', attempt, %(worker)s::uuid, '{}'::jsonb FROM done
  UNION ALL
  SELECT done.run_id, next.name, 'claimed', next.attempt, %(worker)s::uuid, '{}' FROM done, next WHERE next.state = 'running'
  UNION ALL
  SELECT run_id, '', 'finished', 0, NULL, jsonb_build_object('state', %(final)s::text, 'reason', %(reason)s::text)
  FROM done WHERE %(final)s::text IS NOT NULL
)
SELECT next.name, next.state, next.queue, next.attempt,
  CASE WHEN %(final)s::text IS NOT NULL THEN __WAKE__ END
FROM done LEFT JOIN next ON next.state <> 'waiting'
""".replace("__WAKE__", wake("done.run_id"))

#: After RECORD gave nothing: was it recorded by this very token, and only the answer was lost? Then what RECORD would have said.
RECORDED = """
SELECT next.name, next.state, next.queue, next.attempt
FROM core_step done LEFT JOIN core_step next
  ON next.run_id = done.run_id AND next.name = ANY(%(next)s)
  AND (next.state = 'ready' OR (next.state = 'running' AND next.token = %(next_token)s::uuid))
WHERE done.run_id = %(run)s AND done.name = %(name)s AND done.token = %(token)s AND done.state = 'done'
"""

#: Steps that took more than one message or attempt.
REPAIRED = "SELECT 1 FROM core_step WHERE run_id = %(run)s AND name = ANY(%(names)s) AND (sends <> 1 OR attempt > 1) LIMIT 1"

#: A late result is refused, and this is remembered.
FENCED = """
INSERT INTO core_event (run_id, step, kind, attempt, worker, data)
VALUES (%(run)s, %(name)s, 'fenced', %(attempt)s, %(worker)s, '{}') RETURNING id
"""

#: One beat: this process lives, and so do the attempts it knows of. Attempts that are not returned are no longer its own.
BEAT = """
WITH beat AS (
  INSERT INTO core_workerbeat (id, beat, lock_key, host, pid, engine, queues)
  VALUES (%(worker)s, now(), %(key)s, %(host)s, %(pid)s, %(engine)s, %(queues)s)
  ON CONFLICT (id) DO UPDATE SET beat = now()
)
UPDATE core_step s SET lease = now() + %(lease)s * interval '1 second'
FROM unnest(%(runs)s::uuid[], %(names)s::text[], %(tokens)s::uuid[]) AS mine (run, name, token)
WHERE s.run_id = mine.run AND s.name = mine.name AND s.token = mine.token AND s.state = 'running'
RETURNING s.token, s.limit_seconds
"""

#: Lines of progress, and who waits for news of these runs is woken.
NOTES = """
WITH told AS (
  INSERT INTO core_event (run_id, step, kind, attempt, worker, data)
  SELECT run, step, 'note', 0, %(worker)s, jsonb_build_object('line', line)
  FROM unnest(%(runs)s::uuid[], %(steps)s::text[], %(lines)s::text[]) AS note (run, step, line)
)
SELECT __WAKE__ FROM unnest(%(wake)s::uuid[]) AS run
""".replace("__WAKE__", wake("run"))

#: Just after a restart of the database all locks are free and all leases old although the workers live, so for some seconds
#: nobody is called dead. A start that lies in the future is none: the clock was set back.
CALM = "now() - pg_postmaster_start_time() BETWEEN interval '0' AND %(calm)s * interval '1 second'"

#: A worker that is gone: its beat is old, or the lock it holds while it lives is free.
GONE = """NOT (__CALM__) AND (beat < now() - %(lease)s * interval '1 second' OR pg_try_advisory_xact_lock(lock_key))""".replace(
    "__CALM__", CALM
)
SOME_GONE = "EXISTS (SELECT 1 FROM core_workerbeat WHERE __GONE__)".replace("__GONE__", GONE)
BURY = """
DELETE FROM core_workerbeat WHERE __GONE__ RETURNING id, host, pid, extract(epoch FROM now() - beat)::float8
""".replace("__GONE__", GONE)

#: What these workers made ready and nobody took yet: they may have died before they sent a word of it.
LEFT = """
UPDATE core_step SET sends = 0, due = now(), worker = NULL
WHERE state = 'ready' AND due IS NOT NULL AND worker = ANY(%(workers)s::uuid[]) RETURNING id
"""

#: An attempt that takes too long, and one that nobody works on any more.
OVERDUE = "s.deadline + %(grace)s * interval '1 second' < now()"
CUT_OFF = """s.state = 'running' AND (__OVERDUE__ OR (NOT (__CALM__)
  AND (s.lease < now() OR NOT EXISTS (SELECT 1 FROM core_workerbeat w WHERE w.id = s.worker))))
""".replace("__OVERDUE__", OVERDUE).replace("__CALM__", CALM)
SOME_CUT_OFF = "EXISTS (SELECT 1 FROM core_step s WHERE __CUT_OFF__)".replace("__CUT_OFF__", CUT_OFF)
ABANDONED = """
SELECT s.run_id, s.name, s.token, CASE WHEN __OVERDUE__ THEN 'overdue' ELSE 'lost' END,
  extract(epoch FROM now() - least(s.lease, s.deadline))::float8
FROM core_step s WHERE __CUT_OFF__ ORDER BY s.id LIMIT 200
""".replace("__OVERDUE__", OVERDUE).replace("__CUT_OFF__", CUT_OFF)

#: Ready steps whose time has come: all of them, and those of which no message is out.
SOME_DUE = """EXISTS (SELECT 1 FROM core_step s JOIN core_run r ON r.id = s.run_id
  WHERE s.state = 'ready' AND s.due <= now() AND r.state IN ('queued', 'running'))"""
SOME_UNSENT = SOME_DUE.replace("WHERE", "WHERE s.sends = 0 AND")

#: Queues with ready steps that are due, and how many messages should be in each.
DUE_QUEUES = """
SELECT s.queue, count(*) FILTER (WHERE s.sends > 0) FROM core_step s
WHERE s.state = 'ready' AND s.queue IN (SELECT queue FROM core_step WHERE state = 'ready' AND due <= now()) GROUP BY s.queue
"""

#: Ready steps to send (again). ``again`` bounds how many that were sent before are taken from a queue: what the broker still
#: holds is waiting, not lost. What is chosen is looked up by its ids: a join with all that is due takes minutes when 10,000 are.
SEND = """
WITH ranked AS (
  SELECT s.id, s.due, s.sends, row_number() OVER (PARTITION BY s.queue, s.sends > 0 ORDER BY s.due) AS rank,
    coalesce((%(again)s::jsonb->>s.queue)::int, 0) AS again
  FROM core_step s JOIN core_run r ON r.id = s.run_id
  WHERE s.state = 'ready' AND s.due <= now() AND r.state IN ('queued', 'running')
    AND (s.sends = 0 OR (%(again)s::jsonb->>s.queue)::int > 0)
), picked AS (
  SELECT s.id, s.sends, extract(epoch FROM now() - s.due)::float8 AS late FROM core_step s
  WHERE s.id = ANY(ARRAY(SELECT id FROM ranked WHERE sends = 0 OR rank <= again ORDER BY due LIMIT 200))
    AND s.state = 'ready' AND s.due <= now()
  ORDER BY s.id FOR UPDATE SKIP LOCKED
)
UPDATE core_step s SET sends = s.sends + 1, due = now() + %(resend)s * 2 ^ least(s.sends, 5) * interval '1 second'
FROM picked WHERE s.id = picked.id RETURNING s.run_id, s.name, s.queue, picked.sends, picked.late
"""

#: The broker did not take these: nothing is out, so they are due at once.
UNSENT = """
UPDATE core_step s SET sends = 0, due = now()
FROM unnest(%(runs)s::uuid[], %(names)s::text[]) AS back (run, name)
WHERE s.run_id = back.run AND s.name = back.name AND s.state = 'ready' RETURNING s.id
"""
