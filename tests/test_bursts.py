"""Which messages of a burst make one turn."""

from __future__ import annotations

import pytest

from kefu.bursts import Recognition, is_opener, joined, turns

SHIPPING = Recognition("answer", "logistics/shipping_time", 0.9)
INVOICE = Recognition("answer", "payment/invoice", 0.9)
LOOKUP = Recognition("answer", "query_logistics", 0.9)
NUMBER = Recognition("answer", "inform", 0.9)
GREETING = Recognition("answer", "greet", 0.9)
HALF = Recognition("not_recognised", "out_of_scope", 0.1)
UNSURE = Recognition("options", "payment/invoice", 0.3)


@pytest.mark.parametrize(
    ("burst", "sizes"),
    [
        ([], []),
        ([SHIPPING], [1]),
        ([GREETING, SHIPPING], [2]),
        ([LOOKUP, NUMBER], [2]),
        ([HALF, HALF, INVOICE, HALF], [4]),
        ([SHIPPING, INVOICE], [1, 1]),
        ([GREETING, SHIPPING, HALF, INVOICE, NUMBER], [3, 2]),
        ([SHIPPING, SHIPPING], [2]),
        ([SHIPPING, INVOICE, SHIPPING], [1, 1, 1]),
        ([UNSURE, SHIPPING], [2]),
        ([GREETING, NUMBER], [2]),
    ],
)
def test_two_questions_are_two_turns_and_the_rest_belongs_to_one(
    burst: list[Recognition], sizes: list[int]
) -> None:
    found = turns(burst)
    assert [len(turn) for turn in found] == sizes
    assert [number for turn in found for number in turn] == list(range(len(burst)))


@pytest.mark.parametrize(
    "text", ["在吗", "在么", "你好，在吗？", "您好 请问一下", "亲～", "客服", "HELLO", "想問一下"]
)
def test_opener(text: str) -> None:
    assert is_opener(text)


@pytest.mark.parametrize("text", ["在吗怎么退货", "怎么退货", "", "？", "客服几点上班", "谢谢"])
def test_no_opener(text: str) -> None:
    assert not is_opener(text)


def test_messages_of_a_turn_are_joined() -> None:
    assert joined(["在吗 ", "", "  ", "怎么退货"]) == "在吗，怎么退货"
