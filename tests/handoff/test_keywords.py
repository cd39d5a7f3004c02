"""Asking for a person in so many words."""

from __future__ import annotations

import pytest

from kefu.handoff.keywords import asks_for_person

KEYWORDS = ("转人工", "人工客服", "真人")


@pytest.mark.parametrize(
    "text",
    [
        *("转人工", "我要转人工", "帮我转人工吧", "人工客服在吗", "我想找真人"),
        *("能不能转人工", "可不可以转人工", "是不是可以转人工", "有没有真人", "要不要转人工"),
        *("你听不懂我说的，转人工", "不用了。转人工", "说了半天也没解决问题，真人来一下"),
        *("先不要转人工，算了还是转人工吧", "不是机器人，我找真人"),
    ],
)
def test_a_keyword_asks_for_a_person(text: str) -> None:
    assert asks_for_person(text, KEYWORDS)


@pytest.mark.parametrize(
    "text",
    [
        *("不要转人工", "不用转人工", "别转人工", "先别给我转人工", "没说要转人工", "请勿转人工"),
        *("不要人工客服，不要转人工", "不想找真人"),
        *("", "查物流", "人工", "转 人工"),
    ],
)
def test_a_keyword_that_is_negated_or_missing_does_not(text: str) -> None:
    assert not asks_for_person(text, KEYWORDS)


def test_keywords_are_taken_as_they_are_written() -> None:
    assert asks_for_person("我要转(VIP)", ("转(vip)", "(VIP)"))
    assert not asks_for_person("转人工", ())
