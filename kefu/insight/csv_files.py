"""Tables as CSV files that a spreadsheet opens as what they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from kefu.errors import KefuError
from kefu.insight.tables import Cell, Column, Table

# A cell that begins with one of these is run as a formula, the wide forms in Chinese Excel too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_UNITS = {"share": "（0 至 1）", "seconds": "（秒）", "duration": "（秒）", "count": ""}


class ExportFailed(KefuError):
    """Raised when the files cannot be written."""


def as_csv(table: Table) -> str:
    """Return a table as CSV; numbers stay numbers, an empty cell says that there is no data."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(_heading(column)) for column in table.columns])
    writer.writerows([[_cell(cell) for cell in row] for row in table.rows])
    return out.getvalue()


def write_all(tables: Iterable[Table], folder: Path) -> list[Path]:
    """Write each table into a file of its name; return the files.

    Raises:
        ExportFailed: The folder cannot be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table in tables:
            file = folder / f"{table.name}.csv"
            # With its mark Excel reads the file as UTF-8.
            file.write_text(as_csv(table), encoding="utf-8-sig", newline="")
            written.append(file)
    except OSError as error:
        raise ExportFailed(f"无法写入 {folder}（{error.strerror}），请换一个文件夹") from None
    return written


def safe(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _heading(column: Column) -> str:
    return column.title + (_UNITS[column.unit] if column.unit else "")


def _cell(cell: Cell) -> str | float:
    if cell is None:
        return ""
    return safe(cell) if isinstance(cell, str) else round(cell, 6)
