"""What the agents' screens are told of: each ring names the conversation that has news."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from kefu import rings
from kefu.bell import Listener
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.intake import take_in
from kefu.channels.wechat.media import MediaFetcher
from kefu.channels.wechat.receiver import Receiver
from kefu.channels.wechat.service import create_app
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.storage import tables
from kefu.storage.engine import reading, writing
from tests.channels.wechat import api_stub
from tests.channels.wechat.outgoing import objections, reply, states, works
from tests.channels.wechat.platform import (
    OPENID,
    SEND,
    Clock,
    conversation,
    double,
    event,
    mini,
    pushed,
    said,
)

# Far longer than any test takes: whoever was not rung for fails by the clock.
LONG = 30.0


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


@pytest.fixture
async def desk(clock: Clock) -> AsyncIterator[Listener]:
    """Give the console's ear."""
    listener = Listener(rings.DESK)
    await listener.open()
    yield listener
    listener.close()


def _media_state() -> str:
    with reading() as connection:
        state: str = connection.execute(select(tables.media.c.state)).scalar_one()
    return state


async def test_desk_hears_of_a_customers_message_once_it_can_be_read(desk: Listener) -> None:
    account = mini()
    app = create_app([account])
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            query, body = pushed(account, time.time(), **said("在吗"))
            await client.post("/wechat/mini", params=query, content=body)
        assert conversation(account) in await desk.wait(LONG)
        with reading() as connection:
            assert connection.execute(select(tables.messages.c.body)).scalar() == "在吗"


@pytest.mark.parametrize(
    ("answer", "state"),
    [({"errcode": 0}, "sent"), ({"errcode": 45047}, "dead"), ({"errcode": -1}, "pending")],
)
async def test_desk_hears_what_became_of_a_send(
    desk: Listener, clock: Clock, answer: dict[str, int], state: str
) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        stub.next(SEND, answer)
        reply(at_work.conversation, "你好", clock)
        assert await at_work.sender.look()
        assert at_work.conversation in await desk.wait(LONG)
        assert states() == [state]


async def test_desk_hears_of_what_is_dead_without_having_been_sent(
    desk: Listener, clock: Clock
) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        with writing() as connection:
            connection.execute(update(tables.send_windows).values(open_until=clock.now - 1))
        reply(at_work.conversation, "你好", clock)
        assert await at_work.sender.look()
        assert at_work.conversation in await desk.wait(LONG)
        assert states() == ["dead"] and stub.asked(SEND) == []


@asynccontextmanager
async def _fetcher(account: Account, clock: Clock) -> AsyncIterator[MediaFetcher]:
    session = open_session()
    api = WechatApi(account, session, TokenStore(session, clock))
    yield MediaFetcher({account.channel: account}, lambda _: api, clock)
    await session.close()


@pytest.mark.parametrize(
    ("content", "state"), [(b"\xff\xd8\xff\xe0 a picture", "stored"), (b"no picture", "failed")]
)
async def test_desk_hears_that_a_customers_picture_is_there_or_is_not(
    desk: Listener, clock: Clock, content: bytes, state: str
) -> None:
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url, content_check=False)
        arrival = Arrival("image", trigger="message", media={"media_id": "m1"})
        where = take_in(account, OPENID, arrival, "key", clock()).conversation
        stub.next("cgi-bin/media/get", api_stub.sends(content, "image/jpeg"))
        async with _fetcher(account, clock) as fetcher:
            await fetcher.look()
        assert where in await desk.wait(LONG)
        assert _media_state() == state


async def test_desk_hears_of_an_objection_to_a_customers_words(desk: Listener) -> None:
    async with double(mini()) as wechat:
        await wechat.say(mini())
        app = create_app([mini(wechat.url)])
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                query, body = pushed(mini(), time.time(), **said("你是傻逼"))
                await client.post("/wechat/mini", params=query, content=body)
            # For the message, and for what is held against it.
            heard: list[str] = []
            while heard.count(conversation(mini())) < 2:
                new = await desk.wait(LONG)
                assert new
                heard += new
            assert len(objections()) == 1


async def test_desk_hears_of_the_verdict_on_a_picture(desk: Listener, clock: Clock) -> None:
    account = mini()
    arrival = Arrival("image", trigger="message", media={"media_id": "m1"})
    where = take_in(account, OPENID, arrival, "key", clock()).conversation
    with writing() as connection:
        connection.execute(update(tables.media).values(trace_id="trace-1"))
    verdict = event(
        "wxa_media_check", trace_id="trace-1", result={"suggest": "risky", "label": 20002}
    )
    await Receiver([account], clock=clock).push("mini", *pushed(account, clock(), **verdict))
    assert await desk.wait(LONG) == [where]
    assert len(objections()) == 1
