"""Pinyin becomes the words that a shop's customers use, and English stays English."""

from __future__ import annotations

import pytest

from kefu.nlu.pinyin_reader import PinyinReader

# How often a word stands in the training data; 2,000 or so examples.
WORDS = {
    "我": 900, "要": 700, "了": 1500, "到": 250, "哪": 200, "吗": 600, "的": 900, "是": 500,
    "退货": 200, "退款": 300, "推货": 1, "快递": 250, "发票": 200, "开": 150, "人工": 80,
    "转": 40, "怎么": 500, "订单": 300, "优惠券": 120, "优惠": 90, "有没有": 60, "撒": 2,
    "啥": 60, "开发票": 3, "vip": 20, "refund": 1, "你好": 40, "积分": 90,
}  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> PinyinReader:
    return PinyinReader(WORDS)


@pytest.mark.parametrize(
    ("letters", "words"),
    [
        ("tuikuan", "退款"),
        ("tui kuan", "退款"),
        ("tui'kuan", "退款"),
        ("woyaotuihuo", "我要退货"),
        ("wo yao tui huo", "我要退货"),
        ("wo yao tuihuo", "我要退货"),
        ("kuaidi dao na le", "快递到哪了"),
        ("zhuan ren gong", "转人工"),
        ("fapiao zenme kai", "发票怎么开"),
        ("youhuiquan", "优惠券"),
        # As many type it: z for zh, ng for n.
        ("zuan ren gong", "转人工"),
        ("jifeng", "积分"),
    ],
)
def test_pinyin_is_read_with_the_words_of_the_shop(
    reader: PinyinReader, letters: str, words: str
) -> None:
    assert reader.chinese(letters) == words


def test_of_words_that_sound_alike_the_usual_one_is_taken(reader: PinyinReader) -> None:
    assert reader.chinese("tuihuo") == "退货"


@pytest.mark.parametrize(
    "letters",
    [
        "refund",
        "sale",
        "is",
        "none",
        "one",
        "where is my order",
        # One syllable is a guess: he and can are English as well.
        "he",
        "can",
        "wo",
        # Pinyin, but of no word that customers of this shop use.
        "banana",
        "feichang meili",
        # A Latin word that customers use, among syllables.
        "wo yao vip",
        "",
        "'",
    ],
)
def test_other_letters_are_left_alone(reader: PinyinReader, letters: str) -> None:
    assert reader.chinese(letters) is None


def test_single_characters_alone_are_no_reading(reader: PinyinReader) -> None:
    assert reader.chinese("wo yao") is None
    assert reader.chinese("sha le ma") is None


def test_nothing_is_read_without_training_data() -> None:
    assert PinyinReader({}).chinese("tuikuan") is None
