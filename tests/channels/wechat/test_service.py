"""The process that takes pushes and sends, over HTTP, with the double in the place of WeChat."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from kefu.bell import Bell
from kefu.channels.wechat import typing_line
from kefu.channels.wechat import workshop as working
from kefu.channels.wechat.accounts import CHANNEL_PREFIX, Account
from kefu.channels.wechat.sender import INSTEAD
from kefu.channels.wechat.service import create_app
from kefu.channels.wechat.workshop import Workshop
from kefu.reception import Reception
from kefu.settings import WEEKDAYS
from kefu.storage import tables
from tests.channels.scripted import until
from tests.channels.wechat.helpful import Helpful
from tests.channels.wechat.outgoing import reply, states, write
from tests.channels.wechat.platform import (
    MINI_APPID,
    OPENID,
    Clock,
    Double,
    change_settings,
    double,
    event,
    free_port,
    mini,
    of_customers,
    official,
    pushed,
    rows,
    said,
    served,
)

TYPING = "cgi-bin/message/custom/business/typing"


@pytest.fixture
def always_open(fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the people be there whenever the test runs."""
    weekly = {day: ["00:00-24:00"] for day in WEEKDAYS}
    hours = {"weekly": weekly, "holidays": []}
    change_settings(monkeypatch, tmp_path / "home", service_hours=hours)


@dataclass
class Installed:
    """The service, the dialogue and WeChat, all running.

    Attributes:
        url: Base URL of the service.
        wechat: WeChat.
        script: The dialogue.
        accounts: By name.
    """

    url: str
    wechat: Double
    script: Helpful
    accounts: dict[str, Account]

    def texts(self, name: str = "mini") -> list[Any]:
        """Return what the customer reads from the account."""
        chat = self.wechat.chat(self.accounts[name])
        return [e.payload.get("content") or e.payload.get("head_content") for e in chat]


@asynccontextmanager
async def installed(**changes: Any) -> AsyncIterator[Installed]:
    port = free_port()
    known = [make(f"http://127.0.0.1:{port}", **changes) for make in (mini, official)]
    script = Helpful(time.time)
    bell = Bell("sender")
    reception = Reception(script, announce=bell.ring)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(create_app(known)))
        wechat = await stack.enter_async_context(double(*known, port=port, push_to=url))
        answering = asyncio.create_task(_answer(reception))
        yield Installed(url, wechat, script, {account.name: account for account in known})
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    bell.close()


async def _answer(reception: Reception) -> None:
    while True:
        await reception.pick_up(CHANNEL_PREFIX)
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("always_open")
async def test_customers_of_both_kinds_of_account_are_answered() -> None:
    async with installed() as here:
        for name, account in here.accounts.items():
            delivery = await here.wechat.say(account, "怎么开发票")
            assert (delivery["outcome"], delivery["attempts"]) == ("success", 1)
            await until(lambda name=name: here.texts(name))
            assert here.texts(name) == ["答：怎么开发票"]
        assert here.wechat.calls("cgi-bin/stable_token") == {0: 2}


@pytest.mark.usefixtures("always_open")
async def test_one_who_enters_is_welcomed_with_the_pages_questions() -> None:
    async with installed() as here:
        account = here.accounts["mini"]
        await here.wechat.event(account, "user_enter_tempsession", SessionFrom="order")
        await until(lambda: here.texts())
        (welcome,) = here.texts()
        assert "这个订单" in welcome and "\n2. 查物流\n" in welcome
        # What the customer picks is what was shown.
        await here.wechat.say(account, "2")
        await until(lambda: len(here.texts()) == 2)
        assert here.texts()[1] == "答：查物流"


@pytest.mark.usefixtures("always_open")
async def test_pushes_that_come_twice_or_out_of_order_are_answered_once_each() -> None:
    async with installed() as here:
        faults = {"duplicate_rate": 0.5, "lost_answer_rate": 0.4, "retry_pause": 0.0}
        here.wechat.switch(**faults, reorder_rate=0.2, reorder_hold=0.05, sign_retries_anew=True)
        account = here.accounts["mini"]
        said_ = [f"第{number}个问题" for number in range(20)]
        await asyncio.gather(
            *(here.wechat.say(account, text, openid=f"o_{n % 5}") for n, text in enumerate(said_))
        )
        await until(lambda: {state for _, state in of_customers()} == {"answered", "merged"}, 20)
        await until(lambda: set(states()) == {"sent"})
        assert Counter(body for body, _ in of_customers()) == Counter(said_)
        turns = "，".join(turn.text for turn in here.script.turns).split("，")
        assert Counter(turns) == Counter(said_)


@pytest.mark.usefixtures("always_open")
async def test_address_is_verified() -> None:
    async with installed() as here:
        good = await here.wechat.control("verify", {"appid": MINI_APPID})
        assert good["ok"]
        bad = await here.wechat.control("verify", {"appid": MINI_APPID, "token": "other"})
        assert (bad["status"], bad["body"]) == (403, "")


@pytest.mark.usefixtures("always_open")
@pytest.mark.parametrize("name", ["mini", "official"])
async def test_wechats_own_desk_takes_the_customer_and_gives_back(name: str) -> None:
    async with installed(desk="wechat") as here:
        account = here.accounts[name]
        assert (await here.wechat.say(account, "怎么开发票"))["outcome"] == "success"
        assert (await here.wechat.say(account, "转人工"))["outcome"] == "transfer"
        assert (await here.wechat.say(account, "有人吗"))["attempts"] == 1
        who = {"appid": account.appid, "openid": OPENID}
        await here.wechat.control("desk/accept", who)
        # With a person, nothing is pushed any more.
        assert (await here.wechat.say(account, "要换货"))["attempts"] == 0
        await here.wechat.control("desk/close", who)
        assert ("要换货", "held") not in of_customers()
        if account.kind == "official":
            await until(lambda: [h.state for h in rows(tables.handoffs)] == ["closed"])
            assert (await here.wechat.say(account, "几天到"))["outcome"] == "success"
            await until(lambda: "答：几天到" in here.texts(name))


