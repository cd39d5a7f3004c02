"""Reading sheets: every format that a person may have, and files made to do harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from kefu.knowledge import cell_text
from kefu.knowledge.grids import SheetUnreadable
from kefu.knowledge.sheet_reading import Content, read_sheet
from tests.knowledge.bases import HEADER, csv_bytes, row, xlsx

ROW = row("怎么改地址", similar="改地址\n地址错了", keywords="地址、收货", page="pages/a")


def read_csv(folder: Path, content: bytes) -> Content:
    file = folder / "问答.csv"
    file.write_bytes(content)
    return read_sheet(file)


def shown(content: Content) -> list[list[str]]:
    return [
        [
            row.category.text, row.question.text, row.answer.text,
            *(p.text for p in row.similar), *(k.text for k in row.keywords), row.page.text,
        ]
        for row in content.rows
    ]  # fmt: skip


EXPECTED = [
    ["订单相关", "怎么改地址", "请在订单页查看。", "改地址", "地址错了", "地址", "收货", "pages/a"]
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_programs_in_china_save_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    content = read_csv(tmp_path, csv_bytes([ROW], encoding, delimiter))
    assert shown(content) == EXPECTED
    assert content.warnings == [] and content.problems == []


def test_excel_says_the_same_as_csv(tmp_path: Path) -> None:
    assert shown(read_sheet(xlsx(tmp_path / "a.xlsx", [ROW]))) == EXPECTED


def test_columns_stand_in_any_order_under_usual_names(tmp_path: Path) -> None:
    header = ["回答*", "相似问1", "问题", "类别", "相似问 2", "备注"]
    rows = [["好的。", "改地址", "怎么改地址", "订单相关", "地址错了", "小王写的"]]
    content = read_sheet(xlsx(tmp_path / "a.xlsx", rows, header))
    assert shown(content) == [["订单相关", "怎么改地址", "好的。", "改地址", "地址错了", ""]]
    (warning,) = content.warnings
    assert "工作表「问答」第 1 行（F1）：不认识「备注」" in warning


def test_a_title_above_the_columns_is_no_entry(tmp_path: Path) -> None:
    file = xlsx(tmp_path / "a.xlsx", [[], HEADER, ROW], ["客服知识库 2026"])
    content = read_sheet(file)
    assert shown(content) == EXPECTED
    assert int(content.rows[0].place) == 4


def test_blanks_and_line_ends_around_texts_go(tmp_path: Path) -> None:
    dirty = [
        "\u3000订单相关 ",
        None,
        "\ufeff怎么改地址\u3000",
        " 改地址\r\n\u3000\r\n地址错了_x000D_\n",
    ]
    rows = [["", "  ", "\u3000"], [*dirty, "  请在订单页查看。\n", None, "地址，收货", "pages/a"]]
    assert shown(read_sheet(xlsx(tmp_path / "a.xlsx", rows))) == EXPECTED


def test_numbers_and_dates_become_the_text_that_one_sees(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(HEADER)
    sheet.append(["活动", None, datetime(2026, 6, 18), 618, 0.8, None, 6.5, None])
    sheet["C2"].number_format = 'm"月"d"日"'
    sheet["E2"].number_format = "0%"
    sheet.append(["活动", None, date(2026, 11, 11), True, 12.0])
    book.save(tmp_path / "a.xlsx")
    content = read_sheet(tmp_path / "a.xlsx")
    assert shown(content) == [
        ["活动", "6月18日", "80%", "618", "6.5", ""],
        ["活动", "2026-11-11", "12", "TRUE", ""],
    ]
    assert ["按「6月18日」读入" in w or "按「2026-11-11」读入" in w for w in content.warnings] == [
        True,
        True,
    ]


def test_formula_and_error_value_are_named_with_their_cell(tmp_path: Path) -> None:
    rows = [["订单相关", None, "=A1", "改地址", "#N/A"]]
    problems = [str(p) for p in read_sheet(xlsx(tmp_path / "a.xlsx", rows)).problems]
    assert any("工作表「问答」第 2 行「标准问题」列（C2）: 是公式" in p for p in problems)
    assert any("「答案」列（E2）: 是错误值 #N/A" in p for p in problems)


def test_a_merged_category_counts_for_all_its_rows(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    for values in [
        HEADER,
        ["订单相关", None, "甲问题"],
        [None, None, "乙问题"],
        ["会员", None, "丙"],
    ]:
        sheet.append(values)
    sheet.merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    content = read_sheet(tmp_path / "a.xlsx")
    assert [row.category.text for row in content.rows] == ["订单相关", "订单相关", "会员"]
    assert content.problems == []


def test_other_merged_cells_are_a_problem(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    for values in [HEADER, ROW, ROW]:
        sheet.append(values)
    sheet.merge_cells("E2:E3")
    book.save(tmp_path / "a.xlsx")
    (problem,) = read_sheet(tmp_path / "a.xlsx").problems
    assert "第 2 行「答案」列（E2）: 是合并的单元格：请取消合并" in str(problem)


def test_hidden_and_other_sheets_are_named(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(HEADER)
    book.active.append(ROW)
    hidden = book.create_sheet("旧的")
    hidden.append(HEADER)
    hidden.append(ROW)
    hidden.sheet_state = "hidden"
    book.create_sheet("笔记").append(["随便写的"])
    book.create_sheet("空的")
    book.save(tmp_path / "a.xlsx")
    content = read_sheet(tmp_path / "a.xlsx")
    assert shown(content) == EXPECTED
    assert sorted(w[:8] for w in content.warnings) == ["工作表「旧的」是", "工作表「笔记」里"]


def test_a_column_twice_is_a_problem(tmp_path: Path) -> None:
    file = xlsx(tmp_path / "a.xlsx", [[*ROW, "好"]], [*HEADER, "答案"])
    (problem,) = read_sheet(file).problems
    assert "第 1 行（I1）: 「答案」列出现了两次" in str(problem)


def archive(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, part in parts.items():
            opened.writestr(name.replace("__", "/") + ".xml", part)
    return content.getvalue()


def altered(folder: Path, alter: Callable[[bytes], bytes]) -> bytes:
    """A good workbook with its sheet changed."""
    source = zipfile.ZipFile(xlsx(folder / "good.xlsx", [ROW]))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as opened:
        for name in source.namelist():
            part = source.read(name)
            opened.writestr(name, alter(part) if name.endswith("sheet1.xml") else part)
    return content.getvalue()


def declaring(before: bytes = b"") -> Callable[[bytes], bytes]:
    """Declare an entity that unfolds, behind something else."""
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    return lambda part: before + entity + part.replace(b"<sheetData>", b"<sheetData>&b;")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "不是 Excel 文件或已损坏"),
        (b"PK\x03\x04 broken", "不是 Excel 文件或已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "旧版 .xls 或加了密码"),
        (archive(xl__workbook=b"<x/>"), "已损坏或不是 Excel 文件"),
        (archive(bomb=bytes(101 * 1024 * 1024)), "展开后有 101 MB"),
        (bytes(21 * 1024 * 1024), "至多 20 MB"),
    ],
    ids=["empty", "broken", "old", "no workbook", "bomb", "huge"],
)
def test_no_workbook_says_what_to_do(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(content)
    with pytest.raises(SheetUnreadable, match=said):
        read_sheet(file)


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (declaring(), "DOCTYPE"),
        (declaring(b"<!--" + b"x" * 2_000_000 + b"-->"), "已损坏"),
        (lambda part: part.replace(b'r="2"', b'r="99999999999"'), "超过 20000 行"),
        (
            lambda part: part.replace(b"</sheetData>", b"<row>" + b"<c/>" * 8_000_000 + b"</row>"),
            "格子太多",
        ),
    ],
    ids=["entities", "entities behind", "far row", "cells of nothing"],
)
def test_workbooks_made_to_do_harm_are_refused(
    tmp_path: Path, alter: Callable[[bytes], bytes], said: str
) -> None:
    file = tmp_path / "a.xlsx"
    file.write_bytes(altered(tmp_path, alter))
    with pytest.raises(SheetUnreadable, match=said) as refused:
        read_sheet(file)
    assert "Error" not in str(refused.value)


def test_a_cell_that_no_program_could_hold_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    text = "怎么改地址".encode()
    file.write_bytes(altered(tmp_path, lambda part: part.replace(text, b"x" * 5_000_000)))
    (problem,) = read_sheet(file).problems
    assert "5000000 个字，太长了" in problem.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"\xff\xff\x81", "编码不认识"),
        ("a.csv", b"PK\x03\x04\0\0", "不是 CSV 文件"),
        ("a.csv", "甲,乙\n1,2\n".encode(), "找不到列名"),
        ("a.csv", b"", "找不到列名"),
        ("a.xls", b"x", "不认识"),
        ("a.csv", csv_bytes([ROW]) + b'"' + b"x" * 140_000, "行读不了：请检查引号是否成对"),
        ("a.csv", csv_bytes([ROW]) + b"\n" * 1_100_000, "超过 20000 行"),
    ],
)
def test_no_csv_says_what_to_do(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SheetUnreadable, match=said):
        read_sheet(tmp_path / name)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SheetUnreadable, match=r"读不了 .*没有\.xlsx"):
        read_sheet(tmp_path / "没有.xlsx")


@pytest.mark.parametrize(
    "text", ["=1+1", "＝1", "+86", "-5 折", "@小王", "\\=1", "\\\\-1", "|x", "%"]
)
def test_what_runs_as_a_formula_is_escaped_and_read_back(text: str) -> None:
    written = cell_text.line(text)
    assert written[0] == "\\" and "'" not in written
    assert [*cell_text.lines(written)] == [text] and cell_text.whole(written) == text


@pytest.mark.parametrize("text", ["退货", "\\(^o^)/", '"好"', "3-5天", "a=b", "“退”"])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert cell_text.line(text) == text and [*cell_text.lines(text)] == [text]


def test_half_a_letter_is_not_made_of_what_spells_one() -> None:
    assert [*cell_text.lines('"\\ud800好"')] == ['"\\ud800好"']
