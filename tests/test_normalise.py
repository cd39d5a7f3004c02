"""One spelling for everything customers type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.normalise import MAX_CHARACTERS, clean, match_key, normalise


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("退貨運費誰出？", "退货运费谁出?"),
        ("ＶＩＰ有什麼權益", "vip有什么权益"),
        ("我的 快递 到 哪了", "我的快递到哪了"),
        ("iPhone 15 有货吗", "iphone 15有货吗"),
        ("好的😊👌", "好的"),
        ("谢谢[玫瑰][Smile]", "谢谢"),
        ("啊啊啊啊啊", "啊啊"),
        ("在吗\u200b\ufeff", "在吗"),
        ("a\x00b", "ab"),
        ("  两头\n换行  ", "两头，换行"),
        ("在么", "在么"),
        ("為什麼", "为什么"),
        ("訊息收不到", "消息收不到"),
        ("", ""),
        ("😊", ""),
    ],
)
def test_spelling(typed: str, normal: str) -> None:
    assert normalise(typed) == normal


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("怎么退货", "怎麼退貨？！", True),
        ("怎么退货", "怎 么 退 货 。", True),
        ("VIP", "ｖｉｐ", True),
        ("怎么退货", "怎么换货", False),
        ("snake_case", "snakecase", True),
    ],
)
def test_match_key(one: str, other: str, same: bool) -> None:
    assert (match_key(one) == match_key(other)) is same


def test_cleaning_keeps_case_script_and_punctuation() -> None:
    assert clean("ＳＦ１２３，訂單\u200b") == "SF123,訂單"


def test_both_ends_of_a_long_message_are_kept() -> None:
    text = normalise("你好，" + "我想说" * 5000 + "怎么开发票")
    assert len(text) <= MAX_CHARACTERS + 1
    assert text.startswith("你好")
    assert text.endswith("怎么开发票") or "怎么开发票" not in text


@given(st.text(max_size=400))
def test_any_text_has_a_short_lower_case_spelling(text: str) -> None:
    normal = normalise(text)
    assert len(match_key(text)) <= len(normal) + 1
    assert "\x00" not in normal
    assert match_key(normal) == match_key(text) or len(text) > MAX_CHARACTERS
