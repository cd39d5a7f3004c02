"""Custom actions run as the action server runs them, against the demo shop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor

from kefu.environment import environment
from kefu.shop.gateways import member_gateway, order_gateway
from kefu.shop.records import Order, OrderState
from kefu.storage import conversations
from tests.model import PROJECT
from tests.shop.conftest import Demo, demo, demo_process

__all__ = ["demo", "demo_process"]

CUSTOMER = "o_demo_0001"


@pytest.fixture
def shop(fresh_home: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Demo]:
    """Make the demo shop the merchant's system."""
    monkeypatch.setenv("KEFU_SHOP_URL", demo.url)
    _forget()
    yield demo
    _forget()


def _forget() -> None:
    for cached in (environment, order_gateway, member_gateway):
        cached.cache_clear()


@pytest.fixture(scope="session")
def executor() -> ActionExecutor:
    """Give the action server's executor with the project's actions."""
    made = ActionExecutor()
    made.register_package("actions")
    return made


@dataclass
class Conversation:
    """A conversation as Rasa sends it along with every action call."""

    executor: ActionExecutor
    sender: str
    channel: str = "rest"
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    form: str | None = None
    latest: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str, label: str = "inform", **entities: str) -> None:
        """Add a message of the customer."""
        category = label.split("/")[0]
        parsed: dict[str, Any] = {"intent": {"name": category, "confidence": 1.0}, "text": text}
        parsed["message_id"] = f"m{len(self.events)}"
        parsed["entities"] = [{"entity": k, "value": v} for k, v in entities.items()]
        if "/" in label:
            parsed["response_selector"] = {category: {"response": {"intent_response_key": label}}}
        self.latest = parsed
        channel = {"input_channel": self.channel}
        self.events.append({"event": "user", "text": text, "parse_data": parsed, **channel})

    def begin(self, form: str, asking: str) -> None:
        """Activate a form that asks for a slot."""
        self.form, self.slots["requested_slot"] = form, asking
        self.events.append({"event": "active_loop", "name": form})

    def fill(self, slot: str, value: Any) -> None:
        """Set a slot as Rasa does from the message, before the form validates it."""
        self.slots[slot] = value
        self.events.append({"event": "slot", "name": slot, "value": value})

    def run(self, action: str) -> list[dict[str, Any]]:
        """Run an action; apply what it sets, and return its replies."""
        call = {"next_action": action, "sender_id": self.sender, "tracker": self._tracker()}
        call["domain"] = _DOMAIN
        done = asyncio.run(self.executor.run(call))
        assert done is not None
        self.events.append({"event": "action", "name": action})
        for event in done["events"]:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
        replies: list[dict[str, Any]] = done["responses"]
        return replies

    def _tracker(self) -> dict[str, Any]:
        return {
            "sender_id": self.sender,
            "slots": dict(self.slots),
            "latest_message": self.latest,
            "latest_input_channel": self.channel,
            "events": list(self.events),
            "paused": False,
            "followup_action": None,
            "active_loop": {"name": self.form} if self.form else {},
            "latest_action_name": "action_listen",
        }


_DOMAIN: dict[str, Any] = {
    "slots": {
        "order_no": {"type": "any", "mappings": [{"type": "from_entity", "entity": "order_no"}]},
        "reason": {
            "type": "any",
            "mappings": [
                {
                    "type": "from_text",
                    "conditions": [{"active_loop": "after_sales_form", "requested_slot": "reason"}],
                }
            ],
        },
    },
    "forms": {
        "lookup_form": {"required_slots": ["order_no"]},
        "after_sales_form": {"required_slots": ["order_no", "reason", "confirmed"]},
    },
}


@pytest.fixture
def conversation(shop: Demo, executor: ActionExecutor) -> Conversation:
    """Give a conversation of the first demo customer."""
    return Conversation(executor, conversations.remember("rest", CUSTOMER, time.time()))


@pytest.fixture
def stranger(shop: Demo, executor: ActionExecutor) -> Conversation:
    """Give a conversation whose customer no channel has verified."""
    return Conversation(executor, "nobody-knows")


def order_in(shop: Demo, state: OrderState, customer: str = CUSTOMER) -> Order:
    """Return the customer's newest order of that state."""
    return next(o for o in shop.orders().recent_orders(customer, 20) if o.state is state)


def fresh_order(
    shop: Demo, state: OrderState, executor: ActionExecutor
) -> tuple[Conversation, Order]:
    """Return an order that nobody has applied for yet, with its owner's conversation."""
    for number in range(2, 200):
        customer = f"o_demo_{number:04d}"
        for order in shop.orders().recent_orders(customer, 20):
            if order.state is state and order.refund is None:
                sender = conversations.remember("rest", customer, time.time())
                return Conversation(executor, sender), order
    raise AssertionError(f"no fresh order in {PROJECT} is {state}")
