"""Asking for a refund, a return or an exchange."""

from __future__ import annotations

import pytest
from rasa_sdk.executor import ActionExecutor

from actions.after_sales import REASONS
from kefu.handoff import holder
from kefu.shop.records import AfterSalesKind, OrderState
from tests.dialogue.conftest import Conversation, fresh_order, order_in
from tests.shop.conftest import Demo


def ask_reason(conversation: Conversation, order_no: str) -> None:
    conversation.begin("after_sales_form", "reason")
    conversation.slots |= {"order_no": order_no, "reason": None}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("我要退款", AfterSalesKind.REFUND),
        ("申请售后", AfterSalesKind.REFUND),
        ("我想退货", AfterSalesKind.RETURN),
        ("東西壞了，要退貨", AfterSalesKind.RETURN),
        ("这件寄回去行吗", AfterSalesKind.RETURN),
        ("给我换货", AfterSalesKind.EXCHANGE),
        ("想換一件", AfterSalesKind.EXCHANGE),
        ("我要退换货", AfterSalesKind.EXCHANGE),
    ],
)
def test_kind_is_that_of_the_request(
    conversation: Conversation, shop: Demo, words: str, kind: AfterSalesKind
) -> None:
    order = order_in(shop, OrderState.DELIVERED)
    conversation.say(words, "request_refund")
    ask_reason(conversation, order.order_no)
    conversation.say("拿回来就是坏的", "nlu_fallback")
    conversation.slots["reason"] = "拿回来就是坏的"
    (reply,) = conversation.run("action_ask_confirmed")
    assert f"申请{kind.label}，" in reply["text"]
    assert order.order_no in reply["text"]
    assert [b["payload"] for b in reply["buttons"]] == ["确认提交", "取消"]


def test_usual_reasons_are_offered(conversation: Conversation) -> None:
    (reply,) = conversation.run("action_ask_reason")
    assert tuple(button["payload"] for button in reply["buttons"]) == REASONS


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("尺码或规格不合适", "product/size_guide"),
        ("颜色跟图片完全不一样", "product/color_difference"),
        ("买错了", "nlu_fallback"),
        ("少发漏发", "logistics/missing_items"),
    ],
)
def test_reason_in_the_customers_words_is_kept(
    conversation: Conversation, text: str, label: str
) -> None:
    ask_reason(conversation, "1")
    conversation.say(text, label)
    conversation.fill("reason", text)
    assert conversation.run("validate_after_sales_form") == []
    assert conversation.slots["reason"] == text


def test_reason_is_cut_at_what_the_shop_takes(conversation: Conversation) -> None:
    ask_reason(conversation, "1")
    conversation.say("坏" * 900, "nlu_fallback")
    conversation.fill("reason", "坏" * 900)
    conversation.run("validate_after_sales_form")
    assert len(conversation.slots["reason"]) == 200


def test_question_instead_of_a_reason_is_answered(conversation: Conversation) -> None:
    ask_reason(conversation, "1")
    conversation.say("退货运费谁出", "after_sales/return_shipping_fee")
    conversation.fill("reason", "退货运费谁出")
    (reply,) = conversation.run("validate_after_sales_form")
    assert reply["response"] == "utter_after_sales/return_shipping_fee"
    assert conversation.slots["reason"] is None
    assert not conversation.slots.get("invalid_inputs")


@pytest.mark.parametrize(
    ("text", "label"), [("你好", "greet"), ("谢谢", "thank"), ("。", "inform")]
)
def test_small_talk_is_no_reason(conversation: Conversation, text: str, label: str) -> None:
    ask_reason(conversation, "1")
    conversation.say(text, label)
    conversation.fill("reason", text)
    (reply,) = conversation.run("validate_after_sales_form")
    assert "没有看懂" in reply["text"]
    assert conversation.slots["reason"] is None
    assert conversation.slots["invalid_inputs"] == 1


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (OrderState.PENDING_PAYMENT, "还没有付款"),
        (OrderState.CANCELLED, "已经取消"),
        (OrderState.CLOSED, "已经关闭"),
        (OrderState.REFUNDED, "已经退款完成"),
    ],
)
def test_order_that_nothing_can_be_applied_for_says_why(
    conversation: Conversation, shop: Demo, state: OrderState, said: str
) -> None:
    number = order_in(shop, state).order_no
    conversation.begin("after_sales_form", "order_no")
    conversation.say(number, "inform", order_no=number)
    conversation.fill("order_no", number)
    (reply,) = conversation.run("validate_after_sales_form")
    assert said in reply["text"]
    assert conversation.slots["order_no"] is None


@pytest.mark.parametrize(
    ("words", "kind"), [("我要退款", "仅退款"), ("我要退货", "退货退款"), ("我要换货", "换货")]
)
def test_request_is_handed_in_once(
    shop: Demo, executor: ActionExecutor, words: str, kind: str
) -> None:
    conversation, order = fresh_order(shop, OrderState.DELIVERED, executor)
    conversation.say(words, "request_refund")
    filled = {"order_no": order.order_no, "reason": "不想要了", "confirmed": True}
    conversation.begin("after_sales_form", "confirmed")
    conversation.say("确认提交", "affirm")
    conversation.slots |= filled
    (first,) = conversation.run("action_submit_after_sales")
    assert conversation.slots["confirmed"] is None
    # The same turn again, as after a time-out of the action server's answer.
    conversation.slots |= filled
    (again,) = conversation.run("action_submit_after_sales")
    assert f"已提交{kind}申请，售后单号 TK" in first["text"]
    assert again == first
    assert first["buttons"][0]["payload"] == f"查退款进度 {order.order_no}"
    # Another turn is another request, which the shop declines with its reason.
    conversation.say("确认提交", "affirm")
    conversation.slots |= filled
    (declined,) = conversation.run("action_submit_after_sales")
    assert "没有提交成功" in declined["text"]
    assert declined["buttons"][0]["payload"] == "转人工"


def test_nothing_is_handed_in_without_a_yes(shop: Demo, executor: ActionExecutor) -> None:
    conversation, order = fresh_order(shop, OrderState.DELIVERED, executor)
    conversation.say("我要退款", "request_refund")
    conversation.slots |= {"order_no": order.order_no, "reason": "不想要了", "confirmed": None}
    assert conversation.run("action_submit_after_sales") == []


def test_shop_that_fails_at_the_last_step_leaves_a_ticket(
    shop: Demo, executor: ActionExecutor
) -> None:
    conversation, order = fresh_order(shop, OrderState.DELIVERED, executor)
    conversation.say("我要退款", "request_refund")
    conversation.slots |= {"order_no": order.order_no, "reason": "不想要了", "confirmed": True}
    shop.faults("fail")
    apology, _ = conversation.run("action_submit_after_sales")
    assert "暂时没有回应" in apology["text"]
    assert [ticket.reason for ticket in holder.open_handoffs()] == ["failed_turn"]
