"""A settings file with other values: what was meant changes, and not a letter besides."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kefu.settings import read_settings
from kefu.settings_editing.text import REMOVED, CannotRewrite, changed
from kefu.settings_editing.values import values_of
from tests.model import PROJECT

FILE = Path("settings.yml")
OWN = (PROJECT / "settings.yml").read_text("utf-8")


def lines_that_differ(before: str, after: str) -> list[str]:
    return [line for line in after.splitlines() if line not in before.splitlines()]


def test_one_value_changes_one_line_and_keeps_every_comment() -> None:
    after = changed(OWN, FILE, {("assistant", "name"): "小助手"})
    assert lines_that_differ(OWN, after) == ["  name: 小助手"]
    assert len(after.splitlines()) == len(OWN.splitlines())


def test_a_list_stays_in_its_line_or_in_its_lines() -> None:
    text = "a:\n  one: [甲, 乙]\n  many:\n    # 第一个\n    - 甲\n    - 乙\n\n# 末尾\n"
    after = changed(text, FILE, {("a", "one"): ["丙, 丁", "12:30"], ("a", "many"): ["戊"]})
    assert '  one: ["丙, 丁", "12:30"]\n' in after
    assert "  many:\n    - 戊\n\n# 末尾\n" in after


def test_a_comment_behind_a_value_stays() -> None:
    assert changed("a:\n  b: 1  # 分钟\n", FILE, {("a", "b"): 2}) == "a:\n  b: 2  # 分钟\n"


def test_what_is_missing_is_added_where_it_belongs() -> None:
    text = "a:\n  b: 1\n\n# 下一节\nc:\n  d: 2"
    after = changed(text, FILE, {("a", "x"): "甲", ("e", "f", "g"): True, ("c", "h"): []})
    assert (
        after == "a:\n  b: 1\n  x: 甲\n\n# 下一节\nc:\n  d: 2\n  h: []\n\ne:\n  f:\n    g: true\n"
    )


def test_a_key_is_taken_out_and_the_last_one_leaves_an_empty_mapping() -> None:
    text = "a:\n  p:\n    x: {w: 1}\n    y: {w: 2}\n  q: 3\n"
    after = changed(text, FILE, {("a", "p", "x"): REMOVED})
    assert after == "a:\n  p:\n    y: {w: 2}\n  q: 3\n"
    assert changed(after, FILE, {("a", "p", "y"): REMOVED}) == "a:\n  p: {}\n  q: 3\n"


def test_a_mapping_in_one_line_is_written_anew_as_a_whole() -> None:
    after = changed("a: {b: {c: 1, d: 甲}}\n", FILE, {("a", "b", "c"): 2})
    assert yaml.safe_load(after) == {"a": {"b": {"c": 2, "d": "甲"}}}


def test_a_page_is_changed_without_losing_what_is_said_beside_it() -> None:
    text = "w:\n  pages:\n    order:\n      # 说明\n      welcome: 甲\n      hot: [乙]\n  z: 1\n"
    new = {"welcome": "丙", "hot": ["丁"]}
    after = changed(text, FILE, {("w", "pages", "order"): new, ("w", "pages", "a.b"): new})
    assert "      # 说明\n      welcome: 丙\n      hot: [丁]\n" in after
    assert yaml.safe_load(after)["w"]["pages"] == {"order": new, "a.b": new}


def test_a_long_text_is_a_block_and_can_be_replaced() -> None:
    long = "一、我们\n\n二、你: 好 # 不是注释\n  缩进"
    once = changed(OWN, FILE, {("terms", "text"): long})
    assert "  text: |-\n    一、我们\n\n    二、你" in once
    again = changed(once, FILE, {("terms", "text"): long + "\n三、再见"})
    assert changed(again, FILE, {("terms", "text"): ""}) == OWN


def test_holidays_are_dates() -> None:
    days = [{"date": datetime.date(2027, 2, d), "hours": ["10:00-12:00"]} for d in (6, 7)]
    after = changed(OWN, FILE, {("service_hours", "holidays"): days})
    assert '    - date: 2027-02-06\n      hours: ["10:00-12:00"]\n    - date:' in after
    emptied = changed(after, FILE, {("service_hours", "holidays"): []})
    assert yaml.safe_load(emptied)["service_hours"]["holidays"] == []


def test_windows_line_ends_stay() -> None:
    after = changed("a:\r\n  b: 1\r\n", FILE, {("a", "c"): "甲"})
    assert after == "a:\r\n  b: 1\r\n  c: 甲\r\n"


def test_a_value_that_is_said_elsewhere_too_is_refused() -> None:
    with pytest.raises(CannotRewrite, match="直接编辑"):
        changed("a: &x\n  b: 1\nc: *x\n", FILE, {("c", "b"): 2})


def test_every_setting_of_the_project_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text(OWN, "utf-8")
    values = values_of(read_settings(tmp_path / "settings.yml"))
    holidays = "service_hours.holidays"
    for path, value in values.items():
        if path != holidays:
            after = changed(OWN, FILE, {tuple(path.split(".")): value})
            (tmp_path / "settings.yml").write_text(after, "utf-8")
            assert values_of(read_settings(tmp_path / "settings.yml")) == values, path


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_VALUES: st.SearchStrategy[Any] = st.one_of(
    _TEXTS, st.integers(), st.booleans(), st.lists(_TEXTS, max_size=3),
    st.dictionaries(_TEXTS, _TEXTS, max_size=2),
)  # fmt: skip


@given(_VALUES, _VALUES)
def test_whatever_is_written_is_read_again(first: object, second: object) -> None:
    text = "# 头\na:\n  b: 1\n  c: 2  # 尾\n"
    once = changed(text, FILE, {("a", "b"): first, ("a", "new"): second})
    twice = changed(once, FILE, {("a", "b"): second})
    assert yaml.safe_load(twice) == {"a": {"b": second, "c": 2, "new": second}}
    assert twice.startswith("# 头\na:\n") and "  c: 2  # 尾\n" in twice
