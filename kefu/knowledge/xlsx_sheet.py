"""Reading Excel workbooks, also such as were made to do harm."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from kefu.knowledge.grids import Cell, Grid, SheetUnreadable, Step, Workbook, text_cell
from kefu.knowledge.sheets import LAST_ROW, LISTS, MAX_COLUMNS, MAX_ROWS

# Of what is inside the file, unpacked. 20,000 entries of 30 phrasings take half of it.
MAX_UNPACKED = 100 * 1024 * 1024
MAX_PARTS = 1000
# Tags of all parts: what unpacks small may still be millions of cells. 20,000 entries whose
# 30 phrasings have a column each come to six.
MAX_TAGS = 8_000_000
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')
_DANGEROUS = re.compile(b"<!(?:DOCTYPE|ENTITY)")
_BLOCK = 1024 * 1024
_STEP = 200
# Empty ones count: a cell far to the right makes its whole row.
_MOST_CELLS = 5_000_000
_EMPTY = Cell()
# Excel keeps no more digits of a number.
_EXACT = 10**15


def read_xlsx(file: Path, content: bytes, step: Step) -> Workbook:
    """Read an Excel workbook.

    Raises:
        SheetUnreadable: It is none, is damaged, protected by a password, or too large.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _check_archive(file, content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        if len({sheet._worksheet_path for sheet in book.worksheets}) < len(book.worksheets):
            raise ValueError("several sheets in one part")
        grids, warnings = [], []
        for sheet in book.worksheets:
            if sheet.title == LISTS:
                continue
            if sheet.sheet_state != "visible":
                warnings.append(f"工作表「{sheet.title}」是隐藏的，没有导入")
                continue
            grids.append(_grid(file, sheet, content, step))
    except (InvalidFileException, ParseError, *_DAMAGED):
        raise SheetUnreadable(
            f"{file} 已损坏或不是 Excel 文件：请用 Excel 打开后另存为 .xlsx"
        ) from None
    return Workbook(file, grids, warnings)


# What openpyxl lets through when parts of a workbook are missing or make no sense.
_DAMAGED = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    zipfile.BadZipFile,
)


def _check_archive(file: Path, content: bytes) -> None:
    """Refuse what is no workbook, or would not fit into memory."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetUnreadable(
            f"{file} 是旧版 .xls 或加了密码的文件：请去掉密码，另存为 .xlsx 后再导入"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if size > MAX_UNPACKED or len(parts) > MAX_PARTS:
                raise SheetUnreadable(
                    f"{file} 展开后有 {size // 1024 // 1024} MB、{len(parts)} 个部分，太大了："
                    "请只把有内容的行复制到新的表格里，再导入"
                )
            if sum(_tags(file, archive, part) for part in parts) > MAX_TAGS:
                raise SheetUnreadable(
                    f"{file} 里的格子太多：请只把有内容的行和列复制到新的表格里，再导入"
                )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise SheetUnreadable(
            f"{file} 不是 Excel 文件或已损坏：请用 Excel 打开后另存为 .xlsx"
        ) from None


def _tags(file: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Return how many tags a part has. Raises SheetUnreadable where it declares entities."""
    with archive.open(part) as opened:
        block = opened.read(_BLOCK)
        if part.filename.endswith((".xml", ".rels")) and _DANGEROUS.search(block):
            raise SheetUnreadable(f"{file} 含有不允许的内容（DOCTYPE）：请用 Excel 另存为 .xlsx")
        count = 0
        while block:
            count += block.count(b"<")
            block = opened.read(_BLOCK)
    return count


def _grid(file: Path, sheet: Any, content: bytes, step: Step) -> Grid:
    rows: dict[int, list[Cell]] = {}
    # What the file claims is often wrong, and would be padded to.
    total = min(sheet.max_row or 0, MAX_ROWS)
    sheet.reset_dimensions()
    room = _MOST_CELLS
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        found = [_cell(cell) for cell in cells[:MAX_COLUMNS]]
        if any(cell.text.strip() or cell.wrong for cell in found):
            rows[number] = found
        room -= len(cells)
        if len(rows) > MAX_ROWS + 1 or number > LAST_ROW or room < 0:
            raise SheetUnreadable(
                f"{file} 超过 {MAX_ROWS} 行或太宽：请删去空的行和列，或分成几个文件导入"
            )
        if number % _STEP == 0:
            step("读取表格", number, max(total, number))
    return Grid(sheet.title, rows, list(_merged(sheet, content)))


def _merged(sheet: Any, content: bytes) -> Iterator[tuple[int, int, int, int]]:
    from openpyxl.utils import column_index_from_string as column

    # Read-only sheets, the ones that do not fill the memory, know nothing of merged cells.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(sheet._worksheet_path)
    for first, top, last, bottom in _MERGE.findall(text):
        yield int(top), column(first.decode()), int(bottom), column(last.decode())


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return _EMPTY
    kind = cell.data_type
    if kind == "f":
        return Cell(wrong="是公式：请复制这一格，再用「选择性粘贴→数值」贴回原处")
    if kind == "e":
        return Cell(wrong=f"是错误值 {value}：请改成文字")
    if isinstance(value, str):
        return text_cell(value)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, (datetime, date, time, timedelta)):
        text = _moment(value, str(cell.number_format))
        return Cell(text, doubt=f"是日期或时间，按「{text}」读入；不对的话请先把格子设为文本格式")
    text = _number(value, str(cell.number_format))
    if abs(value) < _EXACT:
        return Cell(text)
    return Cell(
        text, doubt=f"是很长的数字，按「{text}」读入，末尾几位可能已丢失；请把格子设为文本格式"
    )


def _number(value: float, shape: str) -> str:
    if shape.rstrip('"').endswith("%"):
        return f"{float(f'{value * 100:.10g}'):g}%"
    return str(int(value)) if value == int(value) else repr(value)


def _moment(value: datetime | date | time | timedelta, shape: str) -> str:
    """Return a date or time about as the sheet shows it."""
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds()) // 60
        return f"{minutes // 60}:{minutes % 60:02d}"
    clock = isinstance(value, datetime) and (value.hour or value.minute)
    at = f" {value:%H:%M}" if clock else ""
    if "月" in shape and "y" not in shape.lower():
        return f"{value.month}月{value.day}日{at}"
    if "月" in shape:
        return f"{value.year}年{value.month}月{value.day}日{at}"
    return f"{value:%Y-%m-%d}{at}"
