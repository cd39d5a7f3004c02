"""All figures of a period, each with its two numbers and its target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.people import Service, of_sessions
from kefu.insight.period import Period
from kefu.insight.questions import Questions, questions
from kefu.insight.reply_times import FAST_SECONDS, Replies, replies
from kefu.insight.reviewed import reviewed
from kefu.insight.satisfaction import Satisfaction, satisfaction
from kefu.insight.sessions import Session, sessions_of
from kefu.insight.share import Share
from kefu.insight.volumes import Volume, volume

Unit = Literal["share", "seconds", "duration", "count"]
Group = Literal["understanding", "speed", "people", "rating", "volume"]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True)
class Target:
    """What a figure should be: at least, at most, or below a limit."""

    limit: float
    how: Literal["least", "most", "below"]

    def met(self, value: float) -> bool:
        """Tell whether a value is as it should be."""
        if self.how == "least":
            return value >= self.limit
        return value <= self.limit if self.how == "most" else value < self.limit


RECOGNITION = Target(0.8, "least")
REVIEWED = Target(0.8, "least")
HANDOFF = Target(0.3, "most")
REPLY = Target(FAST_SECONDS, "below")
ALL_FAST = Target(1.0, "least")


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: For programs; the same as in `series` where it is a chart.
        title: For people.
        value: In the unit; None where there is no data.
        unit: share (0 to 1), seconds, duration (seconds, read as minutes), or count.
        of: Numerator and denominator of a share; for times how many were measured.
        target: What it should be, if anything.
        meaning: What is divided by what.
    """

    name: str
    title: str
    value: float | None
    unit: Unit
    of: Share | None
    target: Target | None
    meaning: str

    @property
    def good(self) -> bool | None:
        """Tell whether the target is met; None without a target or without data."""
        if self.target is None or self.value is None:
            return None
        return self.target.met(self.value)


class Figures:
    """The figures of a period; each is computed when it is asked for, and once.

    Test traffic is not in them. `endings` and `service.reasons` are counts by name.
    """

    def __init__(
        self,
        period: Period,
        filters: Filters = EVERYTHING,
        sessions: Iterable[Session] | None = None,
    ) -> None:
        """Take what is looked at; `sessions` of `sessions_of`, where the caller has them."""
        self.period, self.filters = period, filters
        self._given = sessions

    @cached_property
    def sessions(self) -> list[Session]:
        """Return the sessions; reading them takes longer than anything else."""
        given = self._given
        return list(sessions_of(self.period, self.filters) if given is None else given)

    @cached_property
    def questions(self) -> Questions:
        """Return the questions, counted by what they are looked at."""
        return questions(self.period, self.filters)

    @property
    def recognition(self) -> Share:
        """Return questions recognised of questions."""
        return self.questions.recognised

    @property
    def endings(self) -> Counter[str]:
        """Return how many questions ended in which way."""
        return self.questions.endings

    @cached_property
    def reviewed(self) -> Share:
        """Return answers marked right of those that a person reviewed."""
        return reviewed(self.period, self.filters)

    @cached_property
    def service(self) -> Service:
        """Return what people did."""
        return of_sessions(self.sessions)

    @cached_property
    def satisfaction(self) -> Satisfaction:
        """Return what customers think of it."""
        return satisfaction(self.period, self.filters)

    @cached_property
    def replies(self) -> Replies:
        """Return how fast the assistant is."""
        return replies(self.period, self.filters)

    @cached_property
    def volume(self) -> Volume:
        """Return how much was written."""
        return volume(self.period, self.filters)

    def rows(self, *groups: Group) -> list[Figure]:
        """Return them as a list, in the order in which people read them; some, or all."""
        made: dict[Group, Callable[[], list[Figure]]] = {
            "understanding": self._understanding,
            "speed": self._speed,
            "people": self._people,
            "rating": self._rating,
            "volume": self._volume,
        }
        return [figure for group in groups or made for figure in made[group]()]

    def _understanding(self) -> list[Figure]:
        return [
            _share("recognition", "识别率", self.recognition, RECOGNITION,
                   "直接回答或顾客点选了选项的问题 ÷ 问题"),
            _share("reviewed", "抽查准确率", self.reviewed, REVIEWED,
                   "抽查判为「对」的回答 ÷ 抽查过的回答"),
        ]  # fmt: skip

    def _speed(self) -> list[Figure]:
        times = self.replies.whole
        measured = times.fast
        counted = Share(measured.denominator, measured.denominator)
        slow = "从收到到最后一条回复交给通道；按从快到慢排，第 {} % 的那一条"
        return [
            _share("reply_fast", "3 秒内回复", measured, ALL_FAST, "3 秒内的回复 ÷ 回复"),
            *(
                Figure(f"reply_p{percent}", f"回复时间 p{percent}", value, "seconds",
                       counted, REPLY, slow.format(percent))
                for percent, value in ((50, times.p50), (95, times.p95), (99, times.p99))
            ),
        ]  # fmt: skip

    def _people(self) -> list[Figure]:
        served, waits = self.service, self.service.waits
        counted = Share(waits.answered.numerator, waits.answered.denominator)
        wait = "服务时间内从请求到客服第一句话；{}"
        return [
            _share("handoff", "转人工率", served.handoff, HANDOFF, "有转人工的会话 ÷ 会话"),
            _share("unreached", "要人工而没有人接", served.unreached, None,
                   "没有人接的会话 ÷ 要求人工的会话"),
            Figure("wait_p50", "等待人工 p50", waits.p50, "duration", counted, None,
                   wait.format("一半的顾客等得不比这久")),
            Figure("wait_p95", "等待人工 p95", waits.p95, "duration", counted, None,
                   wait.format("95 % 的顾客等得不比这久")),
        ]  # fmt: skip

    def _rating(self) -> list[Figure]:
        rated = self.satisfaction
        return [
            _share("satisfaction", "满意度", rated.satisfied, None, "满意 ÷ 评价了的"),
            _share("rated", "评价率", rated.rated, None, "评价了的 ÷ 请求评价的"),
        ]

    def _volume(self) -> list[Figure]:
        said = self.volume
        days = self.period.days
        return [
            Figure("messages", "顾客消息", said.messages, "count", None, None,
                   f"平均每天 {said.messages / days:.1f} 条"),
            Figure("customers", "顾客", said.customers, "count", None, None,
                   "时段里发过消息的顾客，每位算一次"),
            Figure("sessions", "会话", self.service.handoff.denominator, "count", None, None,
                   "间隔不超过 60 分钟的消息为一次会话"),
        ]  # fmt: skip


def figures(
    period: Period, filters: Filters = EVERYTHING, sessions: Iterable[Session] | None = None
) -> Figures:
    """Return the figures of a period; `sessions` where the caller has them already."""
    return Figures(period, filters, sessions)


def _share(name: str, title: str, share: Share, target: Target | None, meaning: str) -> Figure:
    return Figure(name, title, share.value, "share", share, target, meaning)
