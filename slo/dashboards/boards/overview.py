"""How Synergy does, on one page."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from slo.dashboards.parts import OF, Limit, Query, Row, alert, bars, board, figure, graph, level

HOUR = "[1h]"  #: runs take minutes and are few: shorter windows are mostly empty


def mean(metric: str, by: str, window: str = HOUR) -> str:
    """The mean of what a histogram observed."""
    total, count = (f"sum by ({by}) (increase({metric}_{part}{{{OF}}}{window}))" for part in ("sum", "count"))
    return f"{total} / ({count} > 0)"


def now() -> Row:
    ended = f"increase(workflows_completed_total{{{OF}}}[$__range])"
    delivered = f'sum(increase(workflows_completed_total{{{OF}, verdict="completed"}}[$__range])) / (sum({ended}) > 0)'
    slowest = f"histogram_quantile(0.95, sum by (le) (increase(workflow_duration_seconds_bucket{{{OF}}}[$__range])))"
    spent = f"sum(increase(openrouter_cost_usd_total{{{OF}}}[$__range]))"
    left = f"min by (slo) (slo:error_budget_remaining:ratio{{{OF}}})"
    return Row(
        "In the chosen time",
        (
            figure(
                "Runs ended", "Runs that ended in the chosen time, however they ended.", "short", Query(f"sum({ended})", "runs")
            ),
            figure("Delivered", "Share of the ended runs that passed all gates.", "percentunit", Query(delivered, "delivered")),
            figure(
                "Slowest runs",
                "95 of 100 runs ended within this time; rests are not counted.",
                "s",
                Query(slowest, "p95"),
                limit=level("duration"),
            ),
            figure("Spent", "US dollars booked for calls of models.", "currencyUSD", Query(spent, "US dollars")),
            figure("Runs that go on", "Runs that have not ended, of all tenants.", "short", Query("sum(workflows_live)", "runs")),
            figure(
                "Workers",
                "Worker processes whose heartbeat is fresh.",
                "short",
                Query("workers", "workers"),
                limit=Limit(1, least=True),
            ),
            bars(
                "Error budgets left",
                "Of the last 30 days, of the tenant that has least. Spent: deliveries may wait for a person.",
                "percentunit",
                Query(left, "{{slo}}"),
                limit=Limit(0, least=True),
                low=-1,
                width=24,
            ),
        ),
    )


def understanding() -> Row:
    unsure = f"sum by (tenant) (increase(stack_unsure_total{{{OF}}}{HOUR}))"
    components = f"sum by (stack) (increase(ui_components_generated_total{{{OF}}}{HOUR}))"
    return Row(
        "Stack and components",
        (
            graph(
                "Confidence in the stack",
                "Mean calibrated confidence of the stacks that were inferred within an hour.",
                "percentunit",
                Query(mean("stack_confidence", "stack"), "{{stack}}"),
                limit=level("confidence"),
                width=8,
            ),
            graph(
                "Unsure stacks",
                "Stacks within an hour whose confidence was below the limit.",
                "short",
                Query(unsure, "{{tenant}}"),
                width=8,
            ),
            graph(
                "Components", "Components written within an hour.", "short", Query(components, "{{stack}}"), stacked=True, width=8
            ),
        ),
    )


def conflicts() -> Row:
    detected, resolved, components = (
        f"increase({metric}_total{{{OF}}}{HOUR})"
        for metric in ("conflicts_detected", "conflicts_resolved", "ui_components_generated")
    )
    return Row(
        "Conflicts",
        (
            graph(
                "Conflicts for each component",
                "Conflicts between contract, backend and frontend that were found within an hour, and those that stay open.",
                "percentunit",
                Query(f"sum by (tenant) ({detected}) / (sum by (tenant) ({components}) > 0)", "detected, {{tenant}}"),
                Query(
                    f"(sum by (tenant) ({detected}) - sum by (tenant) ({resolved})) / (sum by (tenant) ({components}) > 0)",
                    "open, {{tenant}}",
                ),
                limit=alert("HighConflictRate"),
                width=8,
            ),
            graph(
                "Conflicts by kind",
                "Conflicts that were detected and resolved within an hour.",
                "short",
                Query(f"sum by (kind) ({detected})", "detected, {{kind}}"),
                Query(f"sum by (kind) ({resolved})", "resolved, {{kind}}"),
                width=8,
            ),
            graph(
                "Similarity of the pairs",
                "Lowest similarity of all compared pairs of a run, mean of an hour: before and after mediation. "
                "The limit is that of a pair that was mediated.",
                "percentunit",
                Query(mean("conflict_similarity", "when"), "{{when}} mediation"),
                limit=level("conflicts", "mediated_similarity"),
                width=8,
            ),
        ),
    )


def pictures() -> Row:
    kinds = {kind: f"increase(visual_tests_{kind}total{{{OF}}}{HOUR})" for kind in ("", "passed_", "failed_")}
    failed, taken = (f"sum by (tenant) ({kinds[kind]})" for kind in ("failed_", ""))
    differs = f"histogram_quantile(0.95, sum by (tenant, le) (increase(visual_diff_score_bucket{{{OF}}}{HOUR})))"
    return Row(
        "Pictures",
        (
            graph(
                "Pictures",
                "Pictures that were taken and judged within an hour. Failed: with a serious finding.",
                "short",
                Query(f"sum({kinds['']})", "all"),
                Query(f"sum({kinds['passed_']})", "passed"),
                Query(f"sum({kinds['failed_']})", "failed"),
                width=8,
            ),
            graph(
                "Failed pictures",
                "Share of the pictures of an hour that have a serious finding.",
                "percentunit",
                Query(f"{failed} / ({taken} > 0)", "{{tenant}}"),
                limit=alert("VisualFailures"),
                width=8,
            ),
            graph(
                "Difference to the approved pictures",
                "95 of 100 pictures of an hour differ in fewer of their pixels.",
                "percentunit",
                Query(differs, "{{tenant}}"),
                limit=level("visual_diff"),
                width=8,
            ),
        ),
    )


def runs() -> Row:
    took = f"sum by (le) (increase(workflow_duration_seconds_bucket{{{OF}}}{HOUR}))"
    ends = Query(f"sum by (verdict) (increase(workflows_completed_total{{{OF}}}{HOUR}))", "{{verdict}}")
    slow = Query(f"sum by (tenant) (increase(workflow_slow_total{{{OF}}}{HOUR}))", "{{tenant}}")
    return Row(
        "Runs",
        (
            graph("Ended runs", "Runs that ended within an hour, by how they ended.", "short", ends, stacked=True, width=8),
            graph(
                "Duration of runs",
                "From the first claim to the end, rests not counted, of the runs that ended within an hour.",
                "s",
                *(Query(f"histogram_quantile({share}, {took})", f"p{share * 100:g}") for share in (0.5, 0.95)),
                limit=level("duration"),
                width=8,
            ),
            graph("Slow runs", "Runs within an hour that took longer than the service level says.", "short", slow, width=8),
        ),
    )


def money() -> Row:
    tokens = f"sum by (model, direction) (increase(openrouter_tokens_used_total{{{OF}}}{HOUR}))"
    return Row(
        "Models",
        (
            graph(
                "Tokens",
                "Tokens that were paid for within an hour.",
                "short",
                Query(tokens, "{{model}} {{direction}}"),
                stacked=True,
            ),
            graph(
                "Cost of projects",
                "US dollars of the dearest run of each project that goes on or began within the hour.",
                "currencyUSD",
                Query(f"max by (tenant, project) (project_cost_usd{{{OF}}})", "{{tenant}}/{{project}}"),
                limit=alert("ProjectCostExceeded"),
            ),
        ),
    )


def part() -> Dashboard:
    about = "What runs deliver, how sure, how well, how quickly and at what cost. Limits are those of the gates and alerts."
    return board("overview", "Synergy: overview", about, (now(), understanding(), conflicts(), pictures(), runs(), money()))
