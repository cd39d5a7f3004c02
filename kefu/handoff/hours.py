"""When people are there: the service hours of settings.yml against the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from kefu.settings import WEEKDAYS, ServiceHours, settings, span_minutes

_NAMES = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_DAY = 24 * 60
_HORIZON_DAYS = 400

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Schedule:
    """Service hours in a time zone. Times are UTC seconds since 1970."""

    hours: ServiceHours
    zone: tzinfo

    def is_open(self, now: float) -> bool:
        """Tell whether people are there; the last minute of a span is the one before its end."""
        local = datetime.fromtimestamp(now, self.zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self._spans(local.date()))

    def next_opening(self, now: float) -> float | None:
        """Return when people are there next: `now` while open, None when never."""
        if self.is_open(now):
            return now
        today = datetime.fromtimestamp(now, self.zone).date()
        for days in range(_HORIZON_DAYS):
            day = today + timedelta(days=days)
            for start, _ in self._spans(day):
                opening = datetime(
                    day.year, day.month, day.day, start // 60, start % 60, tzinfo=self.zone
                ).timestamp()
                if opening > now:
                    return opening
        return None

    def describe(self, now: float | None = None) -> str:
        """Put the hours in words, such as 周一至周五 9:00–18:00，周六 10:00–16:00.

        Args:
            now: Names today's hours too when it is a day with hours of its own.
        """
        days: dict[Spans, list[int]] = {}
        for number, name in enumerate(WEEKDAYS):
            days.setdefault(_merged(self.hours.weekly.get(name, ())), []).append(number)
        parts = [f"{_days(d)} {_clock(spans)}" for spans, d in days.items() if spans]
        text = "，".join(parts) or "暂不提供人工服务"
        return text + (self._exception(now) if now is not None else "")

    def _spans(self, day: date) -> Spans:
        special = self._holiday(day)
        if special is not None:
            return special
        return _merged(self.hours.weekly.get(WEEKDAYS[day.weekday()], ()))

    def _holiday(self, day: date) -> Spans | None:
        for holiday in self.hours.holidays:
            if holiday.date == day:
                return _merged(holiday.hours)
        return None

    def _exception(self, now: float) -> str:
        today = datetime.fromtimestamp(now, self.zone).date()
        spans = self._holiday(today)
        if spans is None:
            return ""
        return f"，今天（{today.month}月{today.day}日）{_clock(spans) if spans else '休息'}"


def schedule() -> Schedule:
    """Return the schedule of settings.yml."""
    return Schedule(settings().service_hours, settings().assistant.zone)


def _merged(spans: Sequence[str]) -> Spans:
    """Return spans in minutes since midnight, in order, those that touch made one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span_minutes(span) for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _days(numbers: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "、".join(_run(run) for run in runs)


def _run(run: Sequence[int]) -> str:
    if len(run) > 2:
        return f"{_NAMES[run[0]]}至{_NAMES[run[-1]]}"
    return "、".join(_NAMES[number] for number in run)


def _clock(spans: Spans) -> str:
    if spans == ((0, _DAY),):
        return "全天"
    return "、".join(f"{_time(start)}–{_time(end)}" for start, end in spans)


def _time(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"
