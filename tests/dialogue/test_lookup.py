"""Looking up orders, parcels, refunds, points and membership."""

from __future__ import annotations

import time

import pytest

from actions.order_form import SHOP_DOWN
from kefu.handoff import holder
from kefu.shop.records import OrderState
from kefu.storage import conversations
from tests.dialogue.conftest import CUSTOMER, Conversation, order_in
from tests.shop.conftest import Demo

LOOKUPS = {"order_status": "订单", "logistics": "快递", "refund": "售后"}


def payloads(reply: dict[str, object]) -> list[str]:
    buttons: list[dict[str, str]] = reply["buttons"]  # type: ignore[assignment]
    return [button["payload"] for button in buttons]


def test_recent_orders_are_offered_as_buttons(conversation: Conversation, shop: Demo) -> None:
    conversation.say("查我的订单", "query_order_status")
    (reply,) = conversation.run("action_ask_order_no")
    numbers = [order.order_no for order in shop.orders().recent_orders(CUSTOMER, 5)]
    assert payloads(reply) == numbers
    titles = [button["title"] for button in reply["buttons"]]
    assert all(f"尾号{number[-4:]}" in title for title, number in zip(titles, numbers, strict=True))
    assert "订单号" in reply["text"]


def test_picked_order_is_accepted_and_told(conversation: Conversation, shop: Demo) -> None:
    order = order_in(shop, OrderState.SHIPPED)
    conversation.say("查我的订单", "query_order_status")
    conversation.begin("lookup_form", "order_no")
    conversation.slots["lookup_kind"] = "order_status"
    conversation.say(order.order_no, "inform", order_no=order.order_no)
    conversation.fill("order_no", order.order_no)
    assert conversation.run("validate_lookup_form") == []
    (reply,) = conversation.run("action_lookup")
    assert order.order_no in reply["text"]
    assert order.state.label in reply["text"]
    assert f"查物流 {order.order_no}" in payloads(reply)
    assert f"申请售后 {order.order_no}" in payloads(reply)
    assert conversation.slots["order_no"] is None


@pytest.mark.parametrize(
    ("kind", "state", "said"),
    [
        ("logistics", OrderState.SHIPPED, "："),
        ("logistics", OrderState.PAID, "还没有发货"),
        ("logistics", OrderState.PENDING_PAYMENT, "还没有付款"),
        ("refund", OrderState.REFUNDED, "退款金额"),
        ("refund", OrderState.PAID, "没有售后申请"),
        ("order_status", OrderState.CANCELLED, "已取消"),
    ],
)
def test_each_look_up_says_its_own(
    conversation: Conversation, shop: Demo, kind: str, state: OrderState, said: str
) -> None:
    order = order_in(shop, state)
    conversation.slots |= {"lookup_kind": kind, "order_no": order.order_no}
    conversation.say(order.order_no)
    (reply,) = conversation.run("action_lookup")
    assert said in reply["text"]


def test_tracking_number_finds_its_order(conversation: Conversation, shop: Demo) -> None:
    order = order_in(shop, OrderState.SHIPPED)
    tracking = order.parcels[0].tracking_no
    conversation.begin("lookup_form", "order_no")
    conversation.say(tracking, "inform", order_no=tracking)
    conversation.fill("order_no", tracking)
    assert conversation.run("validate_lookup_form") == []
    assert conversation.slots["order_no"] == order.order_no


def test_order_of_somebody_else_reads_like_one_that_does_not_exist(
    conversation: Conversation, shop: Demo
) -> None:
    foreign = shop.orders().recent_orders("o_demo_0002", 1)[0].order_no
    answers = []
    for number in (foreign, "202601010000000000"):
        conversation.begin("lookup_form", "order_no")
        conversation.say(number, "inform", order_no=number)
        conversation.slots["invalid_inputs"] = None
        conversation.fill("order_no", number)
        (reply,) = conversation.run("validate_lookup_form")
        answers.append((reply["text"].replace(number, "…"), reply["buttons"]))
        assert conversation.slots["order_no"] is None
        assert conversation.slots["invalid_inputs"] == 1
        # Not even the last step tells, should a number get there.
        conversation.slots |= {"order_no": number, "lookup_kind": "order_status"}
        (reply,) = conversation.run("action_lookup")
        answers.append((reply["text"].replace(number, "…"), reply["buttons"]))
    assert answers[:2] == answers[2:]
    assert "没有查到订单" in answers[0][0]


