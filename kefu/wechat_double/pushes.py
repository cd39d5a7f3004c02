"""A push on its way, and how it ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

from kefu.wechat_double.chats import Entry
from kefu.wechat_double.customers import Customer


@dataclass(frozen=True)
class Delivery:
    """How a push ended.

    Attributes:
        outcome: Acknowledged, handed to WeChat's desk, or failed.
        attempts: How often it was sent; 0 when the desk had the customer.
        seconds: From the first attempt to the end.
        reason: Why it failed (Chinese), empty otherwise.
    """

    outcome: Literal["success", "transfer", "fault"]
    attempts: int
    seconds: float
    reason: str = ""


@dataclass
class Push:
    """One message or event on its way.

    Attributes:
        customer: Whose it is.
        fields: What is pushed.
        entry: Its line in the chat, None when it has none.
        is_message: Whether it may be handed to the desk; events may not.
        notifies: Whether the customer reads the fault notice when it fails.
        result: How it ended.
    """

    customer: Customer
    fields: dict[str, Any]
    entry: Entry | None
    is_message: bool
    notifies: bool
    result: asyncio.Future[Delivery] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def summary(self) -> str:
        """Return what the desk shows of it."""
        return str(self.fields.get("Content") or f"［{self.fields.get('MsgType')}］")
