"""How many messages an account may still send to a customer, and until when.

Source: 发送客服消息, "下发条件说明".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kefu.wechat_double.refusals import ApiRefused
from kefu.wechat_double.switches import Switches

Trigger = Literal["message", "enter", "menu", "subscribe", "scan"]

_HOUR = 3600.0
_VALID: dict[Trigger, float] = {
    "message": 48 * _HOUR,
    "enter": 60.0,
    "menu": 60.0,
    "subscribe": 60.0,
    "scan": 60.0,
}


@dataclass
class Quota:
    """What is left of one customer's quota.

    Attributes:
        left: Messages that may still be sent.
        until: When the window closes, 0 when it never opened.
    """

    left: int = 0
    until: float = 0.0

    def trigger(self, what: Trigger, now: float, switches: Switches) -> None:
        """Open the window again: quotas do not add up, the longer validity stays."""
        granted = _granted(what, switches)
        open_still = self.until > now
        keep_more = switches.quota_rule == "max" and open_still
        self.left = max(self.left, granted) if keep_more else granted
        self.until = max(self.until, now + _VALID[what])

    def spend(self, now: float) -> None:
        """Take one message off. Raises ApiRefused."""
        if now >= self.until:
            raise ApiRefused(45015)
        if self.left < 1:
            raise ApiRefused(45047)
        self.left -= 1

    def close(self) -> None:
        """Shut the window, as unsubscribing does."""
        self.left, self.until = 0, 0.0


def _granted(what: Trigger, switches: Switches) -> int:
    if what == "message":
        return switches.message_quota
    return 2 if what == "enter" else 3
