"""Pictures and recordings of customers: fetched, kept encrypted, or given up with a reason."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kefu.channels.wechat import media as fetching
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.intake import take_in
from kefu.channels.wechat.media import MediaFetcher
from kefu.channels.wechat.receiver import Answer, Receiver
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.storage import tables
from kefu.storage.erasure import erase
from kefu.storage.media import stored
from tests.channels.wechat import api_stub
from tests.channels.wechat.outgoing import objections
from tests.channels.wechat.platform import (
    OPENID,
    Clock,
    Double,
    conversation,
    double,
    event,
    mini,
    official,
    pushed,
    rename_table,
    rows,
)

MARK = b"a-mark-that-must-not-be-readable"
PICTURE = b"\xff\xd8\xff\xe0" + MARK * 50
VOICE = b"#!AMR\n" + MARK * 20
GET, CHECK = "cgi-bin/media/get", "wxa/media_check_async"


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


@asynccontextmanager
async def fetching_for(*accounts: Account, clock: Clock) -> AsyncIterator[MediaFetcher]:
    session = open_session()
    tokens = TokenStore(session, clock)

    def api(account: Account) -> WechatApi:
        return WechatApi(account, session, tokens)

    yield MediaFetcher({account.channel: account for account in accounts}, api, clock)
    await session.close()


def wanted(
    account: Account, clock: Clock, kind: str = "image", key: str = "1", **media: str
) -> int:
    """Record a message with a file; return the message's id."""
    arrival = Arrival(kind, trigger="message", media=media)  # type: ignore[arg-type]
    taken = take_in(account, OPENID, arrival, f"key-{key}", clock())
    assert taken.recorded is not None
    return taken.recorded.id


def kept() -> list[tuple[str, str | None]]:
    return [(row.state, row.error) for row in rows(tables.media)]


async def sent_by_customer(
    wechat: Double, account: Account, kind: str, content: bytes
) -> dict[str, Any]:
    """Let a customer send a file; return the fields of WeChat's push."""
    await wechat.say(account, "", type=kind, media=base64.b64encode(content).decode())
    (entry,) = wechat.chat(account, "customer")
    fields: dict[str, Any] = {"MsgType": kind, "MsgId": 5, **entry.payload}
    return fields


@pytest.mark.parametrize(
    ("kind", "content", "content_type"),
    [("image", PICTURE, "image/jpeg"), ("voice", VOICE, "audio/amr")],
)
async def test_file_is_kept_so_that_nobody_reads_it_in_the_database(
    clock: Clock, fresh_home: Path, kind: str, content: bytes, content_type: str
) -> None:
    async with double(official()) as wechat:
        fields = await sent_by_customer(wechat, official(), kind, content)
        account = official(wechat.url)
        receiver = Receiver([account], clock=clock)
        push = pushed(account, **fields)
        assert await receiver.push("official", *push) == Answer(200, "success")
        async with fetching_for(account, clock=clock) as fetcher:
            assert await fetcher.look() == 1
            assert await fetcher.look() == 0
    ((message,),) = [(row.message,) for row in rows(tables.media)]
    found = stored(message)
    assert found is not None
    assert (found.content, found.content_type) == (content, content_type)
    files = list(fresh_home.glob("kefu.db*"))
    assert files and not any(MARK in file.read_bytes() for file in files)


@pytest.mark.parametrize("content", [b"<html>" + MARK, b"", b"\0\0\0\x18ftypmp42" + MARK])
async def test_what_is_no_picture_is_not_kept(clock: Clock, content: bytes) -> None:
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        message = wanted(account, clock, media_id="m1")
        stub.next(GET, api_stub.sends(content, "image/jpeg"))
        async with fetching_for(account, clock=clock) as fetcher:
            await fetcher.look()
    assert kept() == [("failed", "文件不是图片或语音，没有保存")]
    assert stored(message) is None


async def test_picture_that_is_too_large_is_given_up(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 2048)
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        wanted(account, clock, media_id="m1")
        stub.next(GET, api_stub.drips(b"\xff\xd8\xff" + b"x" * 1021, 5))
        async with fetching_for(account, clock=clock) as fetcher:
            await fetcher.look()
            assert await fetcher.look() == 0
    assert kept() == [("failed", "文件超过 2 KB：请发送小一些的文件")]


async def test_file_that_has_run_out_is_given_up_with_the_reason(clock: Clock) -> None:
    async with double(official()) as wechat:
        fields = await sent_by_customer(wechat, official(), "image", PICTURE)
        wechat.platform.clock.advance(4 * 86400)
        account = official(wechat.url)
        wanted(account, clock, media_id=fields["MediaId"])
        async with fetching_for(account, clock=clock) as fetcher:
            await fetcher.look()
    ((state, error),) = kept()
    assert state == "failed" and "已过期" in str(error)


async def test_second_id_is_tried_when_the_first_is_refused(clock: Clock) -> None:
    async with double(official()) as wechat:
        fields = await sent_by_customer(wechat, official(), "voice", VOICE)
        account = official(wechat.url)
        message = wanted(account, clock, "voice", media_id="unknown", fallback_id=fields["MediaId"])
        async with fetching_for(account, clock=clock) as fetcher:
            await fetcher.look()
    found = stored(message)
    assert found is not None and found.content == VOICE


