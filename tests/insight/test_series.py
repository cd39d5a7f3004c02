"""Figures over time."""

from __future__ import annotations

from datetime import date

import pytest

from kefu.insight.figures import figures
from kefu.insight.filters import Filters
from kefu.insight.period import Period, Step
from kefu.insight.series import SERIES, UnknownSeries, series
from kefu.insight.share import Share
from tests.insight.made import Month, fill
from tests.insight.scene import DAY, HOUR, MONDAY, NOON, SHANGHAI, WEEK, say

SHIP = "logistics/ship_time"


@pytest.mark.usefixtures("database")
def test_day_without_data_is_a_gap_and_not_a_zero() -> None:
    say("a", NOON, "answered", SHIP)
    say("a", NOON + 2 * DAY, "not_recognised", SHIP)
    points = series("recognition", WEEK)
    assert [(p.label, p.value) for p in points[:3]] == [
        ("2026-11-23", 1.0), ("2026-11-24", None), ("2026-11-25", 0.0)
    ]  # fmt: skip
    assert points[2].of == Share(0, 1)


@pytest.mark.usefixtures("database")
def test_hours_of_a_day() -> None:
    say("a", NOON, "answered")
    say("a", NOON + HOUR, "answered")
    say("a", NOON + HOUR, "answered")
    points = series("messages", Period(MONDAY, MONDAY, SHANGHAI), Step.HOUR)
    assert len(points) == 24
    assert {p.label[-5:]: p.value for p in points if p.value} == {"12:00": 1, "13:00": 2}


@pytest.mark.usefixtures("database")
def test_every_series_adds_up_to_the_figure_of_the_whole() -> None:
    period = Period(date(2026, 10, 30), date(2026, 11, 8), SHANGHAI)
    fill(Month(1500, period.first, period.days))
    for filters in (Filters(), Filters(channel="wechat", category="account")):
        whole = {figure.name: figure for figure in figures(period, filters).rows()}
        for name in ("recognition", "handoff", "unreached", "satisfaction", "rated", "reply_fast"):
            for step in (Step.HOUR, Step.DAY, Step.WEEK, Step.MONTH):
                points = series(name, period, step, filters)
                total = sum((p.of for p in points if p.of), Share())
                assert total == whole[name].of, (name, step)
                assert total.denominator > 0, name
        for name in ("messages", "sessions"):
            points = series(name, period, Step.DAY, filters)
            assert sum(p.value or 0 for p in points) == whole[name].value, name


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", SERIES)
def test_every_series_has_a_point_for_each_step(name: str) -> None:
    assert len(series(name, WEEK, Step.DAY)) == 7


def test_unknown_series_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownSeries, match="recognition"):
        series("nonsense", WEEK)
