"""Days, and how they are divided."""

from __future__ import annotations

from datetime import date, datetime, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from kefu.insight.period import Period, PeriodProblem, Step, last_days, place
from tests.insight.scene import DAY, MONDAY, SHANGHAI, WEEK


def test_day_begins_at_midnight_of_the_shop() -> None:
    assert WEEK.start == datetime(2026, 11, 22, 16, tzinfo=timezone.utc).timestamp()
    assert WEEK.end == WEEK.start + 7 * DAY


def test_period_before_is_as_long_and_ends_where_this_one_begins() -> None:
    before = WEEK.before()
    assert (before.first, before.last) == (date(2026, 11, 16), date(2026, 11, 22))
    assert before.end == WEEK.start


def test_last_days_include_the_last() -> None:
    assert last_days(7, date(2026, 11, 29), SHANGHAI) == WEEK
    assert last_days(1, MONDAY, SHANGHAI).title == "2026-11-23"


def test_period_refuses_to_end_before_it_begins_and_says_what_to_do() -> None:
    with pytest.raises(PeriodProblem, match="请对调"):
        Period(date(2026, 11, 2), date(2026, 11, 1), SHANGHAI)


def test_period_refuses_more_than_three_years_and_hours_of_more_than_a_month() -> None:
    with pytest.raises(PeriodProblem, match="请缩短"):
        Period(date(2020, 1, 1), date(2026, 1, 1), SHANGHAI)
    with pytest.raises(PeriodProblem, match="按小时"):
        Period(date(2026, 1, 1), date(2026, 3, 1), SHANGHAI).buckets(Step.HOUR)


def test_weeks_begin_on_monday_and_the_first_may_be_cut() -> None:
    period = Period(date(2026, 11, 20), date(2026, 12, 1), SHANGHAI)
    labels = [bucket.label for bucket in period.buckets(Step.WEEK)]
    assert labels == ["2026-11-20", "2026-11-23", "2026-11-30"]


def test_months_follow_the_calendar() -> None:
    period = Period(date(2026, 10, 30), date(2026, 12, 2), SHANGHAI)
    buckets = period.buckets(Step.MONTH)
    assert [bucket.label for bucket in buckets] == ["2026-10", "2026-11", "2026-12"]
    assert [round((b.end - b.start) / DAY) for b in buckets] == [2, 30, 2]


@pytest.mark.parametrize("step", list(Step))
def test_buckets_cover_the_period_without_gap_or_overlap(step: Step) -> None:
    buckets = WEEK.buckets(step)
    assert (buckets[0].start, buckets[-1].end) == (WEEK.start, WEEK.end)
    assert all(a.end == b.start for a, b in pairwise(buckets))


def test_day_on_which_the_clock_is_put_back_has_25_hours() -> None:
    day = Period(date(2026, 10, 25), date(2026, 10, 25), ZoneInfo("Europe/Berlin"))
    assert len(day.buckets(Step.HOUR)) == 25


def test_moment_at_the_border_belongs_to_the_day_that_begins() -> None:
    buckets = WEEK.buckets(Step.DAY)
    assert place(buckets, WEEK.start + DAY) == 1
    assert place(buckets, WEEK.start + DAY - 0.001) == 0
    assert place(buckets, WEEK.end) is None
    assert place(buckets, WEEK.start - 1) is None
