"""A table and the chart beside it, as every surface shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kefu.insight.figures import Target, Unit
from kefu.insight.words import value_text

Kind = Literal["line", "bars", "ranks"]
Cell = str | float | None


@dataclass(frozen=True)
class Column:
    """One column: its title, the unit of its numbers (None: words), and whether it is drawn."""

    title: str
    unit: Unit | None = None
    drawn: bool = False


@dataclass(frozen=True)
class Table:
    """What is shown, exported and drawn.

    Attributes:
        name: Of the file it is exported to.
        title: For people.
        kind: Lines over time, bars over time or hours, ranks (one bar a row, lying);
            None where nothing is drawn.
        columns: The first one names the rows.
        rows: Words, numbers in the column's unit, None where there is no data.
        targets: Drawn as lines, in the unit of what is drawn.
        note: What has to be known to read it.
    """

    name: str
    title: str
    kind: Kind | None
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    targets: tuple[Target, ...] = ()
    note: str = ""

    def shown(self) -> list[list[str]]:
        """Return the cells as people read them."""
        return [
            [_shown(cell, column) for cell, column in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]


def _shown(cell: Cell, column: Column) -> str:
    if column.unit is None or isinstance(cell, str):
        return "" if cell is None else str(cell)
    return value_text(cell, column.unit)
