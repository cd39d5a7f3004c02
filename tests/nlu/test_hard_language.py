"""Messages that are hard to understand, through the trained model.

No message here stands in the training data word for word, unless a case says so.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.model import Parse


def best(parsed: dict[str, Any]) -> str | None:
    """Return the label that is answered, None when nothing is."""
    decision = parsed["decision"]
    answered = decision["outcome"] == "answer"
    return decision["candidates"][0]["label"] if answered else None


def shown(parsed: dict[str, Any]) -> set[str]:
    """Return what the customer is answered with or may choose from."""
    answered = best(parsed)
    return {answered} if answered else {o["label"] for o in parsed["decision"]["options"]}


@pytest.mark.parametrize(
    "text",
    [
        "我不要退货",
        "我没说要退款",
        "别给我取消订单了",
        "不是退款",
        "我又不想换货",
        "我真不打算退了",
    ],
)
def test_what_is_not_wanted_is_not_started(parse: Parse, text: str) -> None:
    assert not shown(parse(text)) & {"request_refund", "order/cancel_order", "after_sales/exchange"}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("要不要退货啊我", "request_refund"),
        ("不是退款，我问的是发票怎么开", "payment/invoice"),
        ("我不要退货，就想知道快递到哪了", "query_logistics"),
        ("退款我不想退了怎么撤销", "after_sales/cancel_refund"),
    ],
)
def test_negation_leaves_what_is_asked(parse: Parse, text: str, label: str) -> None:
    assert label in shown(parse(text))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("退宽多久能到涨", "after_sales/refund_time"),
        ("怎么开发漂", "payment/invoice"),
        ("运非谁出啊退货的", "after_sales/return_shipping_fee"),
        ("物留怎么查寻", "logistics/track_parcel"),
        ("优会券咋用不了", "promotion/coupon_unusable"),
    ],
)
def test_homophones_are_read_by_their_sound(parse: Parse, text: str, label: str) -> None:
    assert label in shown(parse(text))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("請問退費大概幾天會下來", "after_sales/refund_time"),
        ("我的宅配到哪裡了", "query_logistics"),
        ("可以超商取貨嗎", "logistics/self_pickup"),
        ("發票的統編打錯了可以改嗎", "payment/invoice_change"),
        ("我要投訴你哋間舖", "service/complaint"),
        ("折價券怎麼用不了", "promotion/coupon_unusable"),
    ],
)
def test_words_of_taiwan_and_hong_kong(parse: Parse, text: str, label: str) -> None:
    assert label in shown(parse(text))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (
            "昨天晚上跟我老公逛街回来看到你们店里打折，就买了两件衣服，付完钱才发现地址写的是"
            "以前租的房子，现在搬家了，能帮我改一下地址不",
            "order/change_address",
        ),
        (
            "我们单位下周搞活动，我一共订了三十箱水，领导说要报销，让我问下你们，发票怎么开",
            "payment/invoice",
        ),
        (
            "家里老人不会弄手机，东西是我帮他买的，昨天拿到发现杯子裂了一条缝，一碰就漏水，你说气不气人",
            "after_sales/quality_issue",
        ),
    ],
)
def test_question_inside_a_long_story(parse: Parse, text: str, label: str) -> None:
    found = shown(parse(text))
    assert label in found or (
        label.endswith("quality_issue") and "logistics/parcel_damaged" in found
    )


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("退款多久到账，优惠券会退吗", {"after_sales/refund_time", "promotion/coupon_refund"}),
        ("运费多少，支持七天无理由吗？", {"logistics/shipping_fee", "after_sales/return_policy"}),
        ("怎么开发票，还有多久能发货", {"payment/invoice", "logistics/ship_time"}),
    ],
)
def test_of_two_questions_it_is_asked_which_comes_first(
    parse: Parse, text: str, labels: set[str]
) -> None:
    parsed = parse(text)
    assert shown(parsed) == labels
    assert parsed["decision"]["questions"]


def test_one_question_in_two_clauses_stays_one(parse: Parse) -> None:
    assert best(parse("我想问一下，怎么开发票")) == "payment/invoice"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("发票？", {"payment/invoice"}),
        ("积分", {"query_points", "membership/points_use", "membership/points_earn"}),
        ("物流", {"query_logistics"}),
        ("退", {"request_refund"}),
        ("换货", {"request_refund", "after_sales/exchange"}),
    ],
)
def test_one_and_two_characters(parse: Parse, text: str, labels: set[str]) -> None:
    assert shown(parse(text)) & labels


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("wo yao tui kuan", "request_refund"),
        ("woyaotuihuo", "request_refund"),
        ("kuaidi dao na le", "query_logistics"),
        ("fapiao zenme kai", "payment/invoice"),
        ("zhuan ren gong", "request_human"),
        ("kefu", "request_human"),
        ("refund", "request_refund"),
        ("invoice pls", "payment/invoice"),
        ("where is my order", "query_order_status"),
    ],
)
def test_pinyin_and_english(parse: Parse, text: str, label: str) -> None:
    assert label in shown(parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "asdfghjkl",
        "啊啊啊啊啊",
        "。。。",
        "的的的",
        "1111",
        "qwe",
        "；‘’",
        "龘靐齉",
        "13800138000",
        "�",
    ],
)
def test_gibberish_is_not_recognised(parse: Parse, text: str) -> None:
    assert parse(text)["decision"]["outcome"] == "not_recognised"


@pytest.mark.parametrize("text", ["2026110312345678", "SF1234567890123", "订单号2026110312345678"])
def test_order_number_alone_is_looked_up(parse: Parse, text: str) -> None:
    parsed = parse(text)
    assert parsed["intent"]["name"] in ("inform", "query_order_status")
    assert [entity["entity"] for entity in parsed["entities"]] == ["order_no"]


@pytest.mark.parametrize(
    ("before", "text", "label"),
    [
        ("after_sales/return_how", "运费呢", "after_sales/return_shipping_fee"),
        ("after_sales/apply_refund", "那要多久", "after_sales/refund_time"),
        ("logistics/ship_time", "那多久能到", "logistics/delivery_time"),
        ("payment/invoice", "那开错了呢", "payment/invoice_change"),
        ("membership/points_use", "那会过期吗", "membership/points_expiry"),
        ("promotion/coupon_use", "那过期了呢", "promotion/coupon_unusable"),
    ],
)
def test_follow_up_is_understood_with_the_question_before(
    parse: Parse, before: str, text: str, label: str
) -> None:
    assert label in shown(parse(text, topic=before))


@pytest.mark.parametrize("text", ["谢谢", "怎么开发票", "转人工", "2026110312345678"])
def test_message_that_stands_on_its_own_ignores_the_one_before(parse: Parse, text: str) -> None:
    assert best(parse(text, topic="after_sales/return_how")) == best(parse(text))


def test_greeting_before_a_question_does_not_hide_it(parse: Parse) -> None:
    assert "logistics/ship_time" in shown(parse("你好 在吗 下单后多久发货"))
