"""The tables whose rows are days (hours, weeks, months), with their charts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kefu.insight.figures import HANDOFF, RECOGNITION, REPLY
from kefu.insight.filters import Filters
from kefu.insight.people import Service, by_time
from kefu.insight.period import Bucket, Period, Step
from kefu.insight.questions import recognition_by_time
from kefu.insight.reply_times import reply_times_by_time
from kefu.insight.satisfaction import satisfaction_by_time
from kefu.insight.sessions import Session
from kefu.insight.tables import Column, Table
from kefu.insight.volumes import HOURS, messages_by_hour, volume_by_time

_FIRST = {Step.HOUR: "时间", Step.DAY: "日期", Step.WEEK: "周（起）", Step.MONTH: "月"}


def fitting_step(period: Period) -> Step:
    """Return the step that gives a chart of a readable number of points."""
    if period.days == 1:
        return Step.HOUR
    if period.days <= 62:
        return Step.DAY
    return Step.WEEK if period.days <= 370 else Step.MONTH


def over_time(
    period: Period, step: Step, filters: Filters, sessions: Iterable[Session]
) -> Iterator[Table]:
    """Yield the tables over time, the most important first.

    Args:
        period, filters: What is looked at.
        step: How wide a row is.
        sessions: Those of `sessions_of`.
    """
    buckets, first = period.buckets(step), Column(_FIRST[step])
    served = by_time(sessions, buckets)
    yield _recognition(period, filters, buckets, first)
    yield _handoff(served, buckets, first)
    yield _waits(served, buckets, first)
    yield _satisfaction(period, filters, buckets, first)
    yield _replies(period, filters, buckets, first)
    yield _volume(period, filters, buckets, first)


def by_hour(period: Period, filters: Filters) -> Table:
    """Return the table of the hours of the day."""
    counted = messages_by_hour(period, filters)
    rows = tuple((f"{hour:02d}:00", counted[hour]) for hour in range(HOURS))
    columns = (Column("时刻"), Column("消息", "count", drawn=True))
    note = "时段里每天同一小时的顾客消息之和。"
    return Table("hours", "一天里的忙闲", "bars", columns, rows, note=note)


def _recognition(period: Period, filters: Filters, buckets: list[Bucket], first: Column) -> Table:
    shares = recognition_by_time(period, filters, buckets)
    rows = tuple(
        (bucket.label, share.value, share.numerator, share.denominator)
        for bucket, share in zip(buckets, shares, strict=True)
    )
    columns = (
        first, Column("识别率", "share", drawn=True), Column("识别", "count"),
        Column("问题", "count"),
    )  # fmt: skip
    return Table("recognition", "识别率", "line", columns, rows, (RECOGNITION,))


def _handoff(served: list[Service], buckets: list[Bucket], first: Column) -> Table:
    rows = tuple(
        (bucket.label, s.handoff.value, s.handoff.numerator, s.handoff.denominator,
         s.unreached.numerator, s.unreached.denominator)
        for bucket, s in zip(buckets, served, strict=True)
    )  # fmt: skip
    columns = (
        first, Column("转人工率", "share", drawn=True), Column("转人工会话", "count"),
        Column("会话", "count"), Column("没有人接", "count"), Column("要人工的会话", "count"),
    )  # fmt: skip
    return Table("handoff", "转人工率", "line", columns, rows, (HANDOFF,))


def _waits(served: list[Service], buckets: list[Bucket], first: Column) -> Table:
    rows = tuple(
        (bucket.label, s.waits.p50, s.waits.p95, s.waits.answered.numerator,
         s.waits.answered.denominator, s.waits.tickets)
        for bucket, s in zip(buckets, served, strict=True)
    )  # fmt: skip
    columns = (
        first, Column("p50", "duration", drawn=True), Column("p95", "duration", drawn=True),
        Column("已回应", "count"), Column("请求", "count"), Column("留言", "count"),
    )  # fmt: skip
    note = "服务时间内的请求，到客服第一句话为止；留言是服务时间外的请求，不算等待。"
    return Table("waits", "等待人工的时间", "line", columns, rows, note=note)


def _satisfaction(period: Period, filters: Filters, buckets: list[Bucket], first: Column) -> Table:
    found = satisfaction_by_time(period, filters, buckets)
    rows = tuple(
        (bucket.label, s.satisfied.value, s.satisfied.numerator, s.rated.numerator,
         s.rated.denominator, s.rated.value)
        for bucket, s in zip(buckets, found, strict=True)
    )  # fmt: skip
    columns = (
        first, Column("满意度", "share", drawn=True), Column("满意", "count"),
        Column("评价", "count"), Column("请求评价", "count"), Column("评价率", "share"),
    )  # fmt: skip
    return Table("satisfaction", "满意度", "line", columns, rows)


def _replies(period: Period, filters: Filters, buckets: list[Bucket], first: Column) -> Table:
    found = reply_times_by_time(period, filters, buckets)
    rows = tuple(
        (bucket.label, t.p50, t.p95, t.p99, t.fast.value, t.fast.numerator, t.fast.denominator)
        for bucket, t in zip(buckets, found, strict=True)
    )
    drawn = (Column(f"p{percent}", "seconds", drawn=True) for percent in (50, 95, 99))
    columns = (
        first, *drawn, Column("3 秒内", "share"), Column("3 秒内的回复", "count"),
        Column("回复", "count"),
    )  # fmt: skip
    return Table("replies", "助手的回复时间", "line", columns, rows, (REPLY,))


def _volume(period: Period, filters: Filters, buckets: list[Bucket], first: Column) -> Table:
    found = volume_by_time(period, filters, buckets)
    rows = tuple(
        (bucket.label, v.messages, v.customers) for bucket, v in zip(buckets, found, strict=True)
    )
    columns = (
        first, Column("消息", "count", drawn=True), Column("顾客", "count", drawn=True),
    )  # fmt: skip
    return Table("volume", "消息和顾客", "bars", columns, rows)
