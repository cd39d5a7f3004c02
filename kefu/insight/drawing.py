"""Where the parts of a chart are; a template draws them as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kefu.insight.figures import Unit
from kefu.insight.scale import Scale, scale_for
from kefu.insight.tables import Cell, Table
from kefu.insight.words import duration_text, target_text, value_text

WIDTH, HEIGHT = 460.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 14.0, 30.0, 30.0
_MOST_LABELS = 8
_MOST_VALUES = 10
_BAR_SHARE = 0.72
_RANK_LEFT, _RANK_RIGHT, _RANK_HEIGHT = 178.0, 52.0, 19.0
_LONGEST_NAME = 14


@dataclass(frozen=True)
class Text:
    """A text at a place; `full` is the whole of one that was shortened."""

    x: float
    y: float
    text: str
    full: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar of a series, with what it stands for."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True)
class Dot:
    """A point of a line, with what it stands for."""

    x: float
    y: float
    series: int
    title: str


@dataclass(frozen=True)
class Line:
    """A stretch of a line without a gap, as the points of an SVG polyline."""

    series: int
    points: str


@dataclass(frozen=True)
class Drawing:
    """All parts of a chart, in the units of its view box."""

    width: float
    height: float
    left: float
    right: float
    bottom: float
    legend: tuple[tuple[int, Text], ...] = ()
    marks: tuple[Text, ...] = ()
    names: tuple[Text, ...] = ()
    values: tuple[Text, ...] = ()
    targets: tuple[Text, ...] = ()
    lines: tuple[Line, ...] = ()
    dots: tuple[Dot, ...] = ()
    bars: tuple[Bar, ...] = ()


def drawing_of(table: Table) -> Drawing | None:
    """Return the chart of a table; None where nothing is drawn, or nothing is there to draw."""
    if table.kind == "shares" or not table.has_data:
        return None
    drawn = [number for number, column in enumerate(table.columns) if column.drawn]
    if table.kind == "ranks":
        return _ranks(table, drawn[0])
    return _Plot(table, drawn).drawing()


class _Plot:
    """A chart whose rows stand side by side."""

    def __init__(self, table: Table, drawn: list[int]) -> None:
        self._table, self._drawn = table, drawn
        self._unit: Unit = table.columns[drawn[0]].unit or "count"
        limits = [target.limit for target in table.targets]
        values = [n for row in table.rows for i in drawn if (n := _number(row[i])) is not None]
        self._scale: Scale = scale_for(max(values + limits), self._unit)
        self._step = (WIDTH - _LEFT - _RIGHT) / len(table.rows)

    def drawing(self) -> Drawing:
        bars = self._table.kind == "bars"
        return Drawing(
            WIDTH, HEIGHT, _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM,
            legend=tuple(self._legend()),
            marks=tuple(
                Text(_LEFT - 6, self._y(mark) + 3.5, _mark_text(mark, self._unit))
                for mark in self._scale.marks
            ),
            names=tuple(self._names()),
            values=() if bars else tuple(self._values()),
            targets=tuple(self._targets()),
            lines=() if bars else tuple(self._lines()),
            dots=() if bars else tuple(self._dots()),
            bars=tuple(self._bars()) if bars else (),
        )  # fmt: skip

    def _x(self, number: int) -> float:
        return round(_LEFT + (number + 0.5) * self._step, 1)

    def _y(self, value: float) -> float:
        space = HEIGHT - _TOP - _BOTTOM
        return round(HEIGHT - _BOTTOM - space * value / self._scale.top, 1)

    def _legend(self) -> Iterator[tuple[int, Text]]:
        for series, column in enumerate(self._drawn):
            yield series, Text(_LEFT + series * 90, 14, self._table.columns[column].title)

    def _names(self) -> Iterator[Text]:
        every = -(-len(self._table.rows) // _MOST_LABELS)
        for number, row in enumerate(self._table.rows):
            if number % every == 0:
                yield Text(self._x(number), HEIGHT - _BOTTOM + 16, _brief(str(row[0])))

    def _targets(self) -> Iterator[Text]:
        for target in self._table.targets:
            text = f"目标 {target_text(target, self._unit)}"
            yield Text(WIDTH - _RIGHT, self._y(target.limit), text)

    def _points(self, series: int) -> Iterator[tuple[int, float | None]]:
        for number, row in enumerate(self._table.rows):
            yield number, _number(row[self._drawn[series]])

    def _lines(self) -> Iterator[Line]:
        for series in range(len(self._drawn)):
            stretch: list[str] = []
            for number, value in [*self._points(series), (0, None)]:
                if value is not None:
                    stretch.append(f"{self._x(number)},{self._y(value)}")
                    continue
                if len(stretch) > 1:
                    yield Line(series, " ".join(stretch))
                stretch = []

    def _dots(self) -> Iterator[Dot]:
        for series in range(len(self._drawn)):
            for number, value in self._points(series):
                if value is not None:
                    title = self._title(number, series, value)
                    yield Dot(self._x(number), self._y(value), series, title)

    def _values(self) -> Iterator[Text]:
        """Yield the numbers at the points, where they have room."""
        if len(self._drawn) > 1 or len(self._table.rows) > _MOST_VALUES:
            return
        for number, value in self._points(0):
            if value is not None:
                text = value_text(value, self._unit)
                yield Text(self._x(number), max(self._y(value) - 7, _TOP - 4), text)

    def _bars(self) -> Iterator[Bar]:
        count = len(self._drawn)
        width = self._step * _BAR_SHARE / count
        for series in range(count):
            for number, value in self._points(series):
                if value:
                    x = self._x(number) - self._step * _BAR_SHARE / 2 + series * width
                    y = self._y(value)
                    title = self._title(number, series, value)
                    height = round(HEIGHT - _BOTTOM - y, 1)
                    yield Bar(round(x, 1), y, round(width, 1), height, series, title)

    def _title(self, number: int, series: int, value: float) -> str:
        row = self._table.rows[number]
        name = self._table.columns[self._drawn[series]].title
        return f"{row[0]} {name} {value_text(value, self._unit)}"


def _ranks(table: Table, column: int) -> Drawing:
    """Return a chart of lying bars, one a row."""
    unit: Unit = table.columns[column].unit or "count"
    values = [_number(row[column]) or 0.0 for row in table.rows]
    room, highest = WIDTH - _RANK_LEFT - _RANK_RIGHT, max(values) or 1.0
    names, shown, bars = [], [], []
    for number, (row, value) in enumerate(zip(table.rows, values, strict=True)):
        y = 6 + number * _RANK_HEIGHT
        width, name = round(room * value / highest, 1), str(row[0])
        names.append(Text(_RANK_LEFT - 6, y + 12, _short(name), name))
        shown.append(Text(_RANK_LEFT + width + 5, y + 12, value_text(value, unit)))
        title = f"{name} {value_text(value, unit)}"
        bars.append(Bar(_RANK_LEFT, y + 2, width, _RANK_HEIGHT - 5, 0, title))
    height = 12 + len(values) * _RANK_HEIGHT
    return Drawing(
        WIDTH, height, _RANK_LEFT, WIDTH, height,
        names=tuple(names), values=tuple(shown), bars=tuple(bars),
    )  # fmt: skip


def _number(cell: Cell) -> float | None:
    return None if cell is None or isinstance(cell, str) else float(cell)


def _brief(name: str) -> str:
    """Return the hour of a day's hour, a day without its year."""
    if len(name) == len("2026-11-01 09:00"):
        return name[-5:]
    return name[5:] if len(name) == len("2026-11-01") else name


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _mark_text(mark: float, unit: Unit) -> str:
    if unit == "share":
        return f"{mark * 100:.0f} %"
    if unit == "duration":
        return duration_text(mark).removesuffix(" 0 秒").removesuffix(" 0 分")
    return f"{mark:g} 秒" if unit == "seconds" else f"{mark:,.0f}"
