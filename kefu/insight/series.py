"""One figure over time, ready for a chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kefu.errors import KefuError
from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.people import Service, Waits, by_time
from kefu.insight.period import Bucket, Period, Step
from kefu.insight.questions import recognition_by_time
from kefu.insight.reply_times import ReplyTimes, reply_times_by_time
from kefu.insight.reviewed import reviewed_by_time
from kefu.insight.satisfaction import satisfaction_by_time
from kefu.insight.sessions import sessions_of
from kefu.insight.share import Share
from kefu.insight.volumes import volume_by_time


class UnknownSeries(KefuError):
    """Raised when there is no series of a name; the text lists those that there are."""


@dataclass(frozen=True)
class Point:
    """One point of a chart.

    Attributes:
        label: Of the time axis.
        start: UTC seconds.
        value: A share is 0 to 1, times are seconds; None where there is no data.
        of: Numerator and denominator of a share; for times how many were measured.
    """

    label: str
    start: float
    value: float | None
    of: Share | None = None


_Value = tuple[float | None, Share | None]
_Made = Callable[[Period, Filters, list[Bucket]], Iterable[_Value]]


def series(
    name: str, period: Period, step: Step = Step.DAY, filters: Filters = EVERYTHING
) -> list[Point]:
    """Return the points of a figure, one each step.

    Raises:
        UnknownSeries: There is no figure of that name over time.
        PeriodProblem: Too many points.
    """
    if name not in SERIES:
        raise UnknownSeries(f"没有指标「{name}」，可用的有：{'、'.join(SERIES)}")
    buckets = period.buckets(step)
    values = SERIES[name](period, filters, buckets)
    return [
        Point(bucket.label, bucket.start, value, of)
        for bucket, (value, of) in zip(buckets, values, strict=True)
    ]


def _recognition(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return map(_share, recognition_by_time(period, filters, buckets))


def _reviewed(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return map(_share, reviewed_by_time(period, filters, buckets))


def _served(period: Period, filters: Filters, buckets: list[Bucket]) -> list[Service]:
    return by_time(sessions_of(period, filters), buckets)


def _handoff(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return (_share(s.handoff) for s in _served(period, filters, buckets))


def _sessions(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return ((s.handoff.denominator, None) for s in _served(period, filters, buckets))


def _unreached(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return (_share(s.unreached) for s in _served(period, filters, buckets))


def _satisfied(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return (_share(s.satisfied) for s in satisfaction_by_time(period, filters, buckets))


def _rated(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return (_share(s.rated) for s in satisfaction_by_time(period, filters, buckets))


def _fast(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return (_share(times.fast) for times in reply_times_by_time(period, filters, buckets))


def _messages(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return ((v.messages, None) for v in volume_by_time(period, filters, buckets))


def _customers(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
    return ((v.customers, None) for v in volume_by_time(period, filters, buckets))


def _reply(of: Callable[[ReplyTimes], float | None]) -> _Made:
    def made(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
        found = reply_times_by_time(period, filters, buckets)
        return ((of(t), Share(t.fast.denominator, t.fast.denominator)) for t in found)

    return made


def _wait(of: Callable[[Waits], float | None]) -> _Made:
    def made(period: Period, filters: Filters, buckets: list[Bucket]) -> Iterable[_Value]:
        found = _served(period, filters, buckets)
        return ((of(s.waits), s.waits.answered) for s in found)

    return made


def _share(share: Share) -> _Value:
    return share.value, share


SERIES: dict[str, _Made] = {
    "recognition": _recognition,
    "reviewed": _reviewed,
    "handoff": _handoff,
    "unreached": _unreached,
    "satisfaction": _satisfied,
    "rated": _rated,
    "reply_fast": _fast,
    "reply_p50": _reply(lambda times: times.p50),
    "reply_p95": _reply(lambda times: times.p95),
    "reply_p99": _reply(lambda times: times.p99),
    "wait_p50": _wait(lambda waits: waits.p50),
    "wait_p95": _wait(lambda waits: waits.p95),
    "messages": _messages,
    "customers": _customers,
    "sessions": _sessions,
}
