"""The whole report of a period: figures, comparison, tables; as a page and as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from kefu.errors import KefuError
from kefu.insight import tables_by_kind as by_kind
from kefu.insight import words
from kefu.insight.charts import CHARTS, chart
from kefu.insight.drawing import drawing_of
from kefu.insight.figures import Figure, Figures, figures
from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.names import category_name, channel_name
from kefu.insight.period import Period
from kefu.insight.tables import Table
from kefu.insight.tables_over_time import Course
from kefu.settings import settings


class ReportNotWritten(KefuError):
    """Raised when the file of a report cannot be written."""


@dataclass(frozen=True)
class Report:
    """What there is to say about a period.

    Attributes:
        now, before: Figures of the period and of the one before.
        tables: The first one holds all figures, the others have charts or are breakdowns.
        made_at: UTC seconds.
    """

    now: Figures
    before: Figures
    tables: tuple[Table, ...]
    made_at: float

    def compared(self) -> list[tuple[Figure, Figure]]:
        """Return each figure with that of the period before."""
        return list(zip(self.now.rows(), self.before.rows(), strict=True))


def report(period: Period, made_at: float, filters: Filters = EVERYTHING) -> Report:
    """Compute the report of a period; `made_at` is in UTC seconds."""
    return report_of(figures(period, filters), figures(period.before(), filters), made_at)


def report_of(now: Figures, before: Figures, made_at: float) -> Report:
    """Return the report of figures, with those of the period before."""
    course = Course(now)
    charts = (chart(name, course) for name in CHARTS)
    return Report(now, before, (by_kind.overview(now, before), *charts), made_at)


def as_html(found: Report) -> str:
    """Return the report as one page that needs nothing else, ready to print on A4."""
    return _rendered("report.html", found)


def as_part(found: Report) -> str:
    """Return the report as HTML for a page that brings `styles`, in an element of class report."""
    return _rendered("_report.html", found)


def styles() -> str:
    """Return the style sheet of a report."""
    return _templates().get_template("report.css").render()


def title_of(period: Period) -> str:
    """Return what a report of so many days is called."""
    length = {1: "日报", 7: "周报"}.get(period.days)
    return f"客服{length or ('月报' if 28 <= period.days <= 31 else '报告')}"


def write_html(found: Report, file: Path) -> None:
    """Write the page. Raises ReportNotWritten."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(as_html(found), encoding="utf-8")
    except OSError as error:
        raise ReportNotWritten(f"无法写入 {file}（{error.strerror}），请换一个位置") from None


def narrowed(filters: Filters) -> str:
    """Return in words what the report is limited to, empty where it is about everything."""
    channel = f"渠道：{channel_name(filters.channel)}" if filters.channel else ""
    category = f"分类：{category_name(filters.category)}" if filters.category else ""
    return "，".join(part for part in (channel, category) if part)


def _rendered(template: str, found: Report) -> str:
    period = found.now.period
    made = datetime.fromtimestamp(found.made_at, period.zone)
    return _templates().get_template(template).render(
        shop=settings().assistant.shop_name,
        title=title_of(period),
        period=period,
        earlier=found.before.period,
        narrowed=narrowed(found.now.filters),
        made=f"{made:%Y-%m-%d %H:%M}",
        unfinished=found.made_at < period.end,
        compared=found.compared(),
        sections=[(table, drawing_of(table)) for table in found.tables[1:]],
        words=words,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("kefu.insight"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
