"""How Chinese sounds, and which Latin letters are pinyin."""

from __future__ import annotations

import pytest

from kefu.pinyin import alike, read, sound, sounds


@pytest.mark.parametrize(
    ("meant", "typed"),
    [
        ("退款", "退宽"),
        ("发票", "发漂"),
        ("物流", "物留"),
        # Sounds that many speakers do not tell apart.
        ("收到", "搜到"),
        ("支付", "资付"),
        ("超时", "草丝"),
        ("申请", "深情"),
        ("登录", "灯露"),
        ("信息", "行息"),
    ],
)
def test_wrong_character_of_the_right_sound_sounds_alike(meant: str, typed: str) -> None:
    assert sounds(typed) == sounds(meant)


@pytest.mark.parametrize(("one", "other"), [("退货", "换货"), ("积分", "金额"), ("款", "广")])
def test_other_words_sound_different(one: str, other: str) -> None:
    assert sounds(one) != sounds(other)


def test_every_character_has_one_sound_and_what_is_not_chinese_is_itself() -> None:
    text = "退款，ok？2单"
    assert len(sounds(text)) == len(text)
    assert sounds("，ok？2") == ["，", "o", "k", "？", "2"]


@pytest.mark.parametrize("character", ["\u4db5", "〔", "😊", "ー", "\u9fff"])
def test_character_without_a_reading_is_no_error(character: str) -> None:
    assert sound(character)


@pytest.mark.parametrize(
    ("typed", "same"),
    [("zhang", "zan"), ("chuang", "cuan"), ("shen", "sen"), ("xing", "xin"), ("zhong", "zong")],
)
def test_typed_syllables_are_written_like_those_of_characters(typed: str, same: str) -> None:
    assert alike(typed) == alike(same)


@pytest.mark.parametrize(
    ("letters", "syllables"),
    [
        ("tuikuan", ["tui", "kuan"]),
        ("woyaotuihuo", ["wo", "yao", "tui", "huo"]),
        ("kuaidi", ["kuai", "di"]),
        ("shenmeshihoufahuo", ["shen", "me", "shi", "hou", "fa", "huo"]),
        # The fewest: zhuang is one syllable, not zhu-ang.
        ("zhuang", ["zhuang"]),
        ("dingdan", ["ding", "dan"]),
        # ü has no key of its own.
        ("lvse", ["lv", "se"]),
        ("sale", ["sa", "le"]),
    ],
)
def test_pinyin_is_divided_into_syllables(letters: str, syllables: list[str]) -> None:
    assert read(letters) == syllables


@pytest.mark.parametrize(
    "letters", ["refund", "is", "none", "order", "vip", "hello", "ok", "hmm", "ng", "qwe", "wo2"]
)
def test_letters_that_are_no_pinyin_are_not_divided(letters: str) -> None:
    assert read(letters) is None
