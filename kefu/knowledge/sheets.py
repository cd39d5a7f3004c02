"""What a sheet of the knowledge base looks like: its columns, rows and places."""

from __future__ import annotations

from dataclasses import dataclass

from kefu.knowledge.model import Phrasing

GUIDE = "填写说明"
SHEET = "知识库"
# Hidden: what the column of categories offers for choice.
LISTS = "分类表"
# Neither a person fills in more, nor can a browser or the training take more.
MAX_ROWS = 20_000
MAX_COLUMNS = 200
# Of Excel; a number beyond it would be counted to.
LAST_ROW = 1_048_576
MAX_FILE = 20 * 1024 * 1024
# What Excel holds in one cell is 32,767.
MAX_CELL = 32_000


@dataclass(frozen=True)
class Column:
    """One column: its key, its title, other titles that are understood, what to write there."""

    key: str
    title: str
    also: tuple[str, ...]
    needed: str
    hint: str
    width: int
    many: bool = False


COLUMNS = (
    Column(
        "category", "分类", ("类别", "分类名称", "问题分类", "category"), "是",
        "分类的中文标题，如「订单相关」。写新的标题就新建一个分类。", 16,
    ),
    Column(
        "id", "编号", ("ID", "条目编号", "id"), "否",
        "更新已有的条目时照导出的写，如 order/query_order；新条目可以空着，会自动编号。", 26,
    ),
    Column(
        "question", "标准问题", ("问题", "标准问", "标准问法", "question"), "是",
        "顾客在按钮上看到的问法。每个条目一行。", 28,
    ),
    Column(
        "similar", "相似问法", ("相似问题", "相似问", "扩展问", "similar"), "是",
        "每行写一条（在格子里换行：Windows 按 Alt+Enter，Mac 按 Option+Command+Enter），"
        "也可以分成几列「相似问法」。至少 15 条，每条至多 100 个字。", 44, many=True,
    ),
    Column(
        "answer", "答案", ("回答", "标准答案", "回复", "answer"), "是",
        "至多 100 个字，步骤用 → 连接。可用 {service_hours}、{contact_phone}、{shop_name}。", 50,
    ),
    Column(
        "buttons", "按钮", ("按钮文字", "buttons"), "否",
        "答案下的按钮，每行一个，至多 3 个；写某条标准问题，或查我的订单、转人工等功能。",
        22, many=True,
    ),
    Column(
        "keywords", "关键词", ("关键字", "keywords"), "否",
        "便于查找的词，每行一个，也可以用顿号或逗号隔开。", 18, many=True,
    ),
    Column(
        "page", "页面", ("页面路径", "小程序页面", "page"), "否",
        "小程序页面的路径，如 pages/order/list。", 22,
    ),
)  # fmt: skip
BY_KEY = {column.key: column for column in COLUMNS}


class Place(int):
    """A row, as a line number is needed elsewhere, that says where in the sheet it is."""

    sheet: str
    column: str
    letter: str

    def __new__(cls, row: int, sheet: str = "", column: str = "", letter: str = "") -> Place:
        """Make a place; `column` is the title, `letter` what Excel shows above the column."""
        place = super().__new__(cls, row)
        place.sheet, place.column, place.letter = sheet, column, letter
        return place

    def __str__(self) -> str:
        sheet = f"工作表「{self.sheet}」" if self.sheet else ""
        column = f"「{self.column}」列" if self.column else ""
        cell = f"（{self.letter}{int(self)}）" if self.letter else ""
        return f"{sheet}第 {int(self)} 行{column}{cell}"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


class Elsewhere(Place):
    """The place of a text that an entry has already, in a knowledge file."""

    file: str

    def __new__(cls, line: int, file: str) -> Elsewhere:
        """Make a place from the file's name and the line in it."""
        place = int.__new__(cls, line)
        place.sheet = place.column = place.letter = ""
        place.file = file
        return place

    def __str__(self) -> str:
        return f"（原有，{self.file}:{int(self)}）"


@dataclass(frozen=True)
class Row:
    """One entry as the sheet has it; a text is empty where the cell is.

    Attributes:
        place: The row.
    """

    place: Place
    category: Phrasing
    id: Phrasing
    question: Phrasing
    answer: Phrasing
    similar: tuple[Phrasing, ...]
    buttons: tuple[Phrasing, ...]
    keywords: tuple[Phrasing, ...]
    page: Phrasing
