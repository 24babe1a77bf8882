"""What dashboards are made of. Each panel has a description and each of its queries a legend, or it is not made."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, prometheus, stat, text, timeseries
from grafana_foundation_sdk.builders import common as looks
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.text import TextMode

from slo import levels, rules

UID = "prometheus"  #: of the data source that is provisioned
SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
OF = 'tenant=~"$tenant"'  #: the tenants that were chosen
GREEN, RED = "green", "red"
NO_VALUE = {"short": "0"}  #: nothing to count is 0; nothing to measure is not

Panel = Builder[dashboard.Panel]


@dataclass(frozen=True)
class Query:
    """A PromQL expression and how its series are called: text with ``{{label}}``."""

    expr: str
    legend: str

    def target(self, place: int, *, once: bool) -> prometheus.Dataquery:
        """As the query number ``place`` of a panel. ``once``: its value at the end of the range, not over time."""
        query = prometheus.Dataquery().expr(self.expr).legend_format(self.legend).datasource(SOURCE).ref_id("ABCDEFGH"[place])
        return query.instant() if once else query.range()


@dataclass(frozen=True)
class Limit:
    """Values from ``value`` on have another colour; ``least``: those below it are the bad ones. Never typed: see below."""

    value: float
    least: bool = False

    def steps(self) -> builders.ThresholdsConfig:
        below, above = (RED, GREEN) if self.least else (GREEN, RED)
        steps = [dashboard.Threshold(color=below, value=None), dashboard.Threshold(color=above, value=self.value)]
        return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def level(gate: str, name: str = "") -> Limit:
    """The threshold of a gate, or one of the numbers beside it, as ``slos.toml`` has it: no override of this machine."""
    known = levels.written()[gate]
    return Limit(known.limits[name] if name else known.threshold, least=bool(name) or known.comparison in (">", ">="))


def alert(name: str) -> Limit:
    """What an alert's expression in ``objectives.toml`` compares with."""
    [found] = [each.expr for each in rules.load()[0] if each.name == name]
    sign, value = re.findall(r"([<>]) ([\d.]+)$", found)[0]
    return Limit(float(value), least=sign == "<")