@pytest.mark.usefixtures("always_open")
async def test_typing_line_shows_only_when_the_answer_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typing_line, "AFTER_SECONDS", 0.3)
    async with installed() as here:
        account = here.accounts["mini"]
        await here.wechat.say(account, "怎么开发票")
        await until(lambda: here.texts())
        await here.wechat.say(account, "快的", openid="o_other")
        await until(lambda: here.wechat.sends("o_other"))
        here.script.open.clear()
        await here.wechat.say(account, "慢的")
        await until(lambda: here.wechat.calls(TYPING))
        here.script.open.set()
        await until(lambda: "答：慢的" in here.texts())
        # Of the three only the slow one had it.
        assert here.wechat.calls(TYPING) == {0: 1}


@pytest.mark.usefixtures("always_open")
async def test_what_a_customer_should_not_say_is_noted_for_the_people() -> None:
    async with installed() as here:
        await here.wechat.say(here.accounts["mini"], "你是傻逼")
        await here.wechat.say(here.accounts["official"], "可以赌博吗")
        asked = {row.id for row in rows(tables.messages) if row.author == "customer"}
        await until(lambda: _sources(asked) == {"wechat", "words"})
        # The customer is answered all the same: the dialogue's echo is not fit to be sent.
        await until(lambda: here.texts())
        assert INSTEAD in here.texts()[0]


def _sources(asked: set[int]) -> set[str]:
    return {row.source for row in rows(tables.objections) if row.message in asked}


@asynccontextmanager
async def service() -> AsyncIterator[str]:
    async with served(create_app([mini(), official()])) as url:
        yield url


async def _post(url: str, path: str, query: dict[str, str], body: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        return await client.post(path, params=query, content=body)


async def test_refusal_tells_nothing(fresh_home: Path) -> None:
    async with service() as url:
        query, body = pushed(mini(), time.time(), **said())
        refused = await _post(url, "/wechat/mini", {**query, "msg_signature": "0"}, body)
        assert (refused.status_code, refused.content) == (403, b"")
        unknown = await _post(url, "/wechat/nobody", query, body)
        assert (unknown.status_code, unknown.content) == (404, b"")
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            assert (await client.get("/wechat/mini")).status_code == 403
            assert (await client.put("/wechat/mini")).status_code == 405
            assert (await client.get("/health")).json() == {"status": "ok"}


async def _raw(url: str, head: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    query, _ = pushed(mini(), time.time(), **said())
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST /wechat/mini?{urlencode(query)} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
    return reader, writer


@pytest.mark.parametrize("head", ["Content-Length: 90000000\r\n", "Transfer-Encoding: chunked\r\n"])
async def test_endless_body_is_refused_while_it_comes(
    fresh_home: Path, caplog: pytest.LogCaptureFixture, head: str
) -> None:
    async with service() as url:
        reader, writer = await _raw(url, head)
        block = b"x" * 0x4000
        framed = b"4000\r\n" + block + b"\r\n" if "chunked" in head else block
        for _ in range(16):
            writer.write(framed)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert answer.startswith(b"HTTP/1.1 413") and b"connection: close" in answer.lower()
        assert caplog.messages == ["push of mini refused: too_large"]
        writer.close()


async def test_push_that_breaks_off_is_not_taken(
    fresh_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "kefu")
    async with service() as url:
        _, writer = await _raw(url, "Content-Length: 1000\r\n")
        writer.write(b'{"ToUserName":')
        await writer.drain()
        writer.close()
        await until(lambda: "push of mini broke off" in caplog.text)
        assert caplog.messages == ["push of mini broke off"]
        # The next one is served as if nothing had been.
        query, body = pushed(mini(), time.time(), **said())
        answer = await _post(url, "/wechat/mini", query, body)
        assert (answer.status_code, answer.text) == (200, "success")
    assert of_customers() == [("怎么开发票", "received")]


async def test_of_two_processes_one_sends_until_it_ends(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "POLL_SECONDS", 0.05)
    async with double(mini()) as wechat:
        await wechat.say(mini())
        account, clock = mini(wechat.url), Clock(time.time())
        where = write(account, clock)
        one, other = Workshop([account]), Workshop([account])
        await one.open()
        await until(lambda: rows(tables.leases))
        (lease,) = rows(tables.leases)
        await other.open()
        reply(where, "一", clock)
        await until(lambda: states() == ["sent"])
        await one.close()
        reply(where, "二", clock)
        await until(lambda: states() == ["sent", "sent"])
        assert rows(tables.leases)[0].owner != lease.owner
        await other.close()
        assert wechat.sends() == [("一", 0), ("二", 0)]


async def test_workshop_that_closes_leaves_no_task(fresh_home: Path) -> None:
    async with double(mini()) as wechat:
        await wechat.say(mini())
        account = mini(wechat.url)
        before = asyncio.all_tasks()
        app = create_app([account])
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                for number in range(5):
                    query, body = pushed(account, time.time(), **said("在吗", number))
                    answer = await client.post("/wechat/mini", params=query, content=body)
                    assert answer.text == "success"
                query, body = pushed(account, time.time(), **event("unsubscribe"))
                await client.post("/wechat/mini", params=query, content=body)
        ours = [task for task in asyncio.all_tasks() - before if _is_ours(task)]
        assert ours == []


def _is_ours(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "kefu/channels" in code.co_filename
