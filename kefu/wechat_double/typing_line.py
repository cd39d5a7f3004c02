"""The "typing" line at the top of a chat (客服输入状态)."""

from __future__ import annotations

from typing import Any

from kefu.wechat_double.accounts import DoubleAccount
from kefu.wechat_double.customers import TYPING_LASTS, Customer
from kefu.wechat_double.refusals import ApiRefused
from kefu.wechat_double.switches import Switches

_INTERACTION = 30.0  # seconds a customer's act stays recent
BUSINESS = "cgi-bin/message/custom/business/typing"


def check_path(account: DoubleAccount, path: str, switches: Switches) -> None:
    """Refuse the path that is for the other kind of account. Raises ApiRefused."""
    business = path == BUSINESS
    if not account.is_miniprogram:
        allowed = not business
    else:
        allowed = switches.typing_path == "both" or business == (switches.typing_path == "business")
    if not allowed:
        raise ApiRefused(40200)


def command(customer: Customer, body: dict[str, Any], now: float) -> None:
    """Carry out Typing or CancelTyping. Raises ApiRefused."""
    what = body.get("command")
    if what not in ("Typing", "CancelTyping"):
        raise ApiRefused(45072)
    if what == "CancelTyping":
        stop(customer)
        return
    if now - customer.last_at > _INTERACTION:
        raise ApiRefused(45080)
    if is_on(customer, now):
        raise ApiRefused(45081)
    customer.typing_until = now + TYPING_LASTS
    customer.chat.touch()


def is_on(customer: Customer, now: float) -> bool:
    """Tell whether the line is shown; takes it away when its time is over."""
    if now >= customer.typing_until:
        stop(customer)
    return customer.typing_until > 0


def stop(customer: Customer) -> None:
    """Take the line away, as a message does that arrives."""
    if customer.typing_until:
        customer.typing_until = 0.0
        customer.chat.touch()