async def test_slow_wechat_is_asked_again_later_and_not_for_ever(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.1)
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        wanted(account, clock, media_id="m1")
        message = wanted(account, clock, key="2", media_id="m2")
        stub.next(GET, stub.hang, stub.hang, stub.hang, api_stub.sends(PICTURE, "image/jpeg"))
        async with fetching_for(account, clock=clock) as fetcher:
            assert await fetcher.look() == 2
            assert await fetcher.look() == 0
            assert {state for state, _ in kept()} == {"pending"}
            clock.now += 2
            assert await fetcher.look() == 2
            assert sorted(state for state, _ in kept()) == ["pending", "stored"]
            stub.next(GET, *[stub.hang] * 9)
            for _ in range(9):
                clock.now += 100
                await fetcher.look()
    assert len(stub.asked(GET)) == 2 + 2 + fetching.MOST_ATTEMPTS - 2
    assert sorted(state for state, _ in kept()) == ["failed", "stored"]
    assert message


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/secret",
        "http://localhost:{port}/secret",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:{port}/secret",
        "http://qpic.cn@127.0.0.1:{port}/secret",
        "http://qpic.cn.example.com/1",
        "file:///etc/passwd",
        "gopher://mmbiz.qpic.cn/1",
        "http://mmbiz.qpic.cn:{port}/1",
    ],
)
async def test_picture_address_does_not_lead_inside(clock: Clock, url: str) -> None:
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        port = stub.url.rpartition(":")[2]
        wanted(account, clock, pic_url=url.format(port=port))
        async with fetching_for(account, clock=clock) as fetcher:
            await fetcher.look()
        assert stub.calls == []
    ((state, error),) = kept()
    assert state == "failed" and "不是微信的图片服务器" in str(error)


async def test_account_that_is_gone_leaves_its_files(clock: Clock) -> None:
    wanted(mini(name="gone"), clock, media_id="m1")
    async with fetching_for(mini(), clock=clock) as fetcher:
        await fetcher.look()
    assert kept() == [("failed", "微信里已经取不到这个文件")]


async def test_database_that_fails_loses_no_file(clock: Clock) -> None:
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        message = wanted(account, clock, media_id="m1")

        async def away(request: Any) -> Any:
            rename_table("media", "media_away")
            return await api_stub.sends(PICTURE, "image/jpeg")(request)

        stub.next(GET, away, api_stub.sends(PICTURE, "image/jpeg"))
        async with fetching_for(account, clock=clock) as fetcher:
            assert await fetcher.look() == 1
            rename_table("media_away", "media")
            assert kept() == [("pending", None)]
            assert await fetcher.look() == 1
    assert stored(message) is not None


async def test_file_of_an_erased_customer_is_not_kept(clock: Clock) -> None:
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        wanted(account, clock, media_id="m1")

        async def meanwhile(request: Any) -> Any:
            erase(conversation(account))
            return await api_stub.sends(PICTURE, "image/jpeg")(request)

        stub.next(GET, meanwhile)
        async with fetching_for(account, clock=clock) as fetcher:
            await fetcher.look()
    assert rows(tables.media) == []


async def _checked_picture(stub: api_stub.Stub, clock: Clock) -> Account:
    account = api_stub.account(stub.url)
    wanted(account, clock, media_id="m1", pic_url="http://mmbiz.qpic.cn/1")
    stub.next(GET, api_stub.sends(PICTURE, "image/jpeg"))
    stub.next(CHECK, {"errcode": 0, "trace_id": "trace-1"})
    async with fetching_for(account, clock=clock) as fetcher:
        await fetcher.look()
    (call,) = stub.asked(CHECK)
    assert call.json["media_url"] == "http://mmbiz.qpic.cn/1"
    return account


def _verdict(suggest: str, trace: str = "trace-1", **more: Any) -> dict[str, Any]:
    result = {"suggest": suggest, "label": 20002}
    return event("wxa_media_check", trace_id=trace, result=result, **more)


async def test_wechats_verdict_on_a_picture_is_noted_once(clock: Clock) -> None:
    async with api_stub.serving() as stub:
        account = await _checked_picture(stub, clock)
        receiver = Receiver([account], clock=clock)
        for stamp in (0, 0, 1):
            push = pushed(account, clock() + stamp, **_verdict("risky"))
            assert await receiver.push("mini", *push) == Answer(200, "success")
    assert objections() == [("wechat", "risky", "微信内容检测：色情")]
    assert rows(tables.objections)[0].message == rows(tables.media)[0].message


@pytest.mark.parametrize(
    "fields",
    [
        _verdict("pass"),
        _verdict("risky", trace="of-somebody-else"),
        event("wxa_media_check", trace_id="trace-1", errcode=-1008),
        event("wxa_media_check", trace_id={"a": 1}, result="risky"),
    ],
)
async def test_other_results_of_the_picture_check_leave_no_note(
    clock: Clock, fields: dict[str, Any]
) -> None:
    async with api_stub.serving() as stub:
        account = await _checked_picture(stub, clock)
        receiver = Receiver([account], clock=clock)
        assert await receiver.push("mini", *pushed(account, **fields)) == Answer(200, "success")
    assert objections() == []


async def test_check_that_wechat_refuses_keeps_the_picture(clock: Clock) -> None:
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        message = wanted(account, clock, media_id="m1", pic_url="http://mmbiz.qpic.cn/1")
        stub.next(GET, api_stub.sends(PICTURE, "image/jpeg"))
        stub.next(CHECK, {"errcode": 61010, "errmsg": "no visit"})
        async with fetching_for(account, clock=clock) as fetcher:
            await fetcher.look()
    assert stored(message) is not None
