"""The control API's part for URL verification (消息推送, "验证消息来自微信服务器")."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from kefu.wechat_double import envelope, wire
from kefu.wechat_double.accounts import DoubleAccount
from kefu.wechat_double.control_request import Asked
from kefu.wechat_double.refusals import ControlRefused

_TIMEOUT = aiohttp.ClientTimeout(total=5)
_SHOWN = 1000  # characters of the answer


async def verify(asked: Asked) -> dict[str, Any]:
    """Verify the push URL; with `container` in the way of WeChat's cloud hosting."""
    account = asked.account(asked.text("appid"))
    if asked.body.get("container"):
        return await _checked_container(asked, account)
    token = asked.text("token", account.token)
    address, echo = envelope.verification(account, token, asked.platform.clock.real())
    status, body = await _answer(asked, account, "GET", str(address), None)
    return {"ok": status == 200 and body == echo, "status": status, "body": body[:_SHOWN]}


async def _checked_container(asked: Asked, account: DoubleAccount) -> dict[str, Any]:
    question = wire.write({"action": "CheckContainerPath"}, account.format)
    status, body = await _answer(asked, account, "POST", account.push_url, question)
    ok = status == 200 and body in ("", "success")
    return {"ok": ok, "status": status, "body": body[:_SHOWN]}


async def _answer(
    asked: Asked, account: DoubleAccount, method: str, address: str, body: str | None
) -> tuple[int, str]:
    headers = {"Content-Type": wire.CONTENT_TYPES[account.format]} if body else {}
    try:
        async with asked.platform.pusher.session.request(
            method,
            address,
            data=body.encode() if body else None,
            headers=headers,
            timeout=_TIMEOUT,
            allow_redirects=False,
        ) as response:
            return response.status, (await response.read()).decode("utf-8", "replace")
    except (aiohttp.ClientError, asyncio.TimeoutError) as problem:
        raise ControlRefused(f"无法连接 {account.push_url}（{type(problem).__name__}）") from None
