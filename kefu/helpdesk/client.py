"""One call of the helpdesk's address, and what its answer means."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from kefu.helpdesk import events, signing

_CONNECT_SHARE = 0.6
_LARGEST_ANSWER = 65_536
# Answers of the 4xx that say "later": time-out, conflict with itself, too early, too many.
_LATER = frozenset({408, 425, 429})
_GONE = 410


@dataclass(frozen=True)
class Taken:
    """The helpdesk took the event."""


@dataclass(frozen=True)
class Later:
    """It did not, or nobody knows; the event is sent again.

    Attributes:
        error: Why, in Chinese, without the address.
        wait: Seconds that the helpdesk asked for, 0.0 when it did not say.
    """

    error: str
    wait: float = 0.0


@dataclass(frozen=True)
class Refused:
    """It never will; `error` says why, in Chinese."""

    error: str


Outcome = Taken | Later | Refused


def open_session() -> aiohttp.ClientSession:
    """Open the session that calls share; the caller closes it."""
    return aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "kefu", "Content-Type": "application/json; charset=utf-8"},
        # Proxies and passwords are not picked up from the machine.
        trust_env=False,
    )


async def tell(
    session: aiohttp.ClientSession, url: str, timeout: float, event: str, body: str, now: float
) -> Outcome:
    """Tell the helpdesk one event, signed anew. `timeout` is in seconds, for all of it."""
    content = body.encode()
    times = aiohttp.ClientTimeout(total=timeout, connect=timeout * _CONNECT_SHARE)
    headers = signing.signed_headers(event, content, now)
    try:
        async with session.post(
            url, data=content, headers=headers, timeout=times, allow_redirects=False
        ) as response:
            await response.content.read(_LARGEST_ANSWER)
            return _meaning(response.status, response.headers.get("Retry-After", ""))
    except asyncio.TimeoutError:
        return Later(f"外部客服系统没有在 {timeout:g} 秒内应答")
    except (aiohttp.ClientConnectorError, aiohttp.InvalidURL):
        return Later("连不上外部客服系统：请检查 settings.yml 的 helpdesk.url 和网络")
    except aiohttp.ClientError:
        return Later("与外部客服系统的连接中断")


def _meaning(status: int, retry_after: str) -> Outcome:
    if 200 <= status < 300:
        return Taken()
    if status in _LATER or status >= 500:
        wait = float(retry_after) if retry_after.isascii() and retry_after.isdecimal() else 0.0
        return Later(f"外部客服系统返回 HTTP {status}", wait)
    if status == _GONE:
        return Refused("外部客服系统返回 HTTP 410：这个地址已停用")
    if 300 <= status < 400:
        return Refused(f"外部客服系统返回 HTTP {status}：不跟随跳转，请填最终的地址")
    return Refused(f"外部客服系统拒收：HTTP {status}")


async def ping(url: str, timeout: float, now: float) -> Outcome:
    """Send an event that only asks whether address and signature are right."""
    event, body = events.ping(now)
    async with open_session() as session:
        return await tell(session, url, timeout, event, body, now)
