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
from kefu.insight.drawing import drawing_of
from kefu.insight.figures import Figure, Figures, figures
from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.names import category_name, channel_name
from kefu.insight.period import Period
from kefu.insight.sessions import sessions_of
from kefu.insight.tables import Table
from kefu.insight.tables_over_time import by_hour, fitting_step, over_time
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
    # Once for all that is said of them: reading them takes longer than anything else.
    sessions = list(sessions_of(period, filters, with_categories=True))
    now, before = figures(period, filters, sessions), figures(period.before(), filters)
    step = fitting_step(period)
    recognition, handoff, *others = over_time(period, step, filters, sessions)
    tables = (
        by_kind.overview(now, before),
        recognition,
        by_kind.endings_table(now),
        handoff,
        by_kind.reasons_table(now),
        *others,
        by_hour(period, filters),
        by_kind.busiest_table(period, filters),
        by_kind.channels_table(period, filters, sessions),
        by_kind.categories_table(period, filters, sessions),
    )
    return Report(now, before, tables, made_at)


def as_html(found: Report) -> str:
    """Return the report as one page that needs nothing else, ready to print on A4."""
    period = found.now.period
    made = datetime.fromtimestamp(found.made_at, period.zone)
    return _templates().get_template("report.html").render(
        shop=settings().assistant.shop_name,
        title=f"客服{_length(period)}",
        period=period,
        earlier=found.before.period,
        narrowed=narrowed(found.now.filters),
        made=f"{made:%Y-%m-%d %H:%M}",
        unfinished=found.made_at < period.end,
        compared=found.compared(),
        sections=[(table, drawing_of(table)) for table in found.tables[1:]],
        words=words,
    )  # fmt: skip


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


def _length(period: Period) -> str:
    return {1: "日报", 7: "周报"}.get(period.days, "月报" if 28 <= period.days <= 31 else "报告")


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("kefu.insight"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
