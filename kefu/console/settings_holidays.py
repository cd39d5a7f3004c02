"""Days with hours of their own as rows of a form: from, to, hours; no hours = closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from starlette.datastructures import FormData

from kefu.console import hours_form
from kefu.console.forms import plain
from kefu.settings import settings

_MOST_DAYS = 60
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """What stands in one row, as it was typed."""

    first: str = ""
    last: str = ""
    hours: str = ""

    @property
    def is_over(self) -> bool:
        """Tell whether the last of its days is past."""
        today = datetime.now(settings().assistant.zone).date()
        try:
            return date.fromisoformat(self.last or self.first) < today
        except ValueError:
            return False


def typed_from_value(holidays: Sequence[dict[str, Any]]) -> list[Row]:
    """Return rows; days in a row with the same hours share one."""
    rows: list[Row] = []
    for holiday in sorted(holidays, key=lambda one: str(one["date"])):
        day, hours = str(holiday["date"]), " ".join(holiday["hours"])
        if rows and rows[-1].hours == hours and _after(rows[-1].last or rows[-1].first) == day:
            rows[-1] = Row(rows[-1].first, day, hours)
        else:
            rows.append(Row(day, "", hours))
    return rows


def typed_from_form(form: FormData) -> list[Row]:
    """Return the rows that were filled in."""
    columns = (
        [plain(v).strip() for v in form.getlist(f"holiday_{name}") if isinstance(v, str)]
        for name in ("first", "last", "hours")
    )
    # A browser sends as many of each; whoever else does not gets what fits together.
    return [row for row in map(Row, *columns) if row != Row()]


def value_in(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the days of rows. Raises ValueError with what is wrong, in the operator's words."""
    return [
        {"date": day.isoformat(), "hours": list(hours_form.spans(row.hours))}
        for row in rows
        for day in _days(row)
    ]


def _days(row: Row) -> list[date]:
    first, last = _date(row.first), _date(row.last or row.first)
    if last < first:
        raise ValueError(f"{row.first} 到 {row.last}：结束日期早于开始日期")
    count = (last - first).days + 1
    if count > _MOST_DAYS:
        raise ValueError(f"{row.first} 到 {row.last} 有 {count} 天，一行至多 {_MOST_DAYS} 天")
    return [first + number * _DAY for number in range(count)]


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        what = f"「{text}」不是日期" if text else "有一行没有填日期"
        raise ValueError(f"{what}，请写成 2027-01-01") from None


def _after(day: str) -> str:
    return (date.fromisoformat(day) + _DAY).isoformat()
