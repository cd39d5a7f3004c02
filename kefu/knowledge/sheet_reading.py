"""From a file of any kind to rows: finding the columns, naming what cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kefu.errors import Problem
from kefu.knowledge import cell_text
from kefu.knowledge.csv_sheet import read_csv
from kefu.knowledge.grids import Cell, Grid, SheetUnreadable, Step, Workbook, silent
from kefu.knowledge.model import Phrasing
from kefu.knowledge.sheets import BY_KEY, COLUMNS, GUIDE, MAX_FILE, Column, Place, Row
from kefu.knowledge.xlsx_sheet import read_xlsx
from kefu.normalise import clean

# Titles and remarks may stand above the names of the columns.
_HEADER_WITHIN = 10
_NAMES = {
    clean(name).casefold(): column
    for column in COLUMNS
    for name in (column.title, *column.also)
}  # fmt: skip


@dataclass
class Content:
    """What a file holds.

    Attributes:
        rows: One an entry, in the order of the file.
        problems: Cells that cannot be used.
        warnings: What was left out or understood in a way that may be wrong.
    """

    file: Path
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_sheet(file: Path, step: Step = silent) -> Content:
    """Read an Excel or CSV file.

    Raises:
        SheetUnreadable: The file as a whole cannot be read.
    """
    book = _workbook(file, step)
    content = Content(file, warnings=book.warnings)
    grids = [grid for grid in book.grids if grid.name != GUIDE]
    tables = [(grid, header) for grid in grids if (header := _header(grid)) is not None]
    known = {id(grid) for grid, _ in tables}
    for grid in grids:
        if id(grid) not in known and grid.rows:
            content.warnings.append(f"工作表「{grid.name}」里没有「标准问题」等列名，没有导入")
    if not tables:
        names = "、".join(column.title for column in COLUMNS)
        raise SheetUnreadable(
            f"{file} 里找不到列名：请在第一行写上 {names}"
            "（空表可以下载：工作台的「知识库 → 导入导出」，或 kefu knowledge sheet）"
        )
    for grid, header in tables:
        _Table(grid, header, content).read()
    return content


def _workbook(file: Path, step: Step) -> Workbook:
    kind = file.suffix.lower()
    if kind not in (".xlsx", ".csv", ".txt", ".tsv"):
        raise SheetUnreadable(f"不认识 {file} 的格式：请另存为 .xlsx 或 .csv")
    try:
        size = file.stat().st_size
        if size > MAX_FILE:
            limit = MAX_FILE // 1024 // 1024
            raise SheetUnreadable(
                f"{file} 有 {size / 1024 / 1024:.0f} MB，至多 {limit} MB，请分成几个文件导入"
            )
        content = file.read_bytes()
    except OSError as error:
        raise SheetUnreadable(f"读不了 {file}（{error.strerror}）：请检查文件名和权限") from None
    return read_xlsx(file, content, step) if kind == ".xlsx" else read_csv(file, content)


def _header(grid: Grid) -> int | None:
    """Return the number of the row with the names of the columns."""
    for number in list(grid.rows)[:_HEADER_WITHIN]:
        keys = {column.key for cell in grid.rows[number] if (column := _column(cell))}
        if len(keys) > 1 and keys & {"question", "id"}:
            return number
    return None


def _column(cell: Cell) -> Column | None:
    # 相似问法1, 相似问法 2 … are columns of the same name; an asterisk marks what is needed.
    name = "".join(clean(cell.text).casefold().split()).strip("*")
    return _NAMES.get(name) or _NAMES.get(name.rstrip("0123456789"))


class _Table:
    """One sheet whose columns are known."""

    def __init__(self, grid: Grid, header: int, content: Content) -> None:
        self._grid, self._header, self._content = grid, header, content
        self._columns: dict[str, list[int]] = {}
        for index, cell in enumerate(grid.rows[header]):
            self._take(index, cell)

    def _take(self, index: int, cell: Cell) -> None:
        column, where = _column(cell), self._place(self._header, index, "")
        if column is None:
            if cell.text.strip():
                name = " ".join(cell.text.split())
                self._content.warnings.append(f"{where}：不认识「{name}」这一列，没有导入")
        elif column.key in self._columns and not column.many:
            self._wrong(where, f"「{column.title}」列出现了两次，请删去一列")
        else:
            self._columns.setdefault(column.key, []).append(index)

    def read(self) -> None:
        """Add the rows below the header to the content."""
        self._unmerge()
        for number, cells in self._grid.rows.items():
            if number > self._header and self._filled(cells):
                self._content.rows.append(self._row(number, cells))

    def _filled(self, cells: list[Cell]) -> bool:
        # A category alone, drawn down further than the entries, is no entry.
        ours = (i for key, indices in self._columns.items() if key != "category" for i in indices)
        return any(i < len(cells) and (cells[i].text.strip() or cells[i].wrong) for i in ours)

    def _unmerge(self) -> None:
        """Fill a merged category downwards; anything else that is merged is a problem."""
        category = self._columns.get("category", [-1])[0]
        for top, left, bottom, right in self._grid.merged:
            if bottom <= self._header:
                continue
            if left == right == category + 1 and top > self._header:
                self._fill_down(category, top, bottom)
            elif any(left <= i + 1 <= right for own in self._columns.values() for i in own):
                place = self._place(top, left - 1, self._title(left - 1))
                self._wrong(place, "是合并的单元格：请取消合并，每个条目一行")

    def _fill_down(self, index: int, top: int, bottom: int) -> None:
        cells = self._grid.rows.get(top, [])
        value = cells[index] if index < len(cells) else Cell()
        for number in range(top + 1, bottom + 1):
            row = self._grid.rows.get(number)
            if row is not None:
                row += [Cell()] * (index + 1 - len(row))
                row[index] = value

    def _row(self, number: int, cells: list[Cell]) -> Row:
        for indices in self._columns.values():
            for index in indices:
                self._complain(number, index, cells)
        return Row(
            place=Place(number, self._grid.name),
            category=self._one("category", number, cells),
            id=self._one("id", number, cells),
            question=self._one("question", number, cells),
            answer=self._one("answer", number, cells),
            similar=self._many("similar", number, cells),
            buttons=self._many("buttons", number, cells),
            keywords=self._many("keywords", number, cells),
            page=self._one("page", number, cells),
        )

    def _complain(self, number: int, index: int, cells: list[Cell]) -> None:
        cell = cells[index] if index < len(cells) else Cell()
        place = self._place(number, index, self._title(index))
        if cell.wrong:
            self._wrong(place, cell.wrong)
        if cell.doubt:
            self._content.warnings.append(f"{place}{cell.doubt}")

    def _one(self, key: str, number: int, cells: list[Cell]) -> Phrasing:
        index = self._columns.get(key, [-1])[0]
        text = cells[index].text if 0 <= index < len(cells) else ""
        place = self._place(number, index, self._title(index) or BY_KEY[key].title)
        return Phrasing(cell_text.whole(text), place)

    def _many(self, key: str, number: int, cells: list[Cell]) -> tuple[Phrasing, ...]:
        return tuple(
            Phrasing(text, self._place(number, index, self._title(index)))
            for index in self._columns.get(key, [])
            if index < len(cells)
            for text in cell_text.lines(cells[index].text, separators=key == "keywords")
        )

    def _title(self, index: int) -> str:
        return self._grid.rows[self._header][index].text.strip() if index >= 0 else ""

    def _place(self, number: int, index: int, title: str) -> Place:
        letter = _letter(index) if self._grid.letters and index >= 0 else ""
        return Place(number, self._grid.name, title, letter)

    def _wrong(self, place: Place, text: str) -> None:
        self._content.problems.append(Problem(self._content.file, place, text))


def _letter(index: int) -> str:
    """Return the letters that Excel shows above a column."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
