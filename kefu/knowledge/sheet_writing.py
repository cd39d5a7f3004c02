"""Writing the knowledge base, or an empty form for it, as Excel or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kefu.knowledge import cell_text
from kefu.knowledge.files_whole import write_whole
from kefu.knowledge.grids import SheetUnreadable, Step, silent
from kefu.knowledge.model import Category, Entry
from kefu.knowledge.sheet_form import finish_form
from kefu.knowledge.sheets import COLUMNS, MAX_CELL, SHEET, Column

_STEP = 200


def export(file: Path, categories: Iterable[Category], step: Step = silent) -> int:
    """Write all entries to a file and return how many there are.

    Read back by `plan_import` they are the same, letter by letter.

    Raises:
        SheetUnreadable: The file's ending is neither .xlsx nor .csv.
        NotWritable: The file cannot be written; what was there stays.
    """
    categories = tuple(categories)
    write_whole(file, exported(file, categories, step))
    return sum(len(category.entries) for category in categories)


def exported(file: Path, categories: Iterable[Category], step: Step = silent) -> bytes:
    """Return what `export` writes; of the file only the ending matters."""
    categories = tuple(categories)
    records = [_record(category, entry) for category in categories for entry in category.entries]
    columns = _columns(records)
    rows = [[text for texts in record for text in texts] for record in _padded(records, columns)]
    return _content(file, columns, rows, [category.title for category in categories], step)


def form(file: Path, categories: Iterable[Category]) -> None:
    """Write an empty Excel sheet to fill in, with a guide.

    Args:
        file: Where to.
        categories: Those that are offered for choice.

    Raises:
        SheetUnreadable: The file's ending is not .xlsx.
        NotWritable: The file cannot be written; what was there stays.
    """
    if file.suffix.lower() != ".xlsx":
        raise SheetUnreadable(f"空表只有 Excel 格式：请把 {file} 的结尾改成 .xlsx")
    write_whole(file, empty_form(categories))


def empty_form(categories: Iterable[Category]) -> bytes:
    """Return what `form` writes."""
    titles = [category.title for category in categories]
    return _as_xlsx(list(COLUMNS), [], titles, silent)


def _content(
    file: Path, columns: list[Column], rows: list[list[str]], titles: list[str], step: Step
) -> bytes:
    kind = file.suffix.lower()
    if kind == ".xlsx":
        return _as_xlsx(columns, rows, titles, step)
    if kind == ".csv":
        return _as_csv(columns, rows)
    raise SheetUnreadable(f"不认识 {file} 的格式：结尾请用 .xlsx 或 .csv")


def _record(category: Category, entry: Entry) -> list[list[str]]:
    """Return the cells of each column; a column has several where one cannot hold it all."""
    return [
        [cell_text.line(category.title)],
        [cell_text.line(entry.label)],
        [cell_text.line(entry.question.text)],
        list(_cells(p.text for p in entry.similar)),
        [_answer(entry.answer.text)],
        list(_cells(b.text for b in entry.buttons)),
        list(_cells(entry.keywords, separators=True)),
        [cell_text.line(entry.page)],
    ]


def _cells(texts: Iterable[str], separators: bool = False) -> Iterator[str]:
    cell = ""
    for text in texts:
        line = cell_text.line(text, separators)
        if cell and len(cell) + len(line) >= MAX_CELL:
            yield cell
            cell = ""
        cell = f"{cell}\n{line}" if cell else line
    yield cell


def _answer(text: str) -> str:
    # Line breaks are what a cell shows as such; anything else as in a list.
    first, *others = text.split("\n")
    whole = "\n".join([cell_text.line(first), *others])
    plain = all(map(cell_text.fits, others)) and cell_text.whole(whole) == text
    return whole if plain else cell_text.line(text)


def _columns(records: list[list[list[str]]]) -> list[Column]:
    return [
        column
        for index, column in enumerate(COLUMNS)
        for _ in range(max((len(record[index]) for record in records), default=1))
    ]


def _padded(records: list[list[list[str]]], columns: list[Column]) -> Iterator[list[list[str]]]:
    widths = [columns.count(column) for column in COLUMNS]
    for record in records:
        yield [
            cells + [""] * (width - len(cells)) for cells, width in zip(record, widths, strict=True)
        ]


def _as_csv(columns: list[Column], rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([column.title for column in columns])
    writer.writerows(rows)
    # The mark tells Excel that this is UTF-8.
    return text.getvalue().encode("utf-8-sig")


def _as_xlsx(columns: list[Column], rows: list[list[str]], titles: list[str], step: Step) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment

    wrapped = Alignment(wrap_text=True, vertical="top")
    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.append([column.title for column in columns])
    for number, row in enumerate(rows, start=2):
        for index, text in enumerate(row, start=1):
            _put(sheet.cell(number, index), text, wrapped)
        if number % _STEP == 0:
            step("写表格", number, len(rows))
    finish_form(book, sheet, columns, titles)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _put(cell: Any, text: str, shape: Any) -> None:
    if text:
        cell.value = text
        # Whatever it begins with, it is a text; as such Excel keeps it when it is edited.
        cell.data_type = "s"
        cell.number_format = "@"
        cell.alignment = shape
