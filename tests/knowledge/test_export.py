"""Exporting the knowledge base: it comes back letter by letter, and runs no formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from kefu.knowledge.exchange import Mode, carry_out, plan_import
from kefu.knowledge.grids import SheetUnreadable
from kefu.knowledge.model import FOLDER, Category, Entry, Phrasing, read_knowledge
from kefu.knowledge.sheet_reading import read_sheet
from kefu.knowledge.sheet_writing import export, form
from kefu.knowledge.tasks import task_titles
from tests.knowledge.bases import contents, make_home, row
from tests.model import PROJECT

_LETTERS = st.one_of(
    st.sampled_from("=+-@|%\\\t\r\n'\"、，,;x_000D订单\u3000\u2028\ufeff\x00\x0b＝"),
    st.characters(codec="utf-8"),
)
_text = st.text(_LETTERS, max_size=12).map(str.strip).filter(bool)
_many = st.lists(_text, max_size=4).map(tuple)


@st.composite
def _entries(draw: st.DrawFn) -> tuple[Entry, ...]:
    def one(number: int) -> Entry:
        texts = [draw(_many) for _ in range(3)]
        similar, buttons = (tuple(Phrasing(t, 1) for t in many) for many in texts[:2])
        return Entry(
            f"order/e{number}", Phrasing(draw(_text), 1), Phrasing(draw(_text), 1),
            similar, buttons, texts[2], draw(st.text(_LETTERS, max_size=8)), Path("x"), 1,
        )  # fmt: skip

    return tuple(one(number) for number in range(draw(st.integers(1, 3))))


def texts(many: tuple[Phrasing, ...]) -> tuple[str, ...]:
    return tuple(one.text for one in many)


def said(entry: Entry) -> tuple[object, ...]:
    return (
        entry.label, entry.question.text, entry.answer.text, texts(entry.similar),
        texts(entry.buttons), entry.keywords, entry.page,
    )  # fmt: skip


def read_back(file: Path) -> list[tuple[object, ...]]:
    return [
        (
            r.id.text, r.question.text, r.answer.text, texts(r.similar),
            texts(r.buttons), texts(r.keywords), r.page.text,
        )
        for r in read_sheet(file).rows
    ]  # fmt: skip


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
@settings(max_examples=60, deadline=None)
@given(entries=_entries())
def test_any_text_comes_back_as_it_was(ending: str, entries: tuple[Entry, ...]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"a.{ending}"
        export(file, [Category("order", "订单", entries, Path("x"))])
        assert read_back(file) == [said(entry) for entry in entries]


def cells(file: Path) -> Iterator[tuple[str, str]]:
    """Yield kind and text of every cell."""
    if file.suffix == ".csv":
        with open(file, encoding="utf-8-sig", newline="") as opened:
            yield from (("s", text) for values in csv.reader(opened) for text in values)
        return
    for sheet in load_workbook(file):
        yield from ((c.data_type, str(c.value)) for r in sheet.iter_rows() for c in r if c.value)


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", "\n=", "|", "%"])
def test_no_cell_begins_like_a_formula(tmp_path: Path, ending: str, start: str) -> None:
    bad = Phrasing(f"{start}HYPERLINK(1)", 1)
    entry = Entry(
        "order/find", bad, bad, (bad, bad), (bad,), (bad.text,), bad.text, Path("x"), 1
    )  # fmt: skip
    file = tmp_path / f"a.{ending}"
    export(file, [Category("order", bad.text, (entry,), Path("x"))])
    written = [(kind, text) for kind, text in cells(file) if "HYPERLINK" in text]
    assert len(written) >= 7
    assert [text for kind, text in written if kind == "f" or text[0] in "=+-@\t\r\n＝|%'"] == []


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_the_project_exported_and_imported_elsewhere_is_the_same(
    tmp_path: Path, ending: str
) -> None:
    there = read_knowledge(PROJECT)
    file = tmp_path / f"a.{ending}"
    assert export(file, there) == sum(len(category.entries) for category in there)
    home = make_home(tmp_path / "home")
    plan = plan_import(home, file, Mode.REPLACE, task_titles(PROJECT))
    carry_out(plan, tmp_path / "var")
    here = read_knowledge(home)
    assert [(c.id, c.title) for c in here] == [(c.id, c.title) for c in there]
    assert [said(e) for c in here for e in c.entries] == [said(e) for c in there for e in c.entries]


def test_imported_unchanged_it_changes_nothing(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    export(tmp_path / "a.xlsx", read_knowledge(home))
    for mode in Mode:
        assert plan_import(home, tmp_path / "a.xlsx", mode).empty


def test_more_phrasings_than_a_cell_holds_go_into_a_second_column(tmp_path: Path) -> None:
    similar = tuple(Phrasing(f"{number}" + "问" * 95, 1) for number in range(700))
    entry = Entry("a/b", similar[0], similar[0], similar, (), (), "", Path("x"), 1)
    other = Entry("a/c", similar[0], similar[0], similar[:2], (), (), "", Path("x"), 1)
    file = tmp_path / "a.xlsx"
    export(file, [Category("a", "甲", (entry, other), Path("x"))])
    assert read_back(file) == [said(entry), said(other)]
    assert [c.value for c in load_workbook(file).active[1]].count("相似问法") == 3


def test_the_empty_form_explains_itself_and_is_filled_in(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    file = tmp_path / "空表.xlsx"
    form(file, read_knowledge(home))
    book = load_workbook(file)
    sheet = book.worksheets[0]
    assert all(cell.comment and cell.comment.text for cell in sheet[1])
    (choice,) = sheet.data_validations.dataValidation
    assert "A2" in str(choice.sqref)
    offered = [cell.value for cell in book["分类表"]["A"]]
    assert offered == ["会员", "订单相关"]
    guide = [values[0] for values in book["填写说明"].iter_rows(max_row=9, values_only=True)]
    assert guide == ["列", *(cell.value for cell in sheet[1])]
    for number, text in enumerate(row("怎么催发货"), start=1):
        sheet.cell(2, number, text)
    book.save(file)
    plan = plan_import(home, file, Mode.APPEND)
    assert plan.warnings == ()
    carry_out(plan, tmp_path / "var")
    assert "怎么催发货" in contents(home)["order"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(SheetUnreadable, match=r"\.xlsx 或 \.csv"):
        export(tmp_path / "a.ods", [])
    assert [*tmp_path.iterdir()] == []
    assert not (tmp_path / FOLDER).exists()
