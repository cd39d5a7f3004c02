"""The connector in a real server, over an agent that echoes, with the double as WeChat."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from rasa.core.channels import channel
from rasa.core.channels.channel import UserMessage
from rasa.shared.exceptions import InvalidConfigException
from sanic import Sanic
from sanic.server.async_server import AsyncioServer

from kefu.channels.rest import RestChannel
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.connector import WechatChannel
from kefu.storage.encryption import pseudonym
from tests.channels.scripted import until
from tests.channels.wechat.outgoing import write
from tests.channels.wechat.platform import (
    OPENID,
    Clock,
    double,
    free_port,
    mini,
    of_customers,
    pushed,
    said,
)


class Agent:
    """In the place of Rasa's: says again what it hears."""

    def __init__(self) -> None:
        self.heard: list[UserMessage] = []
        self.processor = self

    async def parse_message(self, message: UserMessage) -> dict[str, Any]:
        return {"intent": {"name": "greet"}, "decision": {"outcome": "answer"}}

    async def handle_message(self, message: UserMessage) -> list[dict[str, Any]]:
        self.heard.append(message)
        return [{"recipient_id": message.sender_id, "text": f"答：{message.text}"}]


@pytest.fixture
def agent(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    # Without it, only one server can be started in the life of a process.
    monkeypatch.setattr(Sanic, "test_mode", True)
    return Agent()


@asynccontextmanager
async def serving(
    agent: Agent, account: Account, ready: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    """Start a Rasa server's web application with REST and WeChat; give a client of it."""
    app = Sanic(f"kefu_{uuid.uuid4().hex}", configure_logging=False)
    app.ctx.agent = agent
    rest = RestChannel.from_credentials({"backends": {"app": {"auth": "token"}}})
    channel.register([rest, WechatChannel([account])], app, route="/webhooks/")
    server = await app.create_server("127.0.0.1", 0, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    if ready:
        await server.after_start()
    url = f"http://127.0.0.1:{_port(server)}/webhooks/wechat"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client
    if ready:
        await server.before_stop()
    await server.close()


def _port(server: AsyncioServer) -> int:
    port: int = server.server.sockets[0].getsockname()[1]
    return port


async def test_pushes_are_taken_answered_and_sent(agent: Agent) -> None:
    port = free_port()
    account = mini(f"http://127.0.0.1:{port}")
    async with serving(agent, account) as client:
        pushes_to = str(client.base_url).rstrip("/").removesuffix("/wechat")
        async with double(account, port=port, push_to=pushes_to) as wechat:
            assert (await wechat.control("verify", {"appid": account.appid}))["ok"]
            delivery = await wechat.say(account, "怎么开发票")
            assert (delivery["outcome"], delivery["attempts"]) == ("success", 1)
            await until(lambda: wechat.sends())
            assert wechat.sends() == [("答：怎么开发票", 0)]
            (heard,) = agent.heard
            assert heard.sender_id == pseudonym(account.channel, OPENID)
            assert heard.input_channel == account.channel


async def test_message_that_another_process_recorded_is_answered(agent: Agent) -> None:
    async with serving(agent, mini()):
        write(mini(), Clock(time.time()))
        await until(lambda: agent.heard)
        await until(lambda: of_customers() == [("在吗", "answered")])
        assert len(agent.heard) == 1


async def test_message_left_by_a_crash_has_one_turn_with_both_channels_open(agent: Agent) -> None:
    write(mini(), Clock(time.time() - 60))
    async with serving(agent, mini()):
        await until(lambda: of_customers() == [("在吗", "answered")])
    assert len(agent.heard) == 1


async def test_bad_signature_and_unknown_account_get_an_empty_refusal(agent: Agent) -> None:
    async with serving(agent, mini()) as client:
        query, body = pushed(mini(), time.time(), **said())
        wrong = {**query, "msg_signature": "0"}
        refused = await client.post("/mini", params=wrong, content=body)
        assert (refused.status_code, refused.content) == (403, b"")
        assert (await client.post("/nobody", params=query, content=body)).status_code == 404
        assert (await client.get("/mini")).status_code == 403
        large = await client.post("/mini", params=query, content=b"{" * 200_000)
        assert (large.status_code, large.content) == (413, b"")
        assert (await client.get("/")).json() == {"status": "ok"}
    assert of_customers() == []


async def test_push_before_the_start_is_over_is_refused(agent: Agent) -> None:
    async with serving(agent, mini(), ready=False) as client:
        query, body = pushed(mini(), time.time(), **said())
        assert (await client.post("/mini", params=query, content=body)).status_code == 503
        assert (await client.get("/")).status_code == 503


async def test_server_that_stops_leaves_no_task_of_ours(agent: Agent) -> None:
    before = asyncio.all_tasks()
    async with serving(agent, mini()):
        pass
    running = [getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks() - before]
    assert [code for code in running if code and "kefu/channels" in code.co_filename] == []


@pytest.mark.parametrize(
    "credentials",
    [None, {}, {"accounts": {}}, {"accounts": {"mini": {"kind": "lamp"}}}, {"accounts": {"1": {}}}],
)
def test_mistake_in_the_credentials_is_named_at_start(
    fresh_home: Path, credentials: dict[str, Any] | None
) -> None:
    with pytest.raises(InvalidConfigException, match=r"账号|accounts"):
        WechatChannel.from_credentials(credentials)


def test_accounts_without_an_appid_are_the_doubles(fresh_home: Path) -> None:
    made = WechatChannel.from_credentials({"accounts": {"mini": {"kind": "miniprogram"}}})
    assert made.name() == "wechat"
