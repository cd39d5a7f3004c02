"""Reading CSV as Excel, WPS and other programs save it in China."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from kefu.knowledge.grids import Cell, Grid, SheetUnreadable, Workbook, text_cell
from kefu.knowledge.sheets import COLUMNS, LAST_ROW, MAX_COLUMNS, MAX_ROWS

_DELIMITERS = ",;\t，"
# Without a mark at the beginning: UTF-8 proves itself, GB18030 takes what GBK does and more.
_ENCODINGS = ("utf-8", "gb18030")
_MARKED = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_csv(file: Path, content: bytes) -> Workbook:
    """Read a CSV file. Raises SheetUnreadable."""
    text = _decoded(content)
    if "\0" in text:
        raise SheetUnreadable(f"{file} 不是 CSV 文件：请用 Excel 另存为「CSV UTF-8」或 .xlsx")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
    rows: dict[int, list[Cell]] = {}
    try:
        for number, values in enumerate(reader, start=1):
            if any(value.strip() for value in values):
                rows[number] = [text_cell(value) for value in values[:MAX_COLUMNS]]
            if len(rows) > MAX_ROWS + 1 or number > LAST_ROW:
                raise SheetUnreadable(f"{file} 超过 {MAX_ROWS} 行，请分成几个文件导入")
    except csv.Error:
        raise SheetUnreadable(f"{file} 第 {reader.line_num} 行读不了：请检查引号是否成对") from None
    return Workbook(file, [Grid("", rows, letters=False)], [])


def _decoded(content: bytes) -> str:
    for mark, encoding in _MARKED.items():
        if content.startswith(mark):
            return _strictly(content, encoding)
    for encoding in _ENCODINGS[:-1]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return _strictly(content, _ENCODINGS[-1])


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise SheetUnreadable("文件的编码不认识：请用 Excel 另存为「CSV UTF-8」或 .xlsx") from None


def _delimiter(text: str) -> str:
    """Return what parts the columns: that which finds most titles in the first lines."""
    titles = {title for column in COLUMNS for title in (column.title, *column.also)}
    first = text.lstrip("\ufeff").splitlines()[:10]

    def found(delimiter: str) -> int:
        return max((len(_cut(line, delimiter) & titles) for line in first), default=0)

    return max(_DELIMITERS, key=found)


def _cut(line: str, delimiter: str) -> set[str]:
    return {part.strip().strip('"').strip() for part in line.split(delimiter)}
