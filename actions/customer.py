"""Who is asking: the openid that the channel verified, never a text of the customer's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from kefu.environment import environment
from kefu.storage.conversations import customer_of

_P = ParamSpec("_P")
_T = TypeVar("_T")

# The channel of `rasa shell`; it is not reachable over the network.
_SHELL = "cmdline"
UNKNOWN = "抱歉，没有取得你的登录信息，请从小程序重新进入客服，再问我一次。"


async def off_loop(function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run a blocking call of the database or the shop beside the event loop."""
    return await asyncio.to_thread(function, *args, **kwargs)


async def verified_customer(tracker: Tracker) -> str | None:
    """Return the openid behind this conversation, or None."""
    if tracker.get_latest_input_channel() == _SHELL:
        return environment().shell_customer
    return await off_loop(customer_of, tracker.sender_id)


async def customer_or_say(tracker: Tracker, dispatcher: CollectingDispatcher) -> str | None:
    """Return the openid, or tell the customer what to do and return None."""
    customer = await verified_customer(tracker)
    if customer is None:
        dispatcher.utter_message(text=UNKNOWN)
    return customer
