"""What makes a sheet easy to fill in: comments, widths, a list of categories, a guide."""

from __future__ import annotations

from typing import Any

from kefu.knowledge import cell_text
from kefu.knowledge.sheets import GUIDE, LISTS, MAX_ROWS, Column

_HEADER_COLOUR = "FFE8F3EC"
_RULES = (
    "每个条目一行；第一行的列名不要改，列的顺序可以换。",
    "追加：表里没有的条目不动；已有的条目（编号或标准问题相同）加上新的问法，其余各列空着的不改。",
    "替换：整个知识库以这张表为准，表里没有的条目和问法会删除。导入前会列出要改什么。",
    "同一句问法只能属于一个条目；大小写、标点、繁简不同也算同一句。",
    "答案里不能有广告法禁止的说法，如「最低价」「第一」「100%」。",
    "不要合并单元格（分类列除外），不要用公式。以 = + - @ 开头的内容，前面写一个反斜杠 \\。",
)
_EXAMPLE = {
    "分类": "预约",
    "编号": "",
    "标准问题": "怎么预约",
    "相似问法": "我想预约\n怎么约时间\n可以提前约吗\n在哪里预约\n预约怎么弄\n想约明天下午\n"
    "帮我约一下\n线上能预约吗\n预约入口在哪\n约个时间过去\n周末能约吗\n约号怎么约\n"
    "要怎么订位\n能不能先约好\n预约流程是什么",
    "答案": "点首页「预约」→ 选门店和项目 → 选时间 → 提交，收到通知就是约好了。",
    "按钮": "转人工",
    "关键词": "预约、订位",
    "页面": "pages/booking/index",
}


def finish_form(book: Any, sheet: Any, columns: list[Column], titles: list[str]) -> None:
    """Add to a sheet all that is not content."""
    _header(sheet, columns)
    _widths(sheet, columns)
    sheet.freeze_panes = "A2"
    _categories(book, sheet, columns, titles)
    _guide(book, columns)
    book.active = 0


def _header(sheet: Any, columns: list[Column]) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    for cell, column in zip(sheet[1], columns, strict=True):
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=_HEADER_COLOUR)
        cell.alignment = Alignment(vertical="center")
        note = Comment(f"{'必填' if column.needed == '是' else '可以不填'}。{column.hint}", "kefu")
        note.width, note.height = 320, 120
        cell.comment = note


def _widths(sheet: Any, columns: list[Column]) -> None:
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    for number, column in enumerate(columns, start=1):
        shape = sheet.column_dimensions[get_column_letter(number)]
        shape.width = column.width
        # Text, so that Excel makes no date of 6-18 and no number of 001.
        shape.number_format = "@"
        shape.alignment = Alignment(wrap_text=True, vertical="top")


def _categories(book: Any, sheet: Any, columns: list[Column], titles: list[str]) -> None:
    """Offer the titles of the categories for choice; others may be written as well."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if not titles:
        return
    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    for number, title in enumerate(titles, start=1):
        lists.cell(number, 1, cell_text.line(title)).data_type = "s"
    choice = DataValidation(
        type="list", formula1=f"={LISTS}!$A$1:$A${len(titles)}", allow_blank=True
    )
    choice.errorStyle = "warning"
    choice.showErrorMessage = True
    choice.errorTitle, choice.error = "新的分类", "没有这个分类。继续的话，导入时会新建它。"
    letter = sheet.cell(1, [column.key for column in columns].index("category") + 1).column_letter
    choice.add(f"{letter}2:{letter}{MAX_ROWS}")
    sheet.add_data_validation(choice)


def _guide(book: Any, columns: list[Column]) -> None:
    from openpyxl.styles import Alignment, Font

    guide = book.create_sheet(GUIDE)
    guide.append(["列", "必填", "怎么填"])
    for column in dict.fromkeys(columns):
        guide.append([column.title, column.needed, column.hint])
    guide.append([])
    for number, rule in enumerate(_RULES, start=1):
        guide.append([number, "", rule])
    guide.append([])
    guide.append(["例子", "", "一个条目在「知识库」里这样填，这里的不会导入："])
    for title, text in _EXAMPLE.items():
        guide.append([title, "", text])
    for letter, width in (("A", 12), ("B", 8), ("C", 90)):
        guide.column_dimensions[letter].width = width
    for row in guide.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=cell.row == 1)
