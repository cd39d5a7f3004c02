"""The charts of a period by name, in the order of a report."""

from __future__ import annotations

from collections.abc import Callable

from kefu.errors import KefuError
from kefu.insight import tables_by_kind as by_kind
from kefu.insight import tables_over_time as over_time
from kefu.insight.tables import Table
from kefu.insight.tables_over_time import Course


class UnknownChart(KefuError):
    """Raised when there is no chart of a name; the text lists those that there are."""


def chart(name: str, course: Course) -> Table:
    """Return the table of a chart.

    Raises:
        UnknownChart: There is none of that name.
        PeriodProblem: Too many points.
    """
    if name not in CHARTS:
        raise UnknownChart(f"没有图表「{name}」，可用的有：{'、'.join(CHARTS)}")
    return CHARTS[name](course)


CHARTS: dict[str, Callable[[Course], Table]] = {
    "recognition": over_time.recognition,
    "reviewed": over_time.reviewed,
    "handoff": over_time.handoff,
    "unreached": over_time.unreached,
    "endings": lambda course: by_kind.endings_table(course.figures),
    "reasons": lambda course: by_kind.reasons_table(course.figures),
    "waits": over_time.waits,
    "satisfaction": over_time.satisfaction,
    "replies": over_time.replies,
    "volume": over_time.volume,
    "hours": over_time.hours,
    "questions": lambda course: by_kind.busiest_table(course.figures),
    "channels": lambda course: by_kind.channels_table(course.figures),
    "categories": lambda course: by_kind.categories_table(course.figures),
}
