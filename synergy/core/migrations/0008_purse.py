"""Setting money aside and booking it: one round trip each, and the same when it is sent twice.

Rows are locked in one order, run, project, tenant: nobody waits in a circle, and those that many share are held shortest.
"""

from django.db import migrations

RESERVE = """
CREATE FUNCTION core_reserve(
  _run uuid, _step text, _key text, _token text, _worst numeric, _activity text, _request text,
  OUT verdict text, OUT answer text, OUT cost numeric, OUT model text, OUT tokens_in int, OUT tokens_out int, OUT saved numeric
) LANGUAGE plpgsql AS $$
DECLARE
  known core_call; run core_run; _month date := date_trunc('month', now() AT TIME ZONE 'UTC');
BEGIN
  SELECT c.* INTO known FROM core_call c WHERE c.run_id = _run AND c.step = _step AND c.key = _key;
  IF known.answer IS NULL AND known.holds ? _token THEN  -- this very statement, sent again
    verdict := 'reserved';
    RETURN;
  END IF;
  IF known.answer IS NULL THEN  -- the same request of another run of this tenant?
    SELECT c.* INTO known FROM core_call c JOIN core_run other ON other.id = c.run_id
      JOIN core_run mine ON mine.id = _run AND mine.tenant_id = other.tenant_id
    WHERE c.key = _key AND c.answer IS NOT NULL AND NOT c.wasted ORDER BY c.id LIMIT 1;
    IF FOUND THEN
      INSERT INTO core_call (run_id, step, key, activity, model, request, answer, tokens_in, tokens_out, saved_usd)
      VALUES (_run, _step, _key, _activity, known.model, _request, known.answer, known.tokens_in, known.tokens_out,
        known.cost_usd + known.saved_usd)
      ON CONFLICT (run_id, step, key) DO UPDATE SET answer = coalesce(core_call.answer, excluded.answer),
        model = excluded.model, saved_usd = excluded.saved_usd, tokens_in = excluded.tokens_in, tokens_out = excluded.tokens_out;
      SELECT c.* INTO known FROM core_call c WHERE c.run_id = _run AND c.step = _step AND c.key = _key;
    END IF;
  END IF;
  IF known.answer IS NOT NULL THEN
    verdict := 'known'; answer := known.answer; cost := known.cost_usd; model := known.model;
    tokens_in := known.tokens_in; tokens_out := known.tokens_out; saved := known.saved_usd;
    RETURN;
  END IF;
  UPDATE core_run r SET reserved_usd = r.reserved_usd + _worst
  WHERE r.id = _run AND r.cost_usd + r.reserved_usd + _worst <= r.budget_usd RETURNING r.* INTO run;
  IF NOT FOUND THEN
    SELECT CASE WHEN r.cost_usd >= r.budget_usd THEN 'spent' ELSE 'run' END INTO verdict FROM core_run r WHERE r.id = _run;
    RETURN;
  END IF;
  UPDATE core_project p SET reserved_usd = p.reserved_usd + _worst
  WHERE p.id = run.project_id AND (p.budget_usd IS NULL OR p.cost_usd + p.reserved_usd + _worst <= p.budget_usd);
  IF NOT FOUND THEN
    UPDATE core_run r SET reserved_usd = r.reserved_usd - _worst WHERE r.id = _run;
    verdict := 'project';
    RETURN;
  END IF;
  INSERT INTO core_call (run_id, step, key, activity, request, holds)
  VALUES (_run, _step, _key, _activity, _request, jsonb_build_object(_token, _worst))
  ON CONFLICT (run_id, step, key) DO UPDATE SET holds = core_call.holds || excluded.holds;
  UPDATE core_tenant t SET month = _month, reserved_usd = t.reserved_usd + _worst,
    cost_usd = CASE WHEN t.month = _month THEN t.cost_usd ELSE 0 END
  WHERE t.id = run.tenant_id AND (t.budget_usd IS NULL
    OR CASE WHEN t.month = _month THEN t.cost_usd ELSE 0 END + t.reserved_usd + _worst <= t.budget_usd);
  IF NOT FOUND THEN
    UPDATE core_call c SET holds = c.holds - _token WHERE c.run_id = _run AND c.step = _step AND c.key = _key;
    UPDATE core_project p SET reserved_usd = p.reserved_usd - _worst WHERE p.id = run.project_id;
    UPDATE core_run r SET reserved_usd = r.reserved_usd - _worst WHERE r.id = _run;
    verdict := 'tenant';
    RETURN;
  END IF;
  verdict := 'reserved';
END $$;
"""

#: Without an answer the money that was set aside is free again.
SETTLE = """
CREATE FUNCTION core_settle(
  _run uuid, _step text, _key text, _token text, _answer text, _cost numeric, _model text, _in int, _out int,
  OUT answer text, OUT cost numeric, OUT model text, OUT tokens_in int, OUT tokens_out int, OUT saved numeric
) LANGUAGE plpgsql AS $$
DECLARE
  kept core_call; held numeric; run core_run; _month date := date_trunc('month', now() AT TIME ZONE 'UTC');
BEGIN
  SELECT c.* INTO kept FROM core_call c WHERE c.run_id = _run AND c.step = _step AND c.key = _key FOR UPDATE;
  held := (kept.holds ->> _token)::numeric;
  IF held IS NOT NULL THEN  -- else this very statement was carried out before
    UPDATE core_call c SET holds = c.holds - _token, cost_usd = c.cost_usd + _cost, answer = coalesce(c.answer, _answer),
      model = CASE WHEN c.answer IS NULL THEN _model ELSE c.model END, tokens_in = c.tokens_in + _in,
      tokens_out = c.tokens_out + _out
    WHERE c.id = kept.id RETURNING c.* INTO kept;
    UPDATE core_step s SET cost_usd = s.cost_usd + _cost WHERE s.run_id = _run AND s.name = _step AND _cost > 0;
    UPDATE core_run r SET cost_usd = r.cost_usd + _cost, reserved_usd = r.reserved_usd - held
    WHERE r.id = _run RETURNING r.* INTO run;
    UPDATE core_project p SET cost_usd = p.cost_usd + _cost, reserved_usd = p.reserved_usd - held WHERE p.id = run.project_id;
    UPDATE core_tenant t SET month = _month, reserved_usd = t.reserved_usd - held,
      cost_usd = CASE WHEN t.month = _month THEN t.cost_usd ELSE 0 END + _cost WHERE t.id = run.tenant_id;
  END IF;
  answer := kept.answer; cost := kept.cost_usd; model := kept.model;
  tokens_in := kept.tokens_in; tokens_out := kept.tokens_out; saved := kept.saved_usd;
END $$;
"""

#: What was spent before is counted too.
BEFORE = """
UPDATE core_project p SET cost_usd = coalesce((SELECT sum(r.cost_usd) FROM core_run r WHERE r.project_id = p.id), 0);
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0007_spending")]
    operations = [
        migrations.RunSQL(RESERVE, "DROP FUNCTION core_reserve"),
        migrations.RunSQL(SETTLE, "DROP FUNCTION core_settle"),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
