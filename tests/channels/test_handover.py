"""Two servers of the REST channel, of which one takes the customers over from the other."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rasa.core.channels import channel
from sanic import Sanic
from sanic.server.async_server import AsyncioServer

from kefu.channels import handover
from kefu.channels.authentication import signature
from kefu.channels.rest import RestChannel
from kefu.environment import environment, secret
from kefu.running.listening import listen
from tests.channels.test_rest import (
    CREDENTIALS,
    CUSTOMER,
    WEBHOOK,
    Agent,
    Caller,
    backend,
    code_of,
    serving,
)

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(3000)


@dataclass
class Followed:
    """A server with a backend that is connected to it, and its follower, who has the port."""

    before: AsyncioServer
    agent_before: Agent
    caller: Caller
    agent_after: Agent
    inherited: handover.Inherited


@pytest.fixture
async def followed(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Followed]:
    monkeypatch.setattr(Sanic, "test_mode", True)
    before, after = Agent(), Agent()
    server = await serving(before)
    async with backend(server) as caller:
        await caller.say("你好")
        assert (await caller.post(*signed("n-1"))).status_code == 200
        legacy = json.loads(json.dumps(handover.leave(server.app)))
        inherited = handover.received(legacy)
        follower, port = await following(after, inherited)
        monkeypatch.setenv("KEFU_RASA_PORT", str(port))
        environment.cache_clear()
        yield Followed(server, before, caller, after, inherited)
        for stopped in (server, follower):
            await stopped.before_stop()
            await stopped.close()


async def following(agent: Agent, inherited: handover.Inherited) -> tuple[AsyncioServer, int]:
    app = Sanic(f"follower_{uuid.uuid4().hex}", configure_logging=False)
    app.ctx.agent, app.ctx.kefu_inherited = agent, inherited
    channel.register([RestChannel.from_credentials(CREDENTIALS)], app, route="/webhooks/")
    listening = listen("127.0.0.1", 0, "Rasa", "KEFU_RASA_PORT")
    server = await app.create_server(sock=listening, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    await server.after_start()
    return server, int(listening.getsockname()[1])


def signed(nonce: str) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"sender": CUSTOMER, "message": nonce}).encode()
    stamp, key = str(int(time.time())), secret("rest_token_app")
    return body, {
        "X-Kefu-Backend": "app",
        "X-Kefu-Timestamp": stamp,
        "X-Kefu-Nonce": nonce,
        "X-Kefu-Signature": signature(key, stamp, nonce, "POST", WEBHOOK, body),
    }


async def test_message_on_a_connection_from_before_is_answered_by_the_follower(
    followed: Followed,
) -> None:
    assert await followed.caller.say("在不在") == [{"recipient_id": CUSTOMER, "text": "答：在不在"}]
    assert [message.text for message in followed.agent_before.heard] == ["你好", "n-1"]
    assert [message.text for message in followed.agent_after.heard] == ["在不在"]


async def test_signed_message_and_picture_are_passed_on_too(followed: Followed) -> None:
    answer = await followed.caller.post(*signed("n-2"))
    assert answer.json()[0]["text"] == "答：n-2"
    path = f"/webhooks/rest/media?sender={CUSTOMER}"
    headers = {"Authorization": f"Bearer {secret('rest_token_miniprogram')}"}
    picture = await followed.caller.client.post(path, content=PICTURE, headers=headers)
    assert "图片" in picture.json()[0]["text"]


async def test_what_the_follower_refuses_is_refused(followed: Followed) -> None:
    answer = await followed.caller.post(b'{"sender": "o_1", "message": 1}')
    assert code_of(answer)[0] == 400


async def test_signature_that_was_used_before_counts_as_used(
    followed: Followed, fresh_home: Path
) -> None:
    assert list(followed.inherited.nonces) == ["app n-1"]
    assert code_of(await followed.caller.post(*signed("n-1"))) == (401, "unauthorized")


async def test_nobody_is_kept_waiting_by_the_one_that_leaves(followed: Followed) -> None:
    answer = await asyncio.wait_for(followed.caller.waiting(wait="25"), 10)
    assert answer.json() == []


async def test_without_a_follower_it_goes_on(followed: Followed) -> None:
    handover.take_back(followed.before.app)
    await followed.caller.say("回来了")
    assert followed.agent_before.heard[-1].text == "回来了"


async def test_plain_server_inherits_nothing(fresh_home: Path) -> None:
    found = handover.inherited(Sanic("plain", configure_logging=False))
    assert not found.nonces and not found.elsewhere.has("anybody")
