"""What a run goes through: its steps, what they are tried again for, its gates. One run is looked up in Synergy itself."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from slo.dashboards.parts import OF, Limit, Query, Row, bars, board, graph, level, projects, typed, words

WHERE = """Metrics have no label for a run: each would be a series of its own. **One run is looked up in Synergy by its id**
(type it above), with its timeline, attempts, gates, screenshots, calls of models and incidents:

- [run ${run} in the admin](${synergy}/admin/core/run/${run}/change/), or [all runs](${synergy}/admin/core/run/)
- `GET ${synergy}/api/runs/${run}` with your token

Below is what runs of the chosen tenants go through. Steps are counted for all tenants together."""


def steps() -> Row:
    took = "sum by (step, le) (increase(workflow_step_seconds_bucket[$__range]))"
    total, count = (f"sum by (step) (increase(workflow_step_seconds_{part}[1h]))" for part in ("sum", "count"))
    mean = f"{total} / ({count} > 0)"
    states = "sum by (step, state) (increase(workflow_steps_total[$__range]))"
    return Row(
        "Steps, of all tenants",
        (
            bars(
                "Step durations",
                "95 of 100 recorded attempts took less.",
                "s",
                Query(f"histogram_quantile(0.95, {took})", "{{step}}"),
            ),
            graph(
                "Step durations over time",
                "Mean duration of the recorded attempts of an hour.",
                "s",
                Query(mean, "{{step}}"),
                width=16,
            ),
            bars("Step states", "How steps ended.", "short", Query(states, "{{step}}: {{state}}"), width=12),
            bars(
                "Retries",
                "Attempts beyond the first. failed: an error worth another try; lost: the worker died.",
                "short",
                Query("sum by (step, cause) (increase(workflow_step_retries_total[$__range]))", "{{step}}: {{cause}}"),
                width=12,
            ),
        ),
    )


def gates() -> Row:
    results = f"increase(gate_results_total{{{OF}}}[$__range])"
    failed = f'sum by (gate) (increase(gate_results_total{{{OF}, result="failed"}}[$__range])) / (sum by (gate) ({results}) > 0)'
    return Row(
        "Gates",
        (
            bars(
                "Gate results",
                "Gates that were judged.",
                "short",
                Query(f"sum by (gate, result) ({results})", "{{gate}}: {{result}}"),
                width=12,
            ),
            bars(
                "Gates that fail",
                "Share of the judgements of a gate that went against the run.",
                "percentunit",
                Query(failed, "{{gate}}"),
                width=12,
            ),
        ),
    )


def durations() -> Row:
    took = f"sum by (tenant, le) (increase(workflow_duration_seconds_bucket{{{OF}}}[1h]))"
    ends = f"sum by (tenant, verdict) (increase(workflows_completed_total{{{OF}}}[$__range]))"
    project = f'{OF}, project=~"$project"'
    return Row(
        "Runs of the tenants and projects",
        (
            graph(
                "Run durations",
                "95 of 100 runs that ended within an hour took less; rests are not counted.",
                "s",
                Query(f"histogram_quantile(0.95, {took})", "{{tenant}}"),
                limit=level("duration"),
                width=8,
            ),
            bars("Ends", "How runs ended.", "short", Query(ends, "{{tenant}}: {{verdict}}")),
            graph(
                "Cost and budget",
                "US dollars of the dearest run of a project that goes on or began within the hour, "
                "and what such a run may still cost.",
                "currencyUSD",
                Query(f"project_cost_usd{{{project}}}", "cost, {{tenant}}/{{project}}"),
                Query(f"project_budget_left_usd{{{project}}}", "left, {{tenant}}/{{project}}"),
                limit=Limit(level("cost").value),
                width=8,
            ),
        ),
    )


def part() -> Dashboard:
    about = "What a run goes through: steps, retries, gates, ends. A run itself is found in Synergy by its id."
    variables = (
        projects(),
        typed("run", "Run", "", "The id of a run; the text at the top links to it."),
        typed("synergy", "Address of Synergy", "http://127.0.0.1:8000", "Where people reach Synergy: SYNERGY_URL."),
    )
    text = words("One run", "Where a single run is found.", WHERE, height=7)
    return board("run", "Synergy: one run", about, (Row("Look it up", (text,)), durations(), steps(), gates()), variables)
