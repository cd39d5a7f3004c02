"""The typing line while a person types, against the double."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kefu import rings
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.agent_typing import SHOWN_SECONDS, AgentTyping
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.channels.wechat.windows import close
from kefu.storage.engine import writing
from tests.channels.scripted import until
from tests.channels.wechat.outgoing import write
from tests.channels.wechat.platform import OPENID, Clock, Double, double, mini, official

BUSINESS, PLAIN = "cgi-bin/message/custom/business/typing", "cgi-bin/message/custom/typing"


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


@asynccontextmanager
async def showing(
    *accounts: Account, clock: Clock, leads: bool = True
) -> AsyncIterator[AgentTyping]:
    session = open_session()
    tokens = TokenStore(session, clock)

    def api(account: Account) -> WechatApi:
        return WechatApi(account, session, tokens, 0.5)

    try:
        yield AgentTyping({a.channel: a for a in accounts}, api, lambda: leads, clock)
    finally:
        await session.close()


def shown(wechat: Double, account: Account, openid: str = OPENID) -> bool:
    customer = wechat.platform.customers.get(account.appid, openid)
    return customer.typing_until > 0


@pytest.mark.parametrize(("make", "path"), [(mini, BUSINESS), (official, PLAIN)])
async def test_customer_sees_that_a_person_types(
    clock: Clock, make: Callable[..., Account], path: str
) -> None:
    async with double(make()) as wechat:
        await wechat.say(make())
        account = make(wechat.url, typing_path=path)
        where = write(account, clock)
        async with showing(account, clock=clock) as typing:
            await typing.heard([where, where])
            assert shown(wechat, account)
            assert wechat.calls(path) == {0: 1}


async def test_wechat_is_called_no_more_often_than_the_line_needs(clock: Clock) -> None:
    async with double(mini()) as wechat:
        await wechat.say(mini())
        account = mini(wechat.url)
        where = write(account, clock)
        async with showing(account, clock=clock) as typing:
            for _ in range(3):
                await typing.heard([where])
                clock.now += SHOWN_SECONDS * 0.4
            # 45081: the line is shown already, and that is no error.
            assert sum(wechat.calls(BUSINESS).values()) == 1
            await typing.heard([where])
            assert sum(wechat.calls(BUSINESS).values()) == 2


async def test_nothing_is_shown_where_nothing_can_be_sent(clock: Clock) -> None:
    async with double(mini()) as wechat:
        await wechat.say(mini())
        account, wechats_own = mini(wechat.url), mini(wechat.url, name="own", desk="wechat")
        where, there = write(account, clock), write(wechats_own, clock, key="2")
        with writing() as connection:
            close(connection, where, clock.now - 1)
        async with showing(account, wechats_own, clock=clock) as typing:
            await typing.heard([where, there, "a-rest-conversation", ""])
        assert wechat.calls(BUSINESS) == {}


async def test_only_the_process_that_sends_shows_it(clock: Clock) -> None:
    async with double(mini()) as wechat:
        await wechat.say(mini())
        account = mini(wechat.url)
        where = write(account, clock)
        async with showing(account, clock=clock, leads=False) as typing:
            await typing.heard([where])
        assert wechat.calls(BUSINESS) == {}


async def test_refusal_is_noted_without_naming_the_customer(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with double(mini()) as wechat:
        account = mini(wechat.url)
        where = write(account, clock)
        async with showing(account, clock=clock) as typing:
            # WeChat has never heard of the customer.
            await typing.heard([where])
        assert "no typing line for a person: 40003" in caplog.text
        assert OPENID not in caplog.text


async def test_agents_key_press_in_another_process_reaches_the_customer(clock: Clock) -> None:
    async with double(mini()) as wechat:
        await wechat.say(mini())
        account = mini(wechat.url)
        where = write(account, clock)
        async with showing(account, clock=clock) as typing:
            listening = asyncio.create_task(typing.run())

            def typed() -> bool:
                rings.agent_types(where)
                return shown(wechat, account)

            await until(typed)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        assert wechat.calls(BUSINESS) == {0: 1}
