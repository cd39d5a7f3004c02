"""Which days the pages of the weekly loop are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from kefu.insight.period import Period, PeriodProblem, last_days
from kefu.settings import settings

NAMES = {"week": "本周", "last": "上周", "month": "最近 30 天", "own": "自选日期"}
_MONTH = 30


@dataclass(frozen=True)
class Days:
    """A period and how it was asked for.

    Attributes:
        name: One of NAMES.
        period: The days.
        problem: Why it is not what was asked for; "" where it is.
    """

    name: str
    period: Period
    problem: str = ""

    def url(self, page: str) -> str:
        """Return the address of a page for these days."""
        return f"{page}?{urlencode(self.fields)}"

    @property
    def fields(self) -> dict[str, str]:
        """Return it as the hidden fields of a form."""
        if self.name != "own":
            return {"period": self.name}
        return {"period": "own", "from": str(self.period.first), "to": str(self.period.last)}


def days_of(given: Mapping[str, str], now: float, usual: str = "week") -> Days:
    """Return the days that an address or a form asks for.

    Args:
        given: Its fields: period, from, to.
        now: UTC seconds.
        usual: What is meant where nothing is said.
    """
    zone = settings().assistant.zone
    today = datetime.fromtimestamp(now, zone).date()
    name = given.get("period", usual)
    if name == "own":
        try:
            first = date.fromisoformat(given.get("from", ""))
            last = date.fromisoformat(given.get("to", "") or str(today))
            return Days("own", Period(first, last, zone))
        except PeriodProblem as error:
            return Days(usual, _named(usual, today), str(error))
        except ValueError:
            problem = "请选开始和结束日期"
            return Days(usual, _named(usual, today), problem)
    chosen = name if name in NAMES else usual
    return Days(chosen, _named(chosen, today))


def week_of(day: date) -> Period:
    """Return the week from Monday that a day is in."""
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6), settings().assistant.zone)


def _named(name: str, today: date) -> Period:
    if name == "month":
        return last_days(_MONTH, today, settings().assistant.zone)
    return week_of(today if name == "week" else today - timedelta(days=7))