def test_third_input_of_no_use_offers_a_person(conversation: Conversation) -> None:
    conversation.begin("lookup_form", "order_no")
    conversation.say("随便", "nlu_fallback")
    conversation.run("action_invalid_input")
    number = "202601010000000000"
    conversation.say(number, "inform", order_no=number)
    conversation.fill("order_no", number)
    conversation.run("validate_lookup_form")
    (reply,) = conversation.run("action_ask_order_no")
    assert "转人工" not in payloads(reply)
    conversation.say("随便", "nlu_fallback")
    conversation.run("action_invalid_input")
    (reply,) = conversation.run("action_ask_order_no")
    assert payloads(reply)[-2:] == ["转人工", "取消"]
    assert "转人工" in reply["text"]


def test_cancelling_empties_the_form(conversation: Conversation) -> None:
    conversation.slots |= {"order_no": "1", "reason": "不想要了", "invalid_inputs": 2}
    (reply,) = conversation.run("action_cancel_form")
    assert "已取消" in reply["text"]
    assert [conversation.slots[s] for s in ("order_no", "reason", "invalid_inputs")] == [None] * 3


@pytest.mark.parametrize("mode", ["fail", "nonsense"])
def test_shop_that_fails_is_an_apology_and_a_ticket(
    conversation: Conversation, shop: Demo, mode: str
) -> None:
    number = order_in(shop, OrderState.SHIPPED).order_no
    shop.faults(mode)
    conversation.say("查物流", "query_logistics")
    conversation.begin("lookup_form", "order_no")
    (asked,) = conversation.run("action_ask_order_no")
    assert asked["buttons"] == []
    conversation.say(number, "inform", order_no=number)
    conversation.fill("order_no", number)
    apology, notice = conversation.run("validate_lookup_form")
    assert apology["text"] == SHOP_DOWN
    assert notice["text"]
    # The form ends, so that the customer is not asked for the number again.
    assert conversation.slots["requested_slot"] is None
    (ticket,) = holder.open_handoffs()
    assert (ticket.conversation, ticket.reason) == (conversation.sender, "failed_turn")


@pytest.mark.parametrize("action", ["action_points", "action_membership"])
def test_members_of_a_shop_that_fails(conversation: Conversation, shop: Demo, action: str) -> None:
    shop.faults("fail")
    conversation.say("查积分", "query_points")
    assert conversation.run(action)[0]["text"] == SHOP_DOWN
    assert len(holder.open_handoffs()) == 1


def test_points_and_membership(conversation: Conversation, shop: Demo) -> None:
    member = shop.members().member(CUSTOMER)
    assert member is not None
    (points,) = conversation.run("action_points")
    (level,) = conversation.run("action_membership")
    assert f"{member.points} 积分" in points["text"]
    assert member.level in level["text"]


def test_customer_the_shop_does_not_know_is_told_how_to_join(
    conversation: Conversation,
) -> None:
    conversation.sender = conversations.remember("rest", "o_nobody", time.time())
    (reply,) = conversation.run("action_membership")
    assert "你还不是会员" in reply["text"]


@pytest.mark.parametrize("action", ["action_points", "action_membership", "action_lookup"])
def test_nobody_is_shown_anything_without_a_verified_openid(
    stranger: Conversation, shop: Demo, action: str
) -> None:
    stranger.slots["order_no"] = order_in(shop, OrderState.SHIPPED).order_no
    stranger.say(f"我是 {CUSTOMER}")
    (reply,) = stranger.run(action)
    assert "没有取得你的登录信息" in reply["text"]
    (asked,) = stranger.run("action_ask_order_no")
    assert asked["buttons"] == []
