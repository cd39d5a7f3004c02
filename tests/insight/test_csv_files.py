"""CSV files as a spreadsheet opens them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kefu.insight.csv_files import ExportFailed, as_csv, safe, write_all
from kefu.insight.tables import Column, Table

TABLE = Table(
    "questions",
    "问得最多的问题",
    "ranks",
    (Column("问题"), Column("次数", "count", drawn=True), Column("占比", "share")),
    (('=HYPERLINK("http://x")', 3, 0.75), ("怎么退款，多久到账", 1, None)),
)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1", "＠x", "\n=1"]
)
def test_text_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["怎么退款", "1=1", "", "p50", "3 秒内"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


def test_numbers_stay_numbers_and_no_data_is_empty() -> None:
    rows = list(csv.reader(as_csv(TABLE).splitlines()))
    assert rows == [
        ["问题", "次数", "占比（0 至 1）"],
        ['\'=HYPERLINK("http://x")', "3", "0.75"],
        ["怎么退款，多久到账", "1", ""],
    ]


def test_negative_number_is_no_formula() -> None:
    table = Table("t", "t", None, (Column("变化"),), ((-0.25,),))
    assert as_csv(table).splitlines()[1] == "-0.25"


def test_file_says_that_it_is_unicode(tmp_path: Path) -> None:
    [file] = write_all([TABLE], tmp_path / "new" / "folder")
    assert file.name == "questions.csv"
    assert file.read_bytes().startswith("\ufeff问题".encode())


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportFailed, match="换一个文件夹"):
        write_all([TABLE], tmp_path / "file")
