"""What customers say they do not want, and what only sounds so."""

from __future__ import annotations

import json

import pytest

from kefu.nlu.negation import Wishes, negated_wish, without_negated
from kefu.normalise import normalise

PHRASINGS = {
    "request_refund": ["我要退货", "申请退款", "想退掉", "帮我办退款", "东西不好，退钱"],
    "after_sales/refund_time": ["退款多久到账", "退款几天能到", "钱什么时候退回来"],
    "after_sales/cancel_refund": ["不想退了怎么办", "我不想退款了", "撤销退款申请", "不要退货了"],
    "order/cancel_order": ["怎么取消订单", "我想取消订单", "取消订单在哪"],
    "order/urge_shipping": ["催一下发货", "能催催吗", "帮我催单"],
    "greet": ["你好", "在吗"],
}


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("我不要退货", "退货"),
        ("我没说要退款", "退款"),
        ("别给我退款", "退款"),
        ("不是退款", "退款"),
        ("我又不想换货", "换货"),
        ("我真不打算退了", "退"),
        ("不想退了", "退"),
        ("别催了", "催"),
        ("別催了", "催"),
        ("不要取消订单", "取消订单"),
        ("别给我取消订单了", "取消订单"),
        ("不用查物流了", "查物流"),
        ("不需要开发票", "开发票"),
        ("没有申请退款啊", "退款"),
        ("我不要退货，就想知道快递到哪了", "退货"),
        ("不是要退货退款，是换货", "退货退款"),
    ],
)
def test_wish_is_denied(text: str, wish: str) -> None:
    assert negated_wish(normalise(text)) == wish


@pytest.mark.parametrize(
    "text",
    [
        # Questions.
        "要不要退货",
        "想不想退货",
        "用不用取消订单",
        "需不需要开发票",
        "是不是退款了",
        "不是可以退货吗",
        "不是说退款吗",
        "不退货可以只退款吗",
        "不要退货可以吗",
        "能不能不退货只退款",
        "不用退货吗？",
        # Complaints that something was not done.
        "为什么不退款",
        "你们怎么不给退款",
        "没收到退款",
        "怎么还没退款",
        "不能取消订单",
        "没有发票怎么报销",
        # Something went wrong, which is no denial.
        "别退错了",
        "我要退货",
        "怎么开发票",
        "不要辣的",
        "",
    ],
)
def test_nothing_is_denied(text: str) -> None:
    assert negated_wish(normalise(text)) is None
    assert without_negated(normalise(text)) is None


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("不是退款,我要换货", ",我要换货"),
        ("我不要退货,就想知道快递到哪了", ",就想知道快递到哪了"),
        ("你好,我不要退货了", "你好,"),
        ("别催了", ""),
    ],
)
def test_what_is_left_is_the_rest_of_the_message(text: str, rest: str) -> None:
    assert without_negated(text) == rest


@pytest.mark.parametrize(
    ("label", "wish"),
    [
        ("request_refund", "退货"),
        # All ways to say it: 退 of 退货, 退款, 退掉.
        ("request_refund", "退"),
        ("after_sales/refund_time", "退款"),
        ("order/cancel_order", "取消"),
        ("order/urge_shipping", "催"),
    ],
)
def test_entry_about_a_wish_is_a_mistake_where_that_is_denied(label: str, wish: str) -> None:
    assert Wishes.learn(PHRASINGS).mistaken(label, wish)


@pytest.mark.parametrize(
    ("label", "wish"),
    [
        # Its own phrasings deny the wish: 不想退了.
        ("after_sales/cancel_refund", "退款"),
        ("order/cancel_order", "退款"),
        ("greet", "退货"),
        ("request_refund", "催"),
        ("request_refund", "unknown"),
        ("unknown", "退款"),
    ],
)
def test_other_entries_are_no_mistake(label: str, wish: str) -> None:
    assert not Wishes.learn(PHRASINGS).mistaken(label, wish)


def test_what_was_learnt_survives_json() -> None:
    learnt = Wishes.learn(PHRASINGS)
    assert Wishes.from_dict(json.loads(json.dumps(learnt.as_dict()))) == learnt


def test_without_training_data_nothing_is_a_mistake() -> None:
    assert not Wishes.from_dict({}).mistaken("request_refund", "退款")
