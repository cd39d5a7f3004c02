"""custom/send: what an account may send to a customer (发送客服消息)."""

from __future__ import annotations

from typing import Any

from kefu.wechat_double import typing_line
from kefu.wechat_double.accounts import DoubleAccount
from kefu.wechat_double.customers import Customer
from kefu.wechat_double.platform import Platform
from kefu.wechat_double.refusals import ApiRefused

# What each message must hold; media ids are looked up besides.
_REQUIRED: dict[str, tuple[str, ...]] = {
    "text": (),
    "image": (),
    "voice": (),
    "video": (),
    "music": ("musicurl", "hqmusicurl"),
    "news": ("articles",),
    "mpnews": ("media_id",),
    "mpnewsarticle": ("article_id",),
    "msgmenu": ("list",),
    "wxcard": ("card_id",),
    "link": ("title", "url"),
    "miniprogrampage": ("title", "pagepath"),
}
_MEDIA: dict[str, tuple[str, ...]] = {
    "image": ("media_id",),
    "voice": ("media_id",),
    "video": ("media_id", "thumb_media_id"),
    "music": ("thumb_media_id",),
    "miniprogrampage": ("thumb_media_id",),
}
_ON_MINIPROGRAM = {"text", "image", "link", "miniprogrampage", "msgmenu"}
_ON_OFFICIAL = set(_REQUIRED) - {"link"}


def send(platform: Platform, account: DoubleAccount, body: dict[str, Any]) -> None:
    """Put a message into the customer's chat. Raises ApiRefused.

    The quota is looked at last, so that a message that is wrong in itself costs nothing.
    """
    customer = recipient(platform, account, body)
    kind = _type(platform, account, body.get("msgtype"))
    payload = body.get(kind)
    if not isinstance(payload, dict):
        raise ApiRefused(44004)
    _check_payload(platform, account, kind, payload)
    customer.quota.spend(platform.clock.now())
    typing_line.stop(customer)
    customer.chat.add("account", kind, payload, ai=is_ai(body))


def recipient(platform: Platform, account: DoubleAccount, body: dict[str, Any]) -> Customer:
    """Return the customer that a body is for. Raises ApiRefused."""
    customer = platform.customers.known(account.appid, body.get("touser"))
    if customer is None:
        raise ApiRefused(40003)
    if customer.unsubscribed:
        raise ApiRefused(43004)
    return customer


def is_ai(body: dict[str, Any]) -> bool:
    """Tell whether a message is marked as written by an AI."""
    context = body.get("aimsgcontext")
    return isinstance(context, dict) and context.get("is_ai_msg") == 1


def record(
    platform: Platform, appid: str, raw: bytes, body: dict[str, Any], code: int, answered: bool
) -> None:
    """Note a call of custom/send, however it ended."""
    kind = body.get("msgtype")
    payload = body.get(kind) if isinstance(kind, str) else None
    text = payload.get("content") if kind == "text" and isinstance(payload, dict) else payload
    platform.record.sends.append(
        {
            "appid": appid,
            "openid": body.get("touser"),
            "msgtype": kind,
            "content": text,
            "ai": is_ai(body),
            "escaped": b"\\u" in raw,
            "at": platform.clock.real(),
            "errcode": code,
            "answered": answered,
        }
    )


def _type(platform: Platform, account: DoubleAccount, kind: object) -> str:
    if not isinstance(kind, str) or kind not in _REQUIRED:
        raise ApiRefused(40008)
    if kind not in (_ON_MINIPROGRAM if account.is_miniprogram else _ON_OFFICIAL):
        raise ApiRefused(45162)
    switches = platform.switches
    by_kind = (switches.menu_on_official, switches.menu_on_miniprogram)
    verdict = by_kind[account.is_miniprogram]
    if kind == "msgmenu" and verdict != "ok":
        raise ApiRefused(int(verdict))
    return kind


def _check_payload(
    platform: Platform, account: DoubleAccount, kind: str, payload: dict[str, Any]
) -> None:
    for name in _MEDIA.get(kind, ()):
        platform.media.find(payload.get(name), account.appid)
    for name in _REQUIRED[kind]:
        if not payload.get(name):
            raise ApiRefused(40035)
    if kind == "text":
        _check_text(payload.get("content"), platform.switches.text_limit)
    elif kind == "news":
        _check_news(payload["articles"])
    elif kind == "msgmenu":
        _check_menu(payload["list"])


def _check_text(content: object, limit: int) -> None:
    if content is None or content == "":
        raise ApiRefused(44004)
    if not isinstance(content, str):
        raise ApiRefused(47001)
    if len(content.encode()) > limit:
        raise ApiRefused(45002)


def _check_news(articles: object) -> None:
    if not isinstance(articles, list) or not all(isinstance(one, dict) for one in articles):
        raise ApiRefused(47001)
    if len(articles) > 1:
        raise ApiRefused(45008)


def _check_menu(items: object) -> None:
    complete = isinstance(items, list) and all(
        isinstance(item, dict) and str(item.get("id", "")) and isinstance(item.get("content"), str)
        for item in items
    )
    if not complete:
        raise ApiRefused(40035)
