"""Fetching a customer's picture never leads anywhere but to WeChat's picture servers."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp.abc import AbstractResolver

from kefu.channels.wechat import pictures
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.errors import NotReached, Refused, Unknown
from kefu.channels.wechat.pictures import fetch_picture, is_public, permitted
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from tests.channels.wechat.api_stub import Stub, account, drips, sends, serving

URL = "http://mmbiz.qpic.cn/mmbiz_jpg/abc/0?wx_fmt=jpeg"
PATH = "mmbiz_jpg/abc/0"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


class Names(AbstractResolver):
    """A name service in which every name has these addresses."""

    def __init__(self, *addresses: str, port: int = 80) -> None:
        self.asked: list[str] = []
        self._addresses = addresses
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        self.asked.append(host)
        if not self._addresses:
            raise OSError("no such name")
        usual = {"hostname": host, "port": self._port, "proto": 0, "flags": socket.AI_NUMERICHOST}
        return [{**usual, "host": a, "family": socket.AF_INET} for a in self._addresses]

    async def close(self) -> None:
        return None


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


@pytest.fixture
def names(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Names:
    """Let the stub stand for the picture server, its address for a public one."""
    monkeypatch.setattr(pictures, "is_public", lambda address: address == "127.0.0.1")
    return Names("127.0.0.1", port=urlsplit(stub.url).port or 0)


async def test_picture_comes_from_the_checked_address(stub: Stub, names: Names) -> None:
    stub.next(PATH, sends(JPEG, "application/octet-stream"))
    picture = await fetch_picture(URL, 1000, 2, names)
    assert (picture.content, picture.content_type) == (JPEG, "image/jpeg")
    (call,) = stub.calls
    assert call.headers["Host"] == "mmbiz.qpic.cn" and call.query == {"wx_fmt": "jpeg"}
    # Asked once: a second answer could be another address.
    assert names.asked == ["mmbiz.qpic.cn"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/x",
        "http://2130706433/x",
        "http://localhost/x",
        "http://evil.example/x",
        "http://qpic.cn.evil.example/x",
        "http://evilqpic.cn/x",
        "http://mmbiz.qpic.cn@evil.example/x",
        "http://user:word@mmbiz.qpic.cn/x",
        "http://evil.example#mmbiz.qpic.cn/x",
        "http://evil.example\\@mmbiz.qpic.cn:81/x",
        "http://mmbiz.qpic.cn:8080/x",
        "https://mmbiz.qpic.cn:80/x",
        "http://mmbiz.qpic.cn:99999/x",
        "ftp://mmbiz.qpic.cn/x",
        "file:///etc/passwd",
        "//mmbiz.qpic.cn/x",
        "mmbiz.qpic.cn/x",
        "",
        "http://[/x",
    ],
)
async def test_other_addresses_are_refused_before_any_name_is_looked_up(url: str) -> None:
    names = Names("101.226.62.77")
    with pytest.raises(Refused, match="不是微信的图片服务器"):
        await fetch_picture(url, 1000, 2, names)
    assert not names.asked


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://mmbiz.qpic.cn/x",
        "http://mmbiz.qpic.cn:80/x",
        "https://WX.QLOGO.CN/x",
        "http://qpic.cn/x",
    ],
)
def test_picture_hosts_are_permitted(url: str) -> None:
    assert permitted(url).path


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.8"], ["101.226.62.77", "192.168.1.1"], ["169.254.169.254"], ["bad"]],
)
async def test_picture_host_with_an_inner_address_is_not_asked(addresses: list[str]) -> None:
    with pytest.raises(Refused, match="不是微信的图片服务器"):
        await fetch_picture(URL, 1000, 2, Names(*addresses))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("101.226.62.77", True),
        ("240e:ff:f101:10::1", True),
        ("0.0.0.0", False),
        ("100.64.0.1", False),
        ("172.16.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("fe80::1%lo", False),
        ("fd00::1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_inner_addresses_are_known_in_every_spelling(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_redirect_is_not_followed(stub: Stub, names: Names) -> None:
    stub.next(PATH, sends(b"", status=302, Location=f"{stub.url}/inside"))
    with pytest.raises(Unknown):
        await fetch_picture(URL, 1000, 2, names)
    assert not stub.asked("inside")


@pytest.mark.parametrize("behaviour", [sends(JPEG + bytes(2000)), drips(JPEG, 20)])
async def test_picture_beyond_the_limit_is_refused(
    stub: Stub, names: Names, behaviour: Any
) -> None:
    stub.next(PATH, behaviour)
    with pytest.raises(Refused, match="文件超过 1 KB"):
        await fetch_picture(URL, 1024, 2, names)


@pytest.mark.parametrize(
    "behaviour",
    [
        sends(b"<html>", "image/jpeg"),
        sends(b"#!AMR\n", "image/jpeg"),
        sends(b"", "image/jpeg"),
        # Unpacked it would be a picture; packed bytes are not unpacked, as they could be a bomb.
        sends(b"\x1f\x8b\x08\x00", "image/jpeg", Content_Encoding="gzip"),
    ],
)
async def test_what_is_not_a_picture_is_refused(stub: Stub, names: Names, behaviour: Any) -> None:
    stub.next(PATH, behaviour)
    with pytest.raises(Refused, match="不是图片"):
        await fetch_picture(URL, 1024, 2, names)


async def test_silent_server_ends_in_time(stub: Stub, names: Names) -> None:
    stub.next(PATH, stub.hang)
    with pytest.raises(Unknown):
        await fetch_picture(URL, 1024, 0.2, names)


async def test_unknown_name_means_nothing_was_reached() -> None:
    with pytest.raises(NotReached):
        await fetch_picture(URL, 1024, 2, Names())


@pytest.mark.usefixtures("fresh_home")
async def test_account_fetches_pictures_under_the_same_rules(stub: Stub) -> None:
    async with open_session() as session:
        api = WechatApi(account(stub.url), session, TokenStore(session))
        with pytest.raises(Refused):
            await api.fetch_picture(f"{stub.url}/x", 1000, 2)
    assert not stub.calls
