"""Looking up an order, its parcels or its refund."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import FormValidationAction
from rasa_sdk.types import DomainDict

from actions.customer import customer_or_say, off_loop
from actions.form_slots import cleared
from actions.order_form import NOT_FOUND, OrderNumberCheck, shop_down
from kefu import replies
from kefu.settings import settings
from kefu.shop import texts
from kefu.shop.gateways import ShopError, order_gateway
from kefu.shop.records import Order, OrderState

_TEXTS: dict[str, Callable[[Order, tzinfo], str]] = {
    "order_status": texts.order_status,
    "logistics": texts.logistics,
    "refund": texts.refund,
}
_FOLLOW_UPS = {"order_status": "查我的订单", "logistics": "查物流", "refund": "查退款进度"}
_AFTER_SALES = "申请售后"
_NO_AFTER_SALES = (
    OrderState.PENDING_PAYMENT,
    OrderState.CANCELLED,
    OrderState.CLOSED,
    OrderState.REFUNDING,
    OrderState.REFUNDED,
)


class ValidateLookupForm(OrderNumberCheck, FormValidationAction):
    """Checks the number that a look-up needs."""

    def name(self) -> str:
        """Return the action's name, which Rasa derives from the form."""
        return "validate_lookup_form"


class ActionLookup(Action):
    """Says what was asked about the order."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_lookup"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Look the order up and answer; the customer was told already when there is none."""
        number = tracker.get_slot("order_no")
        if number:
            await _answer(dispatcher, tracker, str(number))
        return cleared()


async def _answer(dispatcher: CollectingDispatcher, tracker: Tracker, number: str) -> None:
    customer = await customer_or_say(tracker, dispatcher)
    if customer is None:
        return
    try:
        order = await off_loop(order_gateway().find_order, customer, number)
    except ShopError:
        await shop_down(dispatcher, tracker)
        return
    if order is None:
        dispatcher.utter_message(text=NOT_FOUND.format(number=number))
        return
    kind = tracker.get_slot("lookup_kind") or "order_status"
    text = _TEXTS[kind](order, settings().assistant.zone)
    dispatcher.utter_message(text=text, buttons=_follow_ups(order, kind))


def _follow_ups(order: Order, kind: str) -> list[dict[str, str]]:
    """Return what one may want to know next; the payload names the order, so no one retypes it."""
    titles = []
    if kind != "logistics" and order.parcels:
        titles.append(_FOLLOW_UPS["logistics"])
    if kind != "refund" and order.refund:
        titles.append(_FOLLOW_UPS["refund"])
    if order.state not in _NO_AFTER_SALES:
        titles.append(_AFTER_SALES)
    return [replies.button(title, f"{title} {order.order_no}") for title in titles]
