"""Service hours as customers read them and as the clock meets them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from kefu.handoff.hours import Schedule
from kefu.settings import WEEKDAYS, ServiceHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
LUNCH = ["09:00-12:00", "13:00-18:00"]


def schedule(*days: list[str], zone: str = "Asia/Shanghai", **holidays: list[str]) -> Schedule:
    weekly = dict(zip(WEEKDAYS, days, strict=False))
    closed = [{"date": d[1:].replace("_", "-"), "hours": h} for d, h in holidays.items()]
    hours = ServiceHours.parse_obj({"weekly": weekly, "holidays": closed})
    return Schedule(hours, ZoneInfo(zone))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


# 2026-11-23 is a Monday.
@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 09:00:00", True),
        ("2026-11-23 11:59:59", True),
        ("2026-11-23 12:00:00", False),
        ("2026-11-23 13:00:00", True),
        ("2026-11-23 18:00:00", False),
        ("2026-11-24 10:00:00", False),
    ],
)
def test_open_from_the_first_minute_to_the_end_of_the_last(moment: str, expected: bool) -> None:
    assert schedule(LUNCH).is_open(at(moment)) is expected


def test_a_holiday_replaces_the_hours_of_its_weekday() -> None:
    hours = schedule(LUNCH, d2026_11_23=[], d2026_11_24=["10:00-11:00"])
    assert not hours.is_open(at("2026-11-23 10:00"))
    assert hours.is_open(at("2026-11-24 10:30"))


def test_the_hours_are_meant_in_the_time_zone_of_the_shop() -> None:
    moment = at("2026-11-23 10:00")
    assert schedule(["09:00-18:00"]).is_open(moment)
    assert not schedule(["09:00-18:00"], zone="America/New_York").is_open(moment)


def test_a_night_shift_runs_through_midnight() -> None:
    hours = schedule(["20:00-24:00"], ["00:00-02:00"])
    assert hours.is_open(at("2026-11-23 23:59:59"))
    assert hours.is_open(at("2026-11-24 00:00:00"))
    assert not hours.is_open(at("2026-11-24 02:00:00"))


def test_the_next_opening_skips_lunch_weekends_and_holidays() -> None:
    hours = schedule(LUNCH, LUNCH, d2026_11_30=[])
    assert hours.next_opening(at("2026-11-23 12:30")) == at("2026-11-23 13:00")
    assert hours.next_opening(at("2026-11-23 18:00")) == at("2026-11-24 09:00")
    assert hours.next_opening(at("2026-11-24 18:00")) == at("2026-12-01 09:00")
    assert hours.next_opening(at("2026-11-24 10:00")) == at("2026-11-24 10:00")
    assert schedule().next_opening(at("2026-11-24 10:00")) is None


def test_the_clock_change_does_not_move_the_opening() -> None:
    new_york = ZoneInfo("America/New_York")
    hours = schedule(["09:00-10:00"], zone="America/New_York")
    # Summer time begins on Sunday 2027-03-14.
    saturday = at("2027-03-13 12:00", new_york)
    assert hours.next_opening(saturday) == at("2027-03-15 09:00", new_york)


DAY = ["09:00-18:00"]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([DAY] * 7, "周一至周日 9:00–18:00"),
        ([DAY] * 5 + [["10:00-16:00"]], "周一至周五 9:00–18:00，周六 10:00–16:00"),
        ([DAY] * 5 + [["10:00-16:00"]] * 2, "周一至周五 9:00–18:00，周六、周日 10:00–16:00"),
        ([DAY, DAY, DAY, [], DAY, [], []], "周一至周三、周五 9:00–18:00"),
        ([LUNCH] * 5, "周一至周五 9:00–12:00、13:00–18:00"),
        ([["09:00-12:00", "12:00-18:00"]] * 5, "周一至周五 9:00–18:00"),
        ([["00:00-24:00"]] * 7, "周一至周日 全天"),
        ([["20:00-24:00"]], "周一 20:00–24:00"),
        ([], "暂不提供人工服务"),
    ],
)
def test_describes_the_week_in_few_words(days: list[list[str]], words: str) -> None:
    assert schedule(*days).describe() == words


def test_names_the_hours_of_a_holiday_on_that_day_alone() -> None:
    hours = schedule(*[DAY] * 7, d2027_01_01=[], d2027_01_02=["10:00-16:00"])
    week = "周一至周日 9:00–18:00"
    assert hours.describe(at("2027-01-01 10:00")) == f"{week}，今天（1月1日）休息"
    assert hours.describe(at("2027-01-02 09:00")) == f"{week}，今天（1月2日）10:00–16:00"
    assert hours.describe(at("2027-01-03 10:00")) == week
