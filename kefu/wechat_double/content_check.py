"""Content security: wxa/msg_sec_check and wxa/media_check_async (内容安全)."""

from __future__ import annotations

import asyncio
from typing import Any

from kefu.wechat_double.accounts import DoubleAccount
from kefu.wechat_double.customers import Customer
from kefu.wechat_double.platform import Platform
from kefu.wechat_double.refusals import ApiRefused

_VISIT = 2 * 3600.0  # seconds for which a visit to the mini-program counts
_LONGEST = 2500  # characters
_PASS = 100
# A few words to try the check with; WeChat's own list is not public.
WORDS: dict[str, tuple[str, int]] = {
    "代开发票": ("review", 10001),
    "加微信领红包": ("risky", 10001),
    "裸聊": ("risky", 20002),
    "傻逼": ("risky", 20003),
    "赌博": ("risky", 20006),
    "刷单": ("risky", 20008),
    "假证": ("risky", 20006),
    "老子": ("review", 20012),
}


def check_text(platform: Platform, account: DoubleAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Return the verdict on a text. Raises ApiRefused."""
    content = body.get("content")
    if not isinstance(content, str) or not content:
        raise ApiRefused(44004)
    if body.get("version") != 2:
        return _first_version(content)
    _visitor(platform, account, body)
    if len(content) > _LONGEST:
        raise ApiRefused(45002)
    texts = [content, *(str(body.get(name, "")) for name in ("title", "nickname", "signature"))]
    keyword, suggest, label = _found("\n".join(texts))
    verdict = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label}
    details: list[dict[str, Any]] = [{**verdict, "prob": 90}]
    if keyword:
        details.append({**verdict, "strategy": "keyword", "level": 90, "keyword": keyword})
    return {
        "errcode": 0,
        "errmsg": "ok",
        "result": {"suggest": suggest, "label": label},
        "detail": details,
        "trace_id": platform.request_id(),
    }


def check_media(platform: Platform, account: DoubleAccount, body: dict[str, Any]) -> dict[str, Any]:
    """Take a file for checking; the verdict is pushed later. Raises ApiRefused."""
    customer = _visitor(platform, account, body)
    address = body.get("media_url")
    if body.get("media_type") not in (1, 2) or body.get("version") != 2:
        raise ApiRefused(40035)
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        raise ApiRefused(40035)
    trace = platform.request_id()
    platform.pusher.spawn(_push_verdict(platform, customer, trace))
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace}


async def _push_verdict(platform: Platform, customer: Customer, trace: str) -> None:
    await asyncio.sleep(platform.switches.media_check_delay)
    verdict = platform.switches.media_check_result
    fields: dict[str, Any] = {
        "Event": "wxa_media_check",
        "appid": customer.appid,
        "trace_id": trace,
        "version": 2,
    }
    if verdict == "failed":
        fields |= {"errcode": -1008, "errmsg": "download fail"}
    else:
        result = {"suggest": verdict, "label": _PASS if verdict == "pass" else 20002}
        detail = [{"strategy": "content_model", "errcode": 0, **result, "prob": 90}]
        fields |= {"detail": detail, "errcode": 0, "errmsg": "ok", "result": result}
    platform.push_event(customer, fields, shown=False, notifies=False)


def _visitor(platform: Platform, account: DoubleAccount, body: dict[str, Any]) -> Customer:
    if body.get("scene") not in (1, 2, 3, 4):
        raise ApiRefused(40129)
    customer = platform.customers.known(account.appid, body.get("openid"))
    if customer is None:
        raise ApiRefused(43104)
    if platform.clock.now() - customer.visited_at > _VISIT:
        raise ApiRefused(61010)
    return customer


def _first_version(content: str) -> dict[str, Any]:
    if _found(content)[1] == "risky":
        raise ApiRefused(87014)
    return {"errcode": 0, "errmsg": "ok"}


def _found(text: str) -> tuple[str, str, int]:
    hits = [(word, *verdict) for word, verdict in WORDS.items() if word in text]
    risky = [hit for hit in hits if hit[1] == "risky"]
    return (risky or hits or [("", "pass", _PASS)])[0]
