"""Asking for a refund, a return or an exchange."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.types import DomainDict

from actions.customer import customer_or_say, off_loop
from actions.form_slots import Slots, cleared, invalid_inputs
from actions.order_form import OrderNumberCheck, shop_down
from kefu import replies
from kefu.handoff.triggers import full_label
from kefu.labels import DIALOGUE, SMALL_TALK, is_entry
from kefu.shop.gateways import ShopError, ShopRefused, order_gateway
from kefu.shop.records import AfterSalesKind, Order, OrderState

REASONS = ("不想要了", "商品有质量问题", "发错货了", "少发漏发", "尺码或规格不合适", "其他原因")
MAX_REASON = 200
_QUESTION = re.compile(r"[?？]|吗|么|怎|多久|多少|什么|哪|几天|几点|能不能|可不可以|为啥|为何|谁")
_NOT_POSSIBLE = {
    OrderState.PENDING_PAYMENT: "这个订单还没有付款，不用退款，直接取消即可。",
    OrderState.CANCELLED: "这个订单已经取消，没有可退的商品。",
    OrderState.CLOSED: "这个订单已经关闭，没有可退的商品。",
    OrderState.REFUNDING: "这个订单已有售后在处理，可以发「查退款进度」看进展。",
    OrderState.REFUNDED: "这个订单已经退款完成。",
}


class ActionAskReason(Action):
    """Asks why."""

    def name(self) -> str:
        """Return the action's name, which Rasa derives from the slot."""
        return "action_ask_reason"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Show the usual reasons; any other may be typed."""
        text = "请告诉我申请售后的原因，可以点选，也可以直接输入。"
        dispatcher.utter_message(text=text, buttons=replies.buttons(REASONS))
        return []


class ActionAskConfirmed(Action):
    """Shows what would be handed in and asks for a yes."""

    def name(self) -> str:
        """Return the action's name, which Rasa derives from the slot."""
        return "action_ask_confirmed"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Sum up order, kind and reason."""
        text = (
            f"请确认：为订单 {tracker.get_slot('order_no')} 申请{_kind(tracker).label}，"
            f"原因是「{tracker.get_slot('reason')}」。确认提交吗？"
        )
        shown = [replies.button("确认提交"), replies.button(replies.CANCEL)]
        dispatcher.utter_message(text=text, buttons=shown)
        return []


class ValidateAfterSalesForm(OrderNumberCheck, FormValidationAction):
    """Checks order and reason of an after-sales request."""

    def name(self) -> str:
        """Return the action's name, which Rasa derives from the form."""
        return "validate_after_sales_form"

    def accept(self, order: Order, dispatcher: CollectingDispatcher, tracker: Tracker) -> Slots:
        """Keep the order only when something can be applied for."""
        if order.state not in _NOT_POSSIBLE:
            return {"order_no": order.order_no}
        dispatcher.utter_message(text=_NOT_POSSIBLE[order.state])
        return {"order_no": None, "invalid_inputs": invalid_inputs(tracker) + 1}

    async def validate_reason(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Slots:
        """Keep a reason; answer a question in between, and ask again after small talk."""
        label = full_label(tracker.latest_message)
        text = str(value).strip()
        if is_entry(label) and _QUESTION.search(text) and text not in REASONS:
            dispatcher.utter_message(response=f"utter_{label}")
            return {"reason": None}
        if text not in REASONS and (label in SMALL_TALK | DIALOGUE or len(text) < 2):
            dispatcher.utter_message(text="抱歉，这条我没有看懂。")
            return {"reason": None, "invalid_inputs": invalid_inputs(tracker) + 1}
        return {"reason": text[:MAX_REASON]}


class ActionSubmitAfterSales(Action):
    """Hands the request in, once."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_submit_after_sales"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Submit what was confirmed; a form that was ended otherwise submits nothing."""
        if tracker.get_slot("order_no") and tracker.get_slot("confirmed"):
            await _submit(dispatcher, tracker)
        return cleared()


async def _submit(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    customer = await customer_or_say(tracker, dispatcher)
    if customer is None:
        return
    order_no, reason = str(tracker.get_slot("order_no")), str(tracker.get_slot("reason"))
    kind = _kind(tracker)
    try:
        receipt = await off_loop(
            order_gateway().request_after_sales,
            customer, order_no, kind.value, reason, _request_id(tracker, order_no),
        )  # fmt: skip
    except ShopRefused as refusal:
        text = f"没有提交成功：{refusal}。需要的话，可以转人工客服。"
        dispatcher.utter_message(text=text, buttons=replies.buttons([replies.HUMAN]))
        return
    except ShopError:
        await shop_down(dispatcher, tracker)
        return
    text = f"已提交{kind.label}申请，售后单号 {receipt.service_no}，{receipt.state.label}。"
    progress = replies.button("查退款进度", f"查退款进度 {order_no}")
    dispatcher.utter_message(text=text, buttons=[progress])


def _request_id(tracker: Tracker, order_no: str) -> str:
    """Return an id that a repetition of the same turn shares, and no other turn does."""
    turn = tracker.latest_message.get("message_id") or len(tracker.events)
    return hashlib.sha256(f"{tracker.sender_id} {order_no} {turn}".encode()).hexdigest()[:32]


def _kind(tracker: Tracker) -> AfterSalesKind:
    """Return what is applied for, from the words in which the request was made."""
    for event in reversed(tracker.events):
        if event.get("event") != "user":
            continue
        intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        if intent == "request_refund":
            return _kind_in(event.get("text") or "")
    return AfterSalesKind.REFUND


def _kind_in(text: str) -> AfterSalesKind:
    if re.search(r"[换換]", text):
        return AfterSalesKind.EXCHANGE
    if re.search(r"退[货貨换換]|[寄拿]回|退回去", text):
        return AfterSalesKind.RETURN
    return AfterSalesKind.REFUND
