"""Cells of a sheet as text, whatever program and format they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kefu.errors import KefuError
from kefu.knowledge.sheets import MAX_CELL

# Told what is being done, how much of it is done, and how much there is.
Step = Callable[[str, int, int], None]
_LONGEST = MAX_CELL + 1000


class SheetUnreadable(KefuError):
    """Raised when a file is no sheet that can be read; the text names the remedy."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says.
        wrong: Why it cannot be used, and the remedy; empty where it can.
        doubt: How it was understood, where that is not certain.
    """

    text: str = ""
    wrong: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class Grid:
    """One sheet: its name (empty for CSV), and its rows that are not empty, by number.

    `merged` holds first row, first column, last row, last column of merged cells,
    all counted from 1.
    """

    name: str
    rows: dict[int, list[Cell]]
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    letters: bool = True


@dataclass(frozen=True)
class Workbook:
    """All sheets that can be seen, and what the person should know about the others."""

    file: Path
    grids: list[Grid]
    warnings: list[str]


def text_cell(text: str) -> Cell:
    """Return a cell with a text, which is wrong where no spreadsheet program could hold it."""
    if len(text) <= _LONGEST:
        return Cell(text)
    return Cell(wrong=f"这一格有 {len(text)} 个字，太长了：请检查引号是否成对，或分成几列")


def silent(what: str, done: int, total: int) -> None:
    """Take no notice of a step."""
