"""Points and membership."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer import customer_or_say, off_loop
from actions.order_form import shop_down
from kefu import replies
from kefu.shop import texts
from kefu.shop.gateways import ShopError, member_gateway
from kefu.shop.records import Member

NOT_A_MEMBER = "你还不是会员。进入小程序→「我的」→「会员中心」就能加入。"


class ActionPoints(Action):
    """Says how many points the customer has."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_points"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Look the points up."""
        await _answer(dispatcher, tracker, texts.points, "积分怎么使用，能抵现吗")
        return []


class ActionMembership(Action):
    """Says which level the customer has."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_membership"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Look the level up."""
        await _answer(dispatcher, tracker, texts.membership, "会员有哪些权益")
        return []


async def _answer(
    dispatcher: CollectingDispatcher,
    tracker: Tracker,
    say: Callable[[Member], str],
    next_question: str,
) -> None:
    customer = await customer_or_say(tracker, dispatcher)
    if customer is None:
        return
    try:
        member = await off_loop(member_gateway().member, customer)
    except ShopError:
        await shop_down(dispatcher, tracker)
        return
    text = say(member) if member else NOT_A_MEMBER
    dispatcher.utter_message(text=text, buttons=replies.buttons([next_question]))
