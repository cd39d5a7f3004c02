"""What a customer does: write, press an item of a menu, enter, follow."""

from __future__ import annotations

from typing import Any

from kefu.wechat_double import messages
from kefu.wechat_double.customers import Customer
from kefu.wechat_double.platform import Platform
from kefu.wechat_double.pushes import Push
from kefu.wechat_double.quota import Trigger
from kefu.wechat_double.refusals import ControlRefused

_ENVELOPE = {"ToUserName", "FromUserName", "CreateTime", "MsgType"}
_TRIGGERS: dict[str, Trigger] = {
    "user_enter_tempsession": "enter",
    "subscribe": "subscribe",
    "scan": "scan",
    "click": "menu",
    "scancode_push": "menu",
    "scancode_waitmsg": "menu",
}
# Events that stand for something the customer sees happen, and sees fail.
_VISIBLE = {"user_enter_tempsession", "subscribe", "scan", "click"}


def say(
    platform: Platform,
    customer: Customer,
    type_: str,
    content: str = "",
    media: bytes | None = None,
    fields: dict[str, Any] | None = None,
    trigger: Trigger = "message",
) -> Push:
    """Write a message. Raises ControlRefused.

    `fields` are added to the push or replace its own; None takes one out. `trigger` is
    what it counts as for the quota.
    """
    account = platform.accounts[customer.appid]
    if customer.unsubscribed:
        raise ControlRefused("顾客已取消关注，要先关注（subscribe）才能发消息")
    own = messages.message_fields(platform.media, account, type_, content, media)
    own = {**own, "MsgId": platform.message_id()}
    _contact(platform, customer, trigger)
    if platform.switches.message_is_visit:
        customer.visited_at = platform.clock.now()
    return _push(platform, customer, type_, {**own, **(fields or {})})


def event(
    platform: Platform, customer: Customer, name: str, fields: dict[str, Any] | None = None
) -> Push:
    """Let an event happen."""
    account, kind = platform.accounts[customer.appid], name.lower()
    is_enter = kind == "user_enter_tempsession"
    trigger = _TRIGGERS.get(kind) if is_enter == account.is_miniprogram else None
    _contact(platform, customer, trigger)
    if is_enter:
        customer.visited_at = platform.clock.now()
    if kind in ("subscribe", "unsubscribe"):
        customer.unsubscribed = kind == "unsubscribe"
    if customer.unsubscribed:
        customer.quota.close()
    named = {**messages.event_fields(account, customer.openid, name), **(fields or {})}
    return platform.push_event(
        customer, _without_none(named), shown=True, notifies=kind in _VISIBLE
    )


def press(platform: Platform, customer: Customer, seq: int, item_id: str) -> Push:
    """Press an item of a menu in the chat. Raises ControlRefused."""
    entry = customer.chat.find(seq)
    if entry is None or entry.type != "msgmenu":
        raise ControlRefused(f"聊天里没有编号 {seq} 的菜单消息")
    items = {str(item["id"]): item["content"] for item in entry.payload["list"]}
    if item_id not in items:
        raise ControlRefused(f"这条菜单没有 id 为 {item_id} 的选项")
    switches = platform.switches
    given = {"given": item_id, "absent": None, "zero": "0"}[switches.menu_press_id]
    is_official = not platform.accounts[customer.appid].is_miniprogram
    as_menu = is_official and switches.menu_press_quota == "menu"
    return say(
        platform,
        customer,
        "text",
        items[item_id],
        fields={"bizmsgmenuid": given},
        trigger="menu" if as_menu else "message",
    )


def _push(platform: Platform, customer: Customer, type_: str, own: dict[str, Any]) -> Push:
    fields = _without_none({**platform.envelope_fields(customer, type_), **own})
    payload = {name: value for name, value in fields.items() if name not in _ENVELOPE}
    entry = customer.chat.add("customer", type_, payload, delivery="pending")
    push = Push(customer, fields, entry, is_message=True, notifies=True)
    platform.pusher.put(push)
    return push


def _contact(platform: Platform, customer: Customer, trigger: Trigger | None) -> None:
    now = platform.clock.now()
    customer.known, customer.last_at = True, now
    if trigger is not None:
        customer.quota.trigger(trigger, now, platform.switches)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
