"""What the page of figures shows of a figure and of a chart."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from kefu.console.figures_choice import Choice
from kefu.insight import words
from kefu.insight.figures import Figure, Group
from kefu.insight.names import category_titles, is_known
from kefu.insight.period import Step
from kefu.insight.tables import Table
from kefu.insight.tables_over_time import fitting_step
from kefu.loop.reasons import Reason

NO_DATA = "还没有数据"
# The tiles that are loaded together, in the order in which they stand, and how many they are.
GROUPS: dict[Group, tuple[str, ...]] = {
    "understanding": ("recognition", "reviewed"),
    "people": ("handoff", "unreached", "wait_p50"),
    "rating": ("satisfaction", "rated"),
    "speed": ("reply_p95", "reply_fast"),
    "volume": ("messages", "customers", "sessions"),
}
# Of figures whose names say how they are computed.
_PLAIN = {"wait_p50": "等待人工", "reply_p95": "回复时间"}
# Which reason of the list of what to improve a row of a chart stands for.
_TO_IMPROVE: dict[str, dict[str, Reason]] = {
    "endings": {"not_recognised": "not_recognised", "not_picked": "not_picked"},
    "reasons": {
        "unrecognised": "not_recognised",
        "repeat": "reasked",
        "keyword": "to_person",
        "button": "to_person",
    },
}


@dataclass(frozen=True)
class Tile:
    """A figure in short; `good` tells whether the target is met, None where there is none."""

    name: str
    title: str
    value: str
    of: str
    target: str
    good: bool | None
    change: str
    meaning: str
    is_empty: bool


def tiles(group: Group, now: list[Figure], before: list[Figure] | None) -> list[Tile]:
    """Return the tiles of a group, without a change as long as `before` is not there."""
    earlier = {figure.name: figure for figure in before or ()}
    shown = {figure.name: figure for figure in now if figure.name in GROUPS[group]}
    return [_tile(shown[name], earlier.get(name)) for name in GROUPS[group]]


def _tile(now: Figure, before: Figure | None) -> Tile:
    return Tile(
        name=now.name,
        title=_PLAIN.get(now.name, now.title),
        value=NO_DATA if now.value is None else words.value_text(now.value, now.unit),
        of=words.of_text(now) if now.value is not None else "",
        target=words.target_text(now.target, now.unit),
        good=now.good,
        change=_change(now, before),
        meaning=now.meaning,
        is_empty=now.value is None,
    )


def _change(now: Figure, before: Figure | None) -> str:
    """Return the change, empty as long as the figure before is not known."""
    if before is None or now.value is None:
        return ""
    return "没有数据" if before.value is None else words.change_text(now, before)


def drawn_targets(table: Table) -> list[dict[str, str | float]]:
    """Return the lines of a chart's targets, each with what stands at it."""
    drawn = [column for column in table.columns if column.drawn]
    names = [column.title if len(table.targets) > 1 else "" for column in drawn]
    return [
        {
            "limit": target.limit,
            "how": target.how,
            "text": f"{name}目标 {words.target_text(target, column.unit)}",
        }
        for target, column, name in zip(table.targets, drawn, names, strict=False)
        if column.unit is not None
    ]


def leads(table: Table, choice: Choice) -> list[str]:
    """Return where each row of a chart leads, "" where it leads nowhere."""
    if table.keys:
        return [_lead(table.name, key, choice) for key in table.keys]
    by_day = table.kind in ("line", "bars") and table.name != "hours"
    if by_day and choice.period.days > 1 and _step(choice) is Step.DAY:
        return [f"/figures{choice.of_day(str(row[0]))}" for row in table.rows]
    return ["" for _ in table.rows]


def _lead(table: str, key: str, choice: Choice) -> str:
    if table == "questions":
        return f"/knowledge/entries/{key}" if is_known(key) else ""
    if table == "channels" and key and key != choice.filters.channel:
        return f"/figures{choice.of(channel=key)}"
    if table == "categories" and key in category_titles() and key != choice.filters.category:
        return f"/figures{choice.of(category=key)}"
    reason = _TO_IMPROVE.get(table, {}).get(key)
    return f"/unrecognised?{urlencode({**choice.days, 'reason': reason})}" if reason else ""


def _step(choice: Choice) -> Step:
    return choice.step or fitting_step(choice.period)
