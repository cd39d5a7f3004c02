"""Which days, channel and category the figures are about, as the address of a page says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from kefu.console.forms import plain
from kefu.errors import KefuError
from kefu.insight.filters import Filters
from kefu.insight.names import category_titles, channel_name
from kefu.insight.period import Period, Step
from kefu.settings import settings

OWN = "own"
USUAL = "week"
# Beyond these the days before, or the end of the day, may not be days of the calendar.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_DAY = timedelta(days=1)
_Days = tuple[date, date]


class ChoiceProblem(KefuError):
    """Raised when an address does not say what to show; the text says what to change."""


@dataclass(frozen=True)
class Choice:
    """What is looked at; `span` is a name of SPANS, or OWN for days that somebody gave."""

    span: str
    period: Period
    filters: Filters
    step: Step | None = None

    def params(self) -> dict[str, str]:
        """Return what the address of a page says, nothing where it is as usual."""
        days = {"from": str(self.period.first), "to": str(self.period.last)}
        found = days if self.span == OWN else {"period": self.span}
        if self.span == USUAL:
            found = {}
        chosen = {
            "channel": self.filters.channel,
            "category": self.filters.category,
            "step": self.step.value if self.step else None,
        }
        return {**found, **{name: value for name, value in chosen.items() if value}}

    @property
    def days(self) -> dict[str, str]:
        """Return the days as other pages take them."""
        return {"period": OWN, "from": str(self.period.first), "to": str(self.period.last)}

    @property
    def query(self) -> str:
        """Return the same as the end of an address, empty where all is as usual."""
        return _query(self.params())

    @property
    def exact(self) -> str:
        """Return it with the days themselves, so that the parts of a page agree on them."""
        return _query(replace(self, span=OWN).params())

    def spans(self) -> list[tuple[str, str, bool]]:
        """Return the usual days: title, end of the address, whether they are shown now."""
        others = {key: v for key, v in self.params().items() if key not in ("from", "to")}
        return [
            (title, _query({**others, "period": name}), name == self.span)
            for name, (title, _) in SPANS.items()
        ]

    def of_day(self, day: str) -> str:
        """Return the address for one day."""
        one = Period(date.fromisoformat(day), date.fromisoformat(day), self.period.zone)
        return _query(replace(self, span=OWN, period=one, step=None).params())

    def of(self, **filters: str) -> str:
        """Return the address for another channel or category."""
        return _query(replace(self, filters=replace(self.filters, **filters)).params())


def usual_spans() -> list[tuple[str, str, bool]]:
    """Return the same where nothing has been chosen."""
    return [(title, _query({"period": name}), False) for name, (title, _) in SPANS.items()]


def chosen(given: Mapping[str, str], today: date, channels: Mapping[str, str]) -> Choice:
    """Return what an address asks for; the last seven days when it says nothing.

    Raises:
        ChoiceProblem: It cannot be shown.
        PeriodProblem: The days do not make a period.
    """
    asked = {name: plain(value).strip() for name, value in given.items()}
    span, (first, last) = _days(asked, today)
    period = Period(first, last, settings().assistant.zone)
    step = _step(asked.get("step", ""))
    if step is not None:
        period.buckets(step)
    filters = Filters(
        _known(asked.get("channel", ""), channels, "渠道"),
        _known(asked.get("category", ""), category_titles(), "分类"),
    )
    return Choice(span, period, filters, step)


def channel_titles(known: list[str]) -> dict[str, str]:
    """Return what operators call channels; several accounts of WeChat also as one."""
    accounts = [channel for channel in known if channel.startswith("wechat:")]
    titles = {"wechat": "微信（全部账号）"} if len(accounts) > 1 else {}
    return {**titles, **{channel: channel_name(channel) for channel in sorted(known)}}


def _days(asked: Mapping[str, str], today: date) -> tuple[str, _Days]:
    given = asked.get("from", ""), asked.get("to", "")
    named = asked.get("period", "") or (OWN if any(given) else USUAL)
    if not any(given) and named in SPANS:
        return named, SPANS[named][1](today)
    if named not in (OWN, *SPANS):
        raise ChoiceProblem(f"没有「{named}」这个时段，请重新选择")
    days = _date(given[0], "开始日期"), _date(given[1], "结束日期")
    # A form carries the days that it shows: as long as nobody changes them they go on moving.
    unchanged = named in SPANS and SPANS[named][1](today) == days
    return named if unchanged else OWN, days


def _date(text: str, name: str) -> date:
    if not text:
        raise ChoiceProblem(f"请填写{name}")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ChoiceProblem(f"{name}「{text[:20]}」不是日期，请写成 2026-11-01 的样子") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ChoiceProblem(f"{name} {day} 不对，请填写 {_FIRST_YEAR} 至 {_LAST_YEAR} 年的日期")
    return day


def _step(text: str) -> Step | None:
    if not text:
        return None
    if text not in STEPS:
        raise ChoiceProblem("图表只能按小时、天、周或月，请重新选择")
    return Step(text)


def _known(value: str, titles: Mapping[str, str], name: str) -> str | None:
    if value and value not in titles:
        raise ChoiceProblem(f"没有{name}「{value[:40]}」，请重新选择")
    return value or None


def _query(params: Mapping[str, str]) -> str:
    return f"?{urlencode(params)}" if params else ""


def _last(days: int) -> Callable[[date], _Days]:
    return lambda today: (today - (days - 1) * _DAY, today)


def _yesterday(today: date) -> _Days:
    return today - _DAY, today - _DAY


def _last_week(today: date) -> _Days:
    monday = today - (today.weekday() + 7) * _DAY
    return monday, monday + 6 * _DAY


def _last_month(today: date) -> _Days:
    end = today.replace(day=1) - _DAY
    return end.replace(day=1), end


SPANS: dict[str, tuple[str, Callable[[date], _Days]]] = {
    "day": ("今天", _last(1)),
    "yesterday": ("昨天", _yesterday),
    USUAL: ("7 天", _last(7)),
    "last_week": ("上周", _last_week),
    "month": ("30 天", _last(30)),
    "last_month": ("上个月", _last_month),
}
STEPS = {"hour": "小时", "day": "天", "week": "周", "month": "月"}
