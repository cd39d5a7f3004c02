"""What a customer picks by typing or clicking, and what stays an ordinary message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.channels.wechat.options import LONGEST, Option, from_json, numbered, picked, to_json

OPTIONS = [
    Option("7.1", "查物流", "查物流"),
    Option("7.2", "查我的订单（20261103）", "查订单 20261103"),
    Option("7.3", "转人工", "转人工"),
]


@pytest.mark.parametrize(
    "typed",
    [
        *("2", " 2 ", "2.", "2、", "(2)", "（2）", "②", "２", "⑵", "⒉"),
        *("选2", "选择2", "第2个", "第 2 项", "2号", "第二个", "第二", "选二", "选择二"),
    ],
)
def test_a_number_in_any_spelling_picks_its_option(typed: str) -> None:
    assert picked(OPTIONS, typed) == "查订单 20261103"


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "0",
            "4",
            "9",
            "10",
            "22",
            "④",
            "第四个",
            "1.5",
            "-1",
            "2件",
            "1和2",
            "二",
            "12345678901",
        ),
        *("", " ", "2" + " " * LONGEST + "2", "买2个多少钱", "20261103"),
    ],
)
def test_what_is_no_option_of_these_stays_a_message(typed: str) -> None:
    assert picked(OPTIONS, typed) is None


def test_every_option_that_can_be_shown_can_be_picked_in_words() -> None:
    options = [Option(f"1.{n}", f"选项{n}", f"p{n}") for n in range(1, 10)]
    assert [picked(options, f"第{n}个") for n in "一二三四五六七八九"] == [
        f"p{n}" for n in range(1, 10)
    ]


def test_a_title_picks_its_option() -> None:
    assert picked(OPTIONS, " 查我的订单（20261103） ") == "查订单 20261103"


def test_a_click_counts_by_its_id() -> None:
    assert picked(OPTIONS, "别的字", "7.3") == "转人工"


@pytest.mark.parametrize("menu_id", ["", "0", "6.3"])
def test_a_click_without_its_id_counts_by_its_title(menu_id: str) -> None:
    assert picked(OPTIONS, "转人工", menu_id) == "转人工"


def test_without_options_nothing_is_picked() -> None:
    assert picked([], "1") is None


@given(st.text(max_size=80), st.text(max_size=10))
def test_whatever_is_typed_picks_one_of_the_options_or_nothing(text: str, menu_id: str) -> None:
    assert picked(OPTIONS, text, menu_id) in {None, *(option.payload for option in OPTIONS)}


def test_numbered_lines_say_how_to_choose() -> None:
    lines = "请问：\n1. 查物流\n2. 查我的订单（20261103）\n3. 转人工\n回复数字即可选择"
    assert numbered("请问：", OPTIONS) == lines
    assert numbered("", OPTIONS[:1]) == "1. 查物流\n回复数字 1 即可选择"


def test_options_come_back_as_they_were_kept() -> None:
    assert from_json(to_json(OPTIONS)) == OPTIONS
    assert to_json([]) is None
    assert from_json(None) == []
