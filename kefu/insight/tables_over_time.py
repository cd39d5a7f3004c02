"""The tables whose rows are days (hours, weeks, months), with their charts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from kefu.insight.figures import HANDOFF, RECOGNITION, REPLY, REVIEWED, Figures, Unit
from kefu.insight.people import Service, by_time
from kefu.insight.period import Bucket, Period, Step
from kefu.insight.questions import recognition_by_time
from kefu.insight.reply_times import PERCENTS, ReplyTimes, reply_times_by_time
from kefu.insight.reviewed import reviewed_by_time
from kefu.insight.satisfaction import satisfaction_by_time
from kefu.insight.share import Share
from kefu.insight.tables import Cell, Column, Table
from kefu.insight.volumes import HOURS, messages_by_hour, volume_by_time

_FIRST = {Step.HOUR: "时间", Step.DAY: "日期", Step.WEEK: "周（起）", Step.MONTH: "月"}


def fitting_step(period: Period) -> Step:
    """Return the step that gives a chart of a readable number of points."""
    if period.days == 1:
        return Step.HOUR
    if period.days <= 62:
        return Step.DAY
    return Step.WEEK if period.days <= 370 else Step.MONTH


class Course:
    """The figures of a period, step by step."""

    def __init__(self, figures: Figures, step: Step | None = None) -> None:
        """Take the figures, and how wide a step is; without one it is what fits."""
        self.figures = figures
        self.period, self.filters = figures.period, figures.filters
        self.step = step or fitting_step(self.period)

    @cached_property
    def buckets(self) -> list[Bucket]:
        """Return the steps. Raises PeriodProblem where they are too many."""
        return self.period.buckets(self.step)

    @cached_property
    def served(self) -> list[Service]:
        """Return what people did in each step."""
        return by_time(self.figures.sessions, self.buckets)

    @property
    def recognised(self) -> list[Share]:
        """Return what was recognised in each step."""
        if self.step is Step.HOUR:
            return recognition_by_time(self.period, self.filters, self.buckets)
        return self.figures.questions.by_time(self.buckets)

    @property
    def replied(self) -> list[ReplyTimes]:
        """Return how fast the assistant was in each step."""
        if self.step is Step.HOUR:
            return reply_times_by_time(self.period, self.filters, self.buckets)
        return self.figures.replies.by_time(self.buckets)

    @property
    def first(self) -> Column:
        """Return the column that names the steps."""
        return Column(_FIRST[self.step])

    def rows(self, found: Iterable[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
        """Return rows that begin with the names of the steps."""
        named = zip(self.buckets, found, strict=True)
        return tuple((bucket.label, *cells) for bucket, cells in named)


def recognition(course: Course) -> Table:
    """Return the recognition rate."""
    found = course.recognised
    columns = (
        course.first, Column("识别率", "share", drawn=True), Column("识别", "count"),
        Column("问题", "count"),
    )  # fmt: skip
    rows = course.rows(map(_share, found))
    return Table("recognition", "识别率", "line", columns, rows, (RECOGNITION,))


def reviewed(course: Course) -> Table:
    """Return the reviewed accuracy."""
    found = reviewed_by_time(course.period, course.filters, course.buckets)
    columns = (
        course.first, Column("抽查准确率", "share", drawn=True), Column("判为对", "count"),
        Column("抽查", "count"),
    )  # fmt: skip
    rows = course.rows(map(_share, found))
    note = "算在回答的那一天，不论哪天抽查的。"
    return Table("reviewed", "抽查准确率", "line", columns, rows, (REVIEWED,), note)


def handoff(course: Course) -> Table:
    """Return the handoff rate, and who was not reached."""
    rows = course.rows(
        (*_share(s.handoff), s.unreached.numerator, s.unreached.denominator) for s in course.served
    )
    columns = (
        course.first, Column("转人工率", "share", drawn=True), Column("转人工会话", "count"),
        Column("会话", "count"), Column("没有人接", "count"), Column("要人工的会话", "count"),
    )  # fmt: skip
    return Table("handoff", "转人工率", "line", columns, rows, (HANDOFF,))


def unreached(course: Course) -> Table:
    """Return how many asked for a person whom nobody came to."""
    rows = course.rows(
        (s.unreached.numerator, s.unreached.denominator, s.unreached.value) for s in course.served
    )
    columns = (
        course.first, Column("没有人接", "count", drawn=True),
        Column("要人工的会话", "count", drawn=True), Column("没有人接的占比", "share"),
    )  # fmt: skip
    return Table("unreached", "要人工而没有人接", "bars", columns, rows)


def waits(course: Course) -> Table:
    """Return how long customers wait for a person."""
    rows = course.rows(
        (s.waits.p50, s.waits.p95, s.waits.answered.numerator,
         s.waits.answered.denominator, s.waits.tickets)
        for s in course.served
    )  # fmt: skip
    columns = (
        course.first, *_percentiles("duration", 50, 95), Column("已回应", "count"),
        Column("请求", "count"), Column("留言", "count"),
    )  # fmt: skip
    note = (
        "服务时间内的请求，到客服第一句话为止；100 位顾客里有 95 位等得不比「95 %」久。"
        "留言是服务时间外的请求，不算等待。"
    )
    return Table("waits", "等待人工的时间", "line", columns, rows, note=note)


def satisfaction(course: Course) -> Table:
    """Return the satisfaction, and how many rated."""
    found = satisfaction_by_time(course.period, course.filters, course.buckets)
    rows = course.rows(
        (s.satisfied.value, s.satisfied.numerator, s.rated.numerator,
         s.rated.denominator, s.rated.value)
        for s in found
    )  # fmt: skip
    columns = (
        course.first, Column("满意度", "share", drawn=True), Column("满意", "count"),
        Column("评价", "count"), Column("请求评价", "count"), Column("评价率", "share"),
    )  # fmt: skip
    return Table("satisfaction", "满意度", "line", columns, rows)


def replies(course: Course) -> Table:
    """Return how fast the assistant is."""
    found = course.replied
    rows = course.rows((t.p50, t.p95, t.p99, *_share(t.fast)) for t in found)
    columns = (
        course.first, *_percentiles("seconds", *PERCENTS), Column("3 秒内", "share"),
        Column("3 秒内的回复", "count"), Column("回复", "count"),
    )  # fmt: skip
    note = "100 条回复里有 95 条不比「95 %」慢。"
    return Table("replies", "助手的回复时间", "line", columns, rows, (REPLY,), note)


def volume(course: Course) -> Table:
    """Return how much was written."""
    found = volume_by_time(course.period, course.filters, course.buckets)
    columns = (
        course.first, Column("消息", "count", drawn=True), Column("顾客", "count", drawn=True),
    )  # fmt: skip
    rows = course.rows((v.messages, v.customers) for v in found)
    return Table("volume", "消息和顾客", "bars", columns, rows)


def hours(course: Course) -> Table:
    """Return the hours of the day."""
    counted = messages_by_hour(course.period, course.filters)
    rows = tuple((f"{hour:02d}:00", counted[hour]) for hour in range(HOURS))
    columns = (Column("时刻"), Column("消息", "count", drawn=True))
    note = "时段里每天同一小时的顾客消息之和。"
    return Table("hours", "一天里的忙闲", "bars", columns, rows, note=note)


def _percentiles(unit: Unit, *percents: int) -> tuple[Column, ...]:
    """Return the columns of percentiles, in words of everyday."""
    return tuple(
        Column("一半" if percent == 50 else f"{percent} %", unit, drawn=True)
        for percent in percents
    )


def _share(share: Share) -> tuple[Cell, ...]:
    return share.value, share.numerator, share.denominator
