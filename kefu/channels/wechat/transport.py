"""One HTTP exchange with WeChat: bounded in time and size, its failures told apart."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import aiohttp

from kefu.channels.wechat.errors import NotReached, Refused, Unknown, WechatError, refusal

logger = logging.getLogger(__name__)

# A connection that takes longer than this share of the time is given up, while it is
# still certain that nothing was sent.
_CONNECT_SHARE = 0.6
# Shorter than servers keep idle connections: a request on one that is just being closed
# would have an unknown outcome.
_KEEPALIVE_SECONDS = 10
_LARGEST_ANSWER = 1_000_000  # bytes of JSON
_BLOCK = 65_536
_RID = re.compile(r"rid: ([0-9a-f-]{8,40})")


@dataclass(frozen=True)
class Media:
    """A picture or a recording.

    Attributes:
        content: Its bytes.
        content_type: As the server calls it, such as image/jpeg.
        filename: As the server calls it, without folders; None when it has none.
    """

    content: bytes
    content_type: str
    filename: str | None = None


def open_session() -> aiohttp.ClientSession:
    """Open the session that calls of WeChat share; the caller closes it."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=200, keepalive_timeout=_KEEPALIVE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "kefu"},
        # Proxies and passwords are not picked up from the machine.
        trust_env=False,
    )


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    timeout: float,
    limit: int | None = None,
    **request: Any,
) -> Media:
    """Send one request and return the body of the answer.

    Args:
        session: Where connections are kept.
        method: GET or POST.
        url: Absolute, without the query.
        timeout: Seconds for all of it.
        limit: Largest file in bytes; None where an answer in JSON is expected.
        request: More of aiohttp's arguments, such as `params` and `data`.

    Raises:
        NotReached: No connection, so that nothing was sent.
        Unknown: No whole answer in time, or one that is not WeChat's.
        Refused: The file is larger than `limit`.
    """
    times = aiohttp.ClientTimeout(total=timeout, connect=timeout * _CONNECT_SHARE)
    try:
        async with session.request(
            method, url, timeout=times, allow_redirects=False, **request
        ) as response:
            if response.status != 200:
                raise Unknown(f"微信返回 HTTP {response.status}，不确定请求是否已生效")
            return Media(await _body(response, limit), response.content_type, _name(response))
    # With no time-out for a single read set, this time-out is the connection's.
    except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError, aiohttp.InvalidURL):
        problem: WechatError = NotReached("连不上微信：请检查服务器的网络和微信接口的地址")
    except asyncio.TimeoutError:
        problem = Unknown("微信没有及时应答，不确定请求是否已生效")
    except aiohttp.ClientError:
        problem = Unknown("与微信的连接中断，不确定请求是否已生效")
    # Raised out here, so that it does not carry the other's text, which names the address.
    raise problem


def json_answer(content: bytes, path: str) -> dict[str, Any]:
    """Return the JSON object of an answer.

    `path` of the call is for the log, beside the number under which WeChat's support
    finds it.

    Raises:
        Unknown: It is not a JSON object.
        Busy, Refused: Its errcode is not 0.
    """
    answer = json_object(content)
    code = _errcode(answer) if answer is not None else None
    if answer is None or code is None:
        raise Unknown("微信的应答不是 JSON，不确定请求是否已生效")
    if code != 0:
        errmsg = str(answer.get("errmsg", ""))
        rid = _RID.search(errmsg)
        logger.info("wechat answered %s to %s, rid %s", code, path, rid.group(1) if rid else "-")
        raise refusal(code, errmsg)
    return answer


def json_object(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object that the bytes are, None when they are something else."""
    try:
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _errcode(answer: dict[str, Any]) -> int | None:
    """Return the errcode, which some calls send as text and many leave out on success."""
    try:
        return int(answer.get("errcode", 0))
    except (TypeError, ValueError):
        return None


async def _body(response: aiohttp.ClientResponse, limit: int | None) -> bytes:
    content, most = bytearray(), _LARGEST_ANSWER if limit is None else limit
    if (response.content_length or 0) > most:
        raise _too_large(limit)
    async for block in response.content.iter_chunked(_BLOCK):
        content += block
        if len(content) > most:
            raise _too_large(limit)
    return bytes(content)


def _too_large(limit: int | None) -> WechatError:
    if limit is None:
        return Unknown("微信的应答大得不像是 JSON，不确定请求是否已生效")
    size = f"{limit / 1_048_576:.3g} MB" if limit >= 1_048_576 else f"{limit / 1024:.3g} KB"
    return Refused(f"文件超过 {size}：请发送小一些的文件")


def _name(response: aiohttp.ClientResponse) -> str | None:
    disposition = response.content_disposition
    given = (disposition.filename if disposition else None) or ""
    name = PurePath(given.replace("\\", "/")).name
    return name[-128:] if name.isprintable() and name else None
