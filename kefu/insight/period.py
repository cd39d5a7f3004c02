"""Whole days in the shop's time zone, and how they are divided for a chart."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum

from kefu.errors import KefuError

_DAY = timedelta(days=1)
_MOST_DAYS = 1100
_MOST_HOURLY_DAYS = 31


class PeriodProblem(KefuError):
    """Raised when days do not make a period; the text says what to change."""


class Step(str, Enum):
    """How wide one point of a chart is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Bucket:
    """One point of the time axis: UTC seconds, the end not included, and its first day or hour."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Period:
    """Days, both included, in a time zone.

    Raises:
        PeriodProblem: The last day is before the first, or they are more than three years.
    """

    first: date
    last: date
    zone: tzinfo

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise PeriodProblem(f"结束日期 {self.last} 早于开始日期 {self.first}，请对调")
        if self.days > _MOST_DAYS:
            raise PeriodProblem(f"时段有 {self.days} 天，至多 {_MOST_DAYS} 天，请缩短")

    @property
    def days(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> float:
        """Return when it begins, UTC seconds."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> float:
        """Return when it is over, UTC seconds: the first moment that is not in it."""
        return midnight(self.last + _DAY, self.zone)

    @property
    def title(self) -> str:
        """Return it as people read it."""
        return str(self.first) if self.days == 1 else f"{self.first} 至 {self.last}"

    def before(self) -> Period:
        """Return the period of the same length just before."""
        return Period(self.first - self.days * _DAY, self.first - _DAY, self.zone)

    def buckets(self, step: Step) -> list[Bucket]:
        """Divide it; weeks begin on Monday, the first and last may be cut.

        Raises:
            PeriodProblem: Hours of more than a month.
        """
        if step is Step.HOUR and self.days > _MOST_HOURLY_DAYS:
            raise PeriodProblem(f"按小时至多看 {_MOST_HOURLY_DAYS} 天，请缩短时段或按天查看")
        begun = list(_HOW[step](self))
        ends = [start for start, _ in begun[1:]] + [self.end]
        return [Bucket(start, end, label) for (start, label), end in zip(begun, ends, strict=True)]


def last_days(count: int, last: date, zone: tzinfo) -> Period:
    """Return the period of `count` days that ends with `last`."""
    return Period(last - (count - 1) * _DAY, last, zone)


def midnight(day: date, zone: tzinfo) -> float:
    """Return when a day begins, UTC seconds."""
    return datetime.combine(day, time(), zone).timestamp()


def place(buckets: list[Bucket], at: float) -> int | None:
    """Return which bucket a moment is in, None where it is in none."""
    number = bisect_right(buckets, at, key=_start) - 1
    return number if number >= 0 and at < buckets[number].end else None


def _start(bucket: Bucket) -> float:
    return bucket.start


def _days(period: Period) -> Iterator[date]:
    return (period.first + number * _DAY for number in range(period.days))


def _hourly(period: Period) -> Iterator[tuple[float, str]]:
    for day in _days(period):
        start, end = midnight(day, period.zone), midnight(day + _DAY, period.zone)
        # By the clock of the world: where clocks are put back a day has 25 hours.
        for number in range(round((end - start) / 3600)):
            at = start + number * 3600
            yield at, f"{day} {datetime.fromtimestamp(at, period.zone):%H:%M}"


def _daily(period: Period) -> Iterator[tuple[float, str]]:
    for day in _days(period):
        yield midnight(day, period.zone), str(day)


def _weekly(period: Period) -> Iterator[tuple[float, str]]:
    for day in _days(period):
        if day == period.first or day.weekday() == 0:
            yield midnight(day, period.zone), str(day)


def _monthly(period: Period) -> Iterator[tuple[float, str]]:
    for day in _days(period):
        if day == period.first or day.day == 1:
            yield midnight(day, period.zone), f"{day:%Y-%m}"


_HOW = {Step.HOUR: _hourly, Step.DAY: _daily, Step.WEEK: _weekly, Step.MONTH: _monthly}
