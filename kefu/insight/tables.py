"""A table and the chart beside it, as every surface shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kefu.insight.figures import Target, Unit
from kefu.insight.words import value_text

Kind = Literal["line", "bars", "ranks", "shares"]
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
        kind: Lines over time, bars over time or hours, ranks (one bar a row, lying), shares
            (several a row, lying; only where a browser draws them); None where nothing is drawn.
        columns: The first one names the rows.
        rows: Words, numbers in the column's unit, None where there is no data.
        targets: Drawn as lines, in the unit of what is drawn.
        note: What has to be known to read it.
        keys: What programs call the rows, where there is more to see of one.
    """

    name: str
    title: str
    kind: Kind | None
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    targets: tuple[Target, ...] = ()
    note: str = ""
    keys: tuple[str, ...] = ()

    @property
    def has_data(self) -> bool:
        """Tell whether there is something to draw; counts that are all nothing are not."""
        drawn = [number for number, column in enumerate(self.columns) if column.drawn]
        return any(self._says(row[number], number) for row in self.rows for number in drawn)

    @property
    def has_numbers(self) -> bool:
        """Tell whether there is anything but nothing to read, be it only what is not drawn."""
        return any(cell and not isinstance(cell, str) for row in self.rows for cell in row)

    def _says(self, cell: Cell, number: int) -> bool:
        return cell is not None and (self.columns[number].unit != "count" or cell != 0)

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
