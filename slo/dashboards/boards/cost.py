"""What models cost: what was spent, on what, what of it was of no use, and what was saved."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from slo.dashboards.parts import OF, Query, Row, alert, bars, board, figure, graph, level, projects
from synergy.core.spending import DEGRADED

PROJECT = f'{OF}, project=~"$project"'
SPENT, WASTED, SAVED = "openrouter_cost_usd_total", "openrouter_wasted_usd_total", "openrouter_saved_usd_total"
TOKENS = "openrouter_tokens_used_total"
USD = "currencyUSD"


def total(metric: str, by: str = "", window: str = "$__range") -> str:
    return f"sum{f' by ({by}) ' if by else ''}(increase({metric}{{{OF}}}[{window}]))"


def figures() -> Row:
    each = f"{total(SPENT)} / ({total('workflows_completed_total')} > 0)"
    share = f"{total(WASTED)} / ({total(SPENT)} > 0)"
    of_run = "Spent, divided by the runs that ended."
    return Row(
        "In the chosen time",
        (
            figure("Spent", "US dollars booked for calls.", USD, Query(total(SPENT), "spent")),
            figure("For each run", of_run, USD, Query(each, "for each run"), limit=level("cost")),
            figure("Wasted", "Of these, for answers of no use.", USD, Query(total(WASTED), "wasted")),
            figure("Wasted share", "Wasted, divided by spent.", "percentunit", Query(share, "wasted")),
            figure("Saved", "US dollars that answers at hand saved.", USD, Query(total(SAVED), "saved")),
            figure("Tokens", "Tokens that were paid for.", "short", Query(total(TOKENS), "tokens")),
        ),
    )


def time() -> Row:
    spent = [
        graph(
            f"Spent, by {label}",
            "US dollars of an hour.",
            USD,
            Query(total(SPENT, label, "1h"), f"{{{{{label}}}}}"),
            stacked=True,
            width=8,
        )
        for label in ("activity", "model", "tenant")
    ]
    tokens = [
        bars(
            f"Tokens by {label}",
            "Tokens that were paid for: in, and out.",
            "short",
            Query(total(TOKENS, f"{label}, direction"), f"{{{{{label}}}}} {{{{direction}}}}"),
        )
        for label in ("activity", "model")
    ]
    lost = graph(
        "Wasted and saved",
        "US dollars of an hour, by activity.",
        USD,
        Query(total(WASTED, "activity", "1h"), "wasted, {{activity}}"),
        Query(total(SAVED, "activity", "1h"), "saved, {{activity}}"),
        width=8,
    )
    return Row("Over time", (*spent, lost, *tokens))


def now() -> Row:
    name = "{{tenant}}/{{project}}"
    return Row(
        "Projects now",
        (
            graph(
                "Cost of projects",
                "US dollars of the dearest run of a project that goes on or began within the hour. "
                "Beyond the limit its runs rest.",
                USD,
                Query(f"project_cost_usd{{{PROJECT}}}", name),
                limit=alert("ProjectCostExceeded"),
            ),
            graph(
                "Budgets of projects",
                f"US dollars that such a run may still cost, at least. From {DEGRADED:.0%} spent on the cheaper model is asked; "
                "at 0 the run rests.",
                USD,
                Query(f"project_budget_left_usd{{{PROJECT}}}", name),
                low=None,
            ),
        ),
    )


def part() -> Dashboard:
    about = "What was booked with model providers. Every call is in the ledger; the run's page lists each with its price."
    return board("cost", "Synergy: cost", about, (figures(), time(), now()), (projects(),))
