"""Asking for an order number: what both forms share."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer import customer_or_say, off_loop, verified_customer
from actions.form_slots import Slots, cleared, invalid_inputs
from actions.handoff import request_person
from kefu import replies
from kefu.handoff import triggers
from kefu.settings import settings
from kefu.shop.gateways import ShopError, order_gateway
from kefu.shop.records import Order
from kefu.shop.texts import short_title

NOT_FOUND = "没有查到订单 {number}，请核对订单号后再发给我。"
SHOP_DOWN = "抱歉，订单系统暂时没有回应，我已记录你的问题，由人工客服跟进。"
ASK = "请告诉我你的订单号，我帮你查询。"
ASK_OR_PICK = "请告诉我你的订单号，我帮你查询；也可以直接点下面的近期订单。"
ASK_AGAIN = "{hint}需要的话，也可以转人工客服帮你。"


class ActionAskOrderNo(Action):
    """Asks for the order with the customer's recent ones to pick from."""

    def name(self) -> str:
        """Return the action's name, which Rasa derives from the slot."""
        return "action_ask_order_no"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Ask, or offer a person when too many inputs were of no use."""
        orders = await _recent_orders(tracker)
        shown = [replies.button(_title(order), order.order_no) for order in orders]
        if invalid_inputs(tracker) >= settings().handoff.invalid_input_limit:
            shown += replies.buttons([replies.HUMAN, replies.CANCEL])
            text = ASK_AGAIN.format(hint=settings().order_numbers.hint)
            dispatcher.utter_message(text=text, buttons=shown)
        else:
            dispatcher.utter_message(text=ASK_OR_PICK if shown else ASK, buttons=shown)
        return []


class ActionInvalidInput(Action):
    """Counts a message that a form cannot use."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_invalid_input"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Say so and count."""
        dispatcher.utter_message(text="抱歉，这条我没有看懂。")
        return [SlotSet("invalid_inputs", invalid_inputs(tracker) + 1)]


class ActionCancelForm(Action):
    """Stops what was begun, on the customer's word."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_cancel_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Confirm that nothing was done and empty the form."""
        dispatcher.utter_message(text="好的，已取消，没有提交任何内容。还有什么可以帮你？")
        return cleared()


class OrderNumberCheck:
    """Checks an order number against the customer's own orders."""

    async def validate_order_no(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Slots:
        """Keep the number when it is an order of this customer, else ask again."""
        number = value[0] if isinstance(value, list) and value else value
        customer = await customer_or_say(tracker, dispatcher)
        if customer is None:
            return _given_up()
        try:
            order = await off_loop(order_gateway().find_order, customer, str(number))
        except ShopError:
            await shop_down(dispatcher, tracker)
            return _given_up()
        if order is None:
            dispatcher.utter_message(text=NOT_FOUND.format(number=number))
            return {"order_no": None, "invalid_inputs": invalid_inputs(tracker) + 1}
        return self.accept(order, dispatcher, tracker)

    def accept(self, order: Order, dispatcher: CollectingDispatcher, tracker: Tracker) -> Slots:
        """Return the slots for an order of the customer; a form may refuse it."""
        return {"order_no": order.order_no}


async def shop_down(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Apologise for the shop and leave the question to a person."""
    said = triggers.said_since_handoff(tracker.events)
    dispatcher.utter_message(text=SHOP_DOWN)
    await request_person(dispatcher, tracker, "failed_turn", said[-1] if said else None)


def _given_up() -> Slots:
    # An empty requested_slot ends the form; nothing is left in it.
    return {"order_no": None, "requested_slot": None}


async def _recent_orders(tracker: Tracker) -> list[Order]:
    customer = await verified_customer(tracker)
    if customer is None:
        return []
    try:
        return await off_loop(order_gateway().recent_orders, customer, 5)
    except ShopError:
        # The number can still be typed; whether the shop answers is seen then.
        return []


def _title(order: Order) -> str:
    return f"{short_title(order)}·{order.state.label}（尾号{order.order_no[-4:]}）"
