"""A customer's picture from its temporary address, without letting the address lead inside."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import AF_UNSPEC, AddressFamily
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from kefu.channels.wechat.errors import NotReached, Refused, Unknown
from kefu.channels.wechat.magic import sniff
from kefu.channels.wechat.transport import Media, exchange

_HOSTS = ("qpic.cn", "qlogo.cn")
# Addresses that stand for an IPv4 address, which may be one of the inside.
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16"), IPv6Network("2001::/32"))


class _Pinned(AbstractResolver):
    """Answers with the addresses that were checked, whatever the name means by now."""

    def __init__(self, addresses: list[dict[str, Any]]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily | int = AF_UNSPEC
    ) -> list[dict[str, Any]]:
        return self._addresses

    async def close(self) -> None:
        return None


async def fetch_picture(
    url: str, limit: int, timeout: float, resolver: AbstractResolver | None = None
) -> Media:
    """Return the picture at the PicUrl of a push.

    Args:
        url: As the push has it; only WeChat's picture hosts are asked.
        limit: Largest size in bytes.
        timeout: Seconds for all of it.
        resolver: Looks up names; the system's when None.

    Raises:
        Refused: Another host, an address that is not public, too large, or not a picture.
        NotReached: The name or the host is not to be had.
        Unknown: No whole answer in time.
    """
    try:
        return await asyncio.wait_for(_fetch(url, limit, timeout, resolver), timeout)
    except asyncio.TimeoutError:
        raise Unknown("图片没有在规定时间内下载完：请顾客重新发送") from None


async def _fetch(url: str, limit: int, timeout: float, resolver: AbstractResolver | None) -> Media:
    target = permitted(url)
    pinned = _Pinned(await _public_addresses(target, resolver or aiohttp.ThreadedResolver()))
    # Compressed bytes could grow to any size while they are unpacked, so none are asked for.
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=pinned, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        trust_env=False,
    ) as session:
        picture = await exchange(session, "GET", str(target), timeout=timeout, limit=limit)
    content_type = sniff(picture.content) or ""
    if not content_type.startswith("image/"):
        raise Refused("下载到的不是图片：请顾客重新发送")
    return Media(picture.content, content_type, picture.filename)


def permitted(url: str) -> URL:
    """Return the address to ask, when it is one of WeChat's picture hosts.

    Raises:
        Refused: Another host, scheme or port, or a name and password in it.
    """
    try:
        target = URL(url)
        host, is_default_port = (target.host or "").lower(), target.is_default_port()
    except ValueError:
        raise _foreign() from None
    ours = any(host == known or host.endswith(f".{known}") for known in _HOSTS)
    plain = target.user is None and target.password is None and is_default_port
    if target.scheme not in ("http", "https") or not ours or not plain:
        raise _foreign()
    return target


def is_public(address: str) -> bool:
    """Tell whether an IP address lies in the open internet."""
    try:
        known: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and any(known in network for network in _TRANSLATED):
        return False
    return known.is_global and not known.is_multicast


async def _public_addresses(target: URL, resolver: AbstractResolver) -> list[dict[str, Any]]:
    try:
        found = await resolver.resolve(target.host or "", target.port or 0, AF_UNSPEC)
    except OSError:
        raise NotReached("图片的域名解析失败：请检查服务器的域名解析") from None
    # One address of the inside among them is reason enough not to trust the others.
    if not found or not all(is_public(address["host"]) for address in found):
        raise _foreign()
    return found


def _foreign() -> Refused:
    return Refused("图片地址不是微信的图片服务器，没有下载：请顾客重新发送")
