"""Service level objectives: how much of each error budget is left, and how fast it is spent. One row for each objective."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from slo import rules
from slo.dashboards.parts import OF, Limit, Query, Row, bars, board, figure, graph

LEFT = "slo:error_budget_remaining:ratio"


def spent(objective: rules.Objective, window: str) -> str:
    """How many times faster than allowed: 1 spends the whole budget in exactly 30 days."""
    return f'slo:sli_error:ratio_rate{window}{{slo="{objective.name}", {OF}}} / {objective.budget:g}'


def burning(objective: rules.Objective, severity: str) -> tuple[tuple[Query, ...], list[str], float]:
    """The windows of the alerts of one severity, what fires them in words, and the lowest factor that does."""
    watched = [(w, f) for w, f in zip(rules.BURNS, objective.factors, strict=True) if w[0] == severity]
    windows = list(dict.fromkeys(window for (_, long, short), _ in watched for window in (long, short)))
    queries = tuple(Query(spent(objective, window), f"{window}, {{{{tenant}}}}") for window in windows)
    words = [f"more than {factor:g} within {long} and within {short}" for (_, long, short), factor in watched]
    return queries, words, min(factor for _, factor in watched)


def row(objective: rules.Objective) -> Row:
    chosen = f'{{slo="{objective.name}", {OF}}}'
    bad, total = (counted(series) for series in (objective.bad, objective.total))
    waits = " Below 0, deliveries wait for a person where the tenant wants that." if objective.spent else ""
    panels = [
        figure(
            f"Budget left: {objective.name}",
            f"{objective.objective:g} % of the events of 30 days must be good.{waits}",
            "percentunit",
            Query(f"{LEFT}{chosen}", "{{tenant}}"),
            limit=Limit(0, least=True),
            width=6,
            height=8,
        ),
    ]
    for severity in ("page", "ticket"):
        queries, fires, factor = burning(objective, severity)
        panels.append(
            graph(
                f"Burn rate ({severity}): {objective.name}",
                f"How many times faster than allowed the budget is spent; 1 spends it in 30 days. A {severity} is sent at "
                f"{', or '.join(fires)}, with {rules.FEWEST} bad events or more.",
                "none",
                *queries,
                limit=Limit(factor),
                width=6,
            )
        )
    panels.append(
        graph(
            f"Events of a day: {objective.name}",
            "Bad events, and all of them.",
            "short",
            Query(f"sum by (tenant) ({bad})", "bad, {{tenant}}"),
            Query(f"sum by (tenant) ({total})", "all, {{tenant}}"),
            width=6,
        )
    )
    return Row(objective.title, tuple(panels))


def counted(series: str) -> str:
    """Events of a day of the chosen tenants; ``series`` may have conditions of its own."""
    name, _, conditions = series.removesuffix("}").partition("{")
    return f"increase({name}{{{', '.join(filter(None, (conditions, OF)))}}}[1d])"


def part() -> Dashboard:
    objectives = rules.load()[1]
    left = f"{LEFT}{{{OF}}}"
    limit = Limit(0, least=True)
    first = Row(
        "All objectives",
        (
            bars(
                "Budgets left",
                "Share of the error budget of 30 days that is left.",
                "percentunit",
                Query(left, "{{slo}}, {{tenant}}"),
                limit=limit,
                low=-1,
            ),
            graph(
                "Budgets over time",
                "A budget that falls steeply is spent soon.",
                "percentunit",
                Query(left, "{{slo}}, {{tenant}}"),
                limit=limit,
                low=None,
                width=16,
            ),
        ),
    )
    about = "Made from slo/objectives.toml, like the rules that it shows. Budgets and alerts are those of each tenant."
    return board("budgets", "Synergy: SLOs and error budgets", about, (first, *map(row, objectives)))