def graph(
    title: str,
    about: str,
    unit: str,
    *queries: Query,
    limit: Limit | None = None,
    stacked: bool = False,
    width: int = 12,
    low: float | None = 0,
) -> Panel:
    """Lines over time, with the limit as a dashed line. ``width`` of 24; ``low``: where the axis starts, None = at the data."""
    panel = timeseries.Panel().title(title).description(about).unit(unit).datasource(SOURCE).height(8).span(width)
    if low is not None:
        panel.min(low)
    panel.legend(
        looks.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )
    panel.tooltip(looks.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    panel.fill_opacity(20 if stacked else 5).line_width(2).show_points(common.VisibilityMode.NEVER)
    panel.no_value(NO_VALUE.get(unit, "–"))
    if stacked:
        panel.stacking(looks.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    panel.thresholds((limit or Limit(0, least=True)).steps())
    shown = common.GraphTresholdsStyleMode.DASHED if limit else common.GraphTresholdsStyleMode.OFF
    panel.thresholds_style(looks.GraphThresholdsStyleConfig().mode(shown))
    for place, query in enumerate(queries):
        panel.with_target(query.target(place, once=False))
    return panel


def _at_the_end() -> looks.ReduceDataOptions:
    return looks.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("")


def figure(
    title: str, about: str, unit: str, query: Query, *, limit: Limit | None = None, width: int = 4, height: int = 4
) -> Panel:
    """One figure for each series, over the whole range."""
    panel = (
        stat.Panel()
        .title(title)
        .description(about)
        .unit(unit)
        .datasource(SOURCE)
        .height(height)
        .span(width)
        .no_value(NO_VALUE.get(unit, "–"))
    )
    panel.graph_mode(common.BigValueGraphMode.NONE).color_mode(common.BigValueColorMode.VALUE)
    panel.justify_mode(common.BigValueJustifyMode.AUTO).text_mode(common.BigValueTextMode.AUTO)
    panel.orientation(common.VizOrientation.AUTO).reduce_options(_at_the_end())
    panel.thresholds((limit or Limit(0, least=True)).steps())
    return panel.with_target(query.target(0, once=True))


def bars(title: str, about: str, unit: str, query: Query, *, limit: Limit | None = None, width: int = 8, low: float = 0) -> Panel:
    """A bar for each series, over the whole range. ``low``: where bars begin."""
    panel = bargauge.Panel().title(title).description(about).unit(unit).datasource(SOURCE).height(8).span(width).min(low)
    panel.display_mode(common.BarGaugeDisplayMode.BASIC).value_mode(common.BarGaugeValueMode.COLOR).show_unfilled(True)
    panel.orientation(common.VizOrientation.HORIZONTAL).reduce_options(_at_the_end()).no_value(NO_VALUE.get(unit, "–"))
    panel.thresholds((limit or Limit(0, least=True)).steps())
    return panel.with_target(query.target(0, once=True))


def words(title: str, about: str, markdown: str, *, height: int = 5) -> Panel:
    """A text in Markdown over the whole width."""
    return text.Panel().title(title).description(about).mode(TextMode.MARKDOWN).content(markdown).height(height).span(24)


@dataclass(frozen=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


def listed(name: str, label: str, query: str) -> builders.QueryVariable:
    """A variable of many values, all at first, that a query lists."""
    variable = builders.QueryVariable(name).label(label).query({"query": query, "refId": name}).datasource(SOURCE)
    variable.multi(True).include_all(True).all_value(".*").sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    variable.refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.current(dashboard.VariableOption(text=["All"], value=["$__all"]))


def typed(name: str, label: str, value: str, about: str) -> builders.TextBoxVariable:
    """A variable that people type."""
    variable = builders.TextBoxVariable(name).label(label).description(about).default_value(value)
    return variable.current(dashboard.VariableOption(text=value, value=value))


def tenants() -> builders.QueryVariable:
    return listed("tenant", "Tenant", "label_values(workflows_completed_total, tenant)")


def projects() -> builders.QueryVariable:
    return listed("project", "Project", f"label_values(project_cost_usd{{{OF}}}, project)")


def source() -> builders.DatasourceVariable:
    chosen = dashboard.VariableOption(text="Prometheus", value=UID)
    return builders.DatasourceVariable("datasource").label("Data source").type("prometheus").current(chosen)


def board(
    name: str, title: str, about: str, rows: Sequence[Row], variables: Sequence[Builder[dashboard.VariableModel]] = ()
) -> dashboard.Dashboard:
    """A dashboard. Its uid comes from ``name``, the ids of its panels from their titles: links to them stay right.

    ValueError: two panels of a kind share a title, and so an id.
    """
    made = builders.Dashboard(title).uid(f"synergy-{name}").description(about).tags(["synergy"]).timezone("utc")
    made.readonly().time("now-24h", "now").refresh("1m").tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
    others = builders.DashboardLink("Synergy").type(dashboard.DashboardLinkType.DASHBOARDS).tags(["synergy"])
    made.link(others.as_dropdown(True).include_vars(True).keep_time(True).icon("external link").tooltip("").url(""))
    for variable in (source(), tenants(), *variables):
        made.with_variable(variable)
    for row in rows:
        made.with_row(builders.Row(row.title))
        for panel in row.panels:
            made.with_panel(panel)
    built = made.build()
    ids: set[int] = set()
    for each in built.panels or ():
        each.id_val = zlib.crc32(f"{each.type_val} {each.title}".encode()) % 1_000_000 + 1
        if each.id_val in ids:
            raise ValueError(f"{title}: there are two panels of the kind and title {each.type_val} {each.title}.")
        ids.add(each.id_val)
    return built
