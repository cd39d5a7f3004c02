"""How long the figures take: `python -m tests.insight.measure`, on a month that `made` has made."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from kefu.insight.charts import CHARTS, chart
from kefu.insight.figures import GROUPS, Group, figures
from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.period import Period, Step
from kefu.insight.questions import busiest, recognition_by_category
from kefu.insight.report import report
from kefu.insight.series import SERIES, series
from kefu.insight.tables_over_time import Course
from kefu.insight.volumes import messages_by_hour
from kefu.settings import settings

_TIMES = 3


def main(first: str, days: str) -> None:
    """Print the best of three times for all that is shown of the month, and a week's report.

    Each as if nothing else had been asked for before.
    """
    begin = date.fromisoformat(first)
    zone = settings().assistant.zone
    month = Period(begin, begin + timedelta(days=int(days) - 1), zone)
    week = Period(begin + timedelta(days=14), begin + timedelta(days=20), zone)
    works: dict[str, Callable[[], object]] = {
        **{f"series {name}": partial(series, name, month) for name in SERIES},
        **{f"chart {name}": partial(_chart, name, month) for name in CHARTS},
        **{f"tiles {group}": partial(_tiles, group, month) for group in GROUPS},
        "handoff by the hour": partial(series, "handoff", month, Step.HOUR),
        "handoff of a category": partial(
            series, "handoff", month, Step.DAY, Filters(category="order")
        ),
        "questions": partial(busiest, month, EVERYTHING),
        "hours": partial(messages_by_hour, month, EVERYTHING),
        "categories": partial(recognition_by_category, month, EVERYTHING),
        "report of a week": partial(report, week, month.end),
    }
    for name, work in works.items():
        print(f"{name:26} {_seconds(work):6.2f} s")


def _chart(name: str, period: Period) -> object:
    return chart(name, Course(figures(period)))


def _tiles(group: Group, period: Period) -> object:
    return figures(period).rows(group)


def _seconds(work: Callable[[], object]) -> float:
    taken: list[float] = []
    for _ in range(_TIMES):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
