"""The REST channel in a real server, over an agent that echoes."""

from __future__ import annotations

import asyncio
import json
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
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import InvalidConfigException
from sanic import Sanic
from sanic.server.async_server import AsyncioServer
from sqlalchemy import text

from kefu.channels.authentication import signature
from kefu.channels.rest import RestChannel
from kefu.environment import secret
from kefu.handoff import desk, holder
from kefu.settings import settings
from kefu.storage import messages
from kefu.storage.conversations import remember
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import writing
from kefu.storage.lock_store import KefuLockStore
from kefu.storage.tracker_store import KefuTrackerStore
from tests.channels.scripted import until

CREDENTIALS = {"backends": {"miniprogram": {"auth": "token"}, "app": {"auth": "hmac"}}}
WEBHOOK = "/webhooks/rest/webhook"
MESSAGES = "/webhooks/rest/messages"
CUSTOMER = "o_customer"


class Agent:
    """In the place of Rasa's: says again what it hears."""

    def __init__(self) -> None:
        self.heard: list[UserMessage] = []
        self.processor = self
        self.lock_store = KefuLockStore()
        self.domain = Domain.empty()
        self.tracker_store = KefuTrackerStore(self.domain)

    async def get_tracker(self, conversation: str) -> DialogueStateTracker:
        return await self.tracker_store.get_or_create_tracker(conversation, None, False)

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        await self.tracker_store.save(tracker)

    async def parse_message(self, message: UserMessage) -> dict[str, Any]:
        return {"intent": {"name": "greet"}, "decision": {"outcome": "answer"}}

    async def handle_message(self, message: UserMessage) -> list[dict[str, Any]]:
        self.heard.append(message)
        return [{"recipient_id": message.sender_id, "text": f"答：{message.text}"}]


class Caller:
    """A backend that knows its token."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def say(self, message: str, **fields: Any) -> list[dict[str, Any]]:
        body = {"sender": CUSTOMER, "message": message, **fields}
        answer = await self.post(json.dumps(body).encode())
        assert answer.status_code == 200, answer.text
        replies: list[dict[str, Any]] = answer.json()
        return replies

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.post(WEBHOOK, content=body, headers=self._headers(headers))

    async def post_to(self, path: str) -> httpx.Response:
        return await self.client.post(path, headers=self._headers(None))

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.client.get(path, headers=self._headers(headers))

    async def waiting(self, **query: str) -> httpx.Response:
        return await self.client.get(
            MESSAGES, params={"sender": CUSTOMER, **query}, headers=self._headers(None)
        )

    @staticmethod
    def _headers(given: dict[str, str] | None) -> dict[str, str]:
        token = {"Authorization": f"Bearer {secret('rest_token_miniprogram')}"}
        return token if given is None else given


@pytest.fixture
def agent(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    # Without it, only one server can be started in the life of a process.
    monkeypatch.setattr(Sanic, "test_mode", True)
    return Agent()


@pytest.fixture
async def caller(fresh_home: Path, agent: Agent) -> AsyncIterator[Caller]:
    server = await serving(agent)
    async with backend(server) as calling:
        yield calling
    await server.close()


@asynccontextmanager
async def backend(server: AsyncioServer) -> AsyncIterator[Caller]:
    """Give a backend that calls the server."""
    port = server.server.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield Caller(client)


async def serving(agent: Agent, ready: bool = True) -> AsyncioServer:
    """Start a server with the channel on a free port; not `ready`, its start is not over."""
    app = Sanic(f"kefu_{uuid.uuid4().hex}", configure_logging=False)
    app.ctx.agent = agent
    channel.register([RestChannel.from_credentials(CREDENTIALS)], app, route="/webhooks/")
    server = await app.create_server("127.0.0.1", 0, return_asyncio_server=True)
    assert server is not None
    await server.startup()
    if ready:
        await server.after_start()
    return server


def code_of(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    return answer.status_code, error["code"]


async def test_message_is_answered_in_rasas_format(caller: Caller, agent: Agent) -> None:
    assert await caller.say("你好") == [{"recipient_id": CUSTOMER, "text": "答：你好"}]
    (heard,) = agent.heard
    assert heard.sender_id == pseudonym("rest", CUSTOMER)
    assert heard.input_channel == "rest"


async def test_command_reaches_the_agent_as_text(caller: Caller, agent: Agent) -> None:
    await caller.say("/restart")
    await caller.say(' /greet{"order_no": "1"}')
    assert [message.text for message in agent.heard] == ["／restart", '／greet{"order_no": "1"}']


async def test_retry_gets_the_same_answer_from_one_turn(caller: Caller, agent: Agent) -> None:
    first = await caller.say("你好", message_id="m-1")
    assert await caller.say("你好", message_id="m-1") == first
    assert len(agent.heard) == 1


async def test_signed_request_is_let_in_once(caller: Caller) -> None:
    body = json.dumps({"sender": CUSTOMER, "message": "你好"}).encode()
    stamp = str(int(time.time()))
    headers = {
        "X-Kefu-Backend": "app",
        "X-Kefu-Timestamp": stamp,
        "X-Kefu-Nonce": "n-1",
        "X-Kefu-Signature": signature(
            secret("rest_token_app"), stamp, "n-1", "POST", WEBHOOK, body
        ),
    }
    assert (await caller.post(body, headers)).status_code == 200
    assert code_of(await caller.post(body, headers)) == (401, "unauthorized")


async def test_signature_covers_the_query(caller: Caller) -> None:
    stamp, path = str(int(time.time())), f"{MESSAGES}?sender={CUSTOMER}"
    key = secret("rest_token_app")
    headers = {
        "X-Kefu-Backend": "app",
        "X-Kefu-Timestamp": stamp,
        "X-Kefu-Nonce": "n-1",
        "X-Kefu-Signature": signature(key, stamp, "n-1", "GET", path, b""),
    }
    answer = await caller.get(f"{MESSAGES}?sender=o_somebody_else", headers)
    assert code_of(answer) == (401, "unauthorized")
    assert (await caller.get(path, headers)).json() == []


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_nobody_else_is_let_in(caller: Caller, agent: Agent, headers: dict[str, str]) -> None:
    body = json.dumps({"sender": CUSTOMER, "message": "你好"}).encode()
    assert code_of(await caller.post(body, headers)) == (401, "unauthorized")
    assert agent.heard == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", (400, "bad_json")),
        (b'{"message": "x"}', (400, "missing_sender")),
        (b'{"sender": "o", "message": "x", "metadata": {"type": "video"}}', (400, "unknown_type")),
        (b'{"sender": "o", "message": "' + b"x" * 70_000 + b'"}', (413, "body_too_large")),
        (b'{"sender": "o", "message": "' + b"x" * 1_000_000 + b'"}', (413, "body_too_large")),
    ],
    ids=["no JSON", "no sender", "unknown type", "70 kB", "1 MB"],
)
async def test_bad_input_is_an_error_with_a_code(
    caller: Caller, agent: Agent, body: bytes, expected: tuple[int, str]
) -> None:
    assert code_of(await caller.post(body)) == expected
    assert agent.heard == []


async def test_customer_who_writes_too_often_is_told_to_wait(caller: Caller) -> None:
    for _ in range(settings().reception.per_customer_per_minute):
        await caller.say("你好", message_id="m-1")
    body = json.dumps({"sender": CUSTOMER, "message": "你好"}).encode()
    assert code_of(await caller.post(body)) == (429, "too_many_messages")
    assert (await caller.post(body.replace(b"o_customer", b"o_other"))).status_code == 200


async def test_failing_database_is_an_error_with_a_code(caller: Caller) -> None:
    with writing() as connection:
        connection.execute(text("DROP TABLE messages"))
    body = json.dumps({"sender": CUSTOMER, "message": "你好"}).encode()
    assert code_of(await caller.post(body)) == (503, "storage_unavailable")
    assert code_of(await caller.waiting()) == (503, "storage_unavailable")


async def test_agents_reply_arrives_once_by_polling(caller: Caller) -> None:
    handoff = taken_customer()
    polling = asyncio.ensure_future(caller.waiting(wait="5"))
    desk.say(handoff.id, "小王", "你好，我是小王", time.time())
    (reply,) = (await polling).json()
    assert (reply["recipient_id"], reply["text"]) == (CUSTOMER, "你好，我是小王")
    assert reply["custom"]["from"] == "agent"
    assert (await caller.waiting()).json() == []


async def test_who_says_how_far_he_has_read_gets_a_lost_answer_again(caller: Caller) -> None:
    handoff = taken_customer()
    await caller.say("有人吗")
    desk.say(handoff.id, "小王", "在的", time.time())
    lost = (await caller.waiting(after="0")).json()
    again = (await caller.waiting(after="0")).json()
    assert again == lost and [reply["text"] for reply in again] == ["在的"]
    read = again[-1]["custom"]["id"]
    assert (await caller.waiting(after=str(read))).json() == []
    desk.say(handoff.id, "小王", "请说", time.time())
    (new,) = (await caller.waiting(after=str(read), wait="5")).json()
    assert (new["text"], new["custom"]["from"]) == ("请说", "agent")


async def test_answers_are_not_given_again_to_who_says_how_far_he_has_read(caller: Caller) -> None:
    await caller.say("你好")
    assert (await caller.waiting(after="0")).json() == []


async def test_agents_reply_arrives_once_with_the_customers_next_message(
    caller: Caller, agent: Agent
) -> None:
    handoff = taken_customer()
    assert await caller.say("有人吗") == [{"recipient_id": CUSTOMER, "custom": {"type": "held"}}]
    desk.say(handoff.id, "小王", "在的", time.time())
    assert [reply["text"] for reply in await caller.say("怎么还没发货")] == ["在的"]
    desk.finish(handoff.id, time.time())
    told, answer = await caller.say("谢谢")
    assert "已结束服务" in told["text"] and answer["text"] == "答：谢谢"
    assert len(agent.heard) == 1


async def test_reply_of_a_recovered_message_is_given_once(fresh_home: Path, caller: Caller) -> None:
    conversation = pseudonym("rest", CUSTOMER)
    await caller.say("你好", message_id="m-1")
    with writing() as connection:
        connection.execute(text("UPDATE messages SET state = 'pending' WHERE author = 'bot'"))
    assert messages.pending_out(conversation)
    assert [reply["text"] for reply in await caller.say("你好", message_id="m-1")] == ["答：你好"]
    assert messages.pending_out(conversation) == []


async def test_channel_is_healthy_once_it_takes_messages(caller: Caller) -> None:
    assert (await caller.get("/webhooks/rest/")).json() == {"status": "ok"}


async def test_channel_says_that_it_is_still_starting(fresh_home: Path, agent: Agent) -> None:
    server = await serving(agent, ready=False)
    async with backend(server) as caller:
        assert code_of(await caller.get("/webhooks/rest/")) == (503, "starting")
        body = json.dumps({"sender": CUSTOMER, "message": "你好"}).encode()
        assert code_of(await caller.post(body)) == (503, "starting")
        await server.after_start()
        assert (await caller.post(body)).status_code == 200
    await server.close()


async def test_what_a_crash_left_is_answered_at_the_start(fresh_home: Path, agent: Agent) -> None:
    conversation = remember("rest", CUSTOMER, time.time() - 60)
    messages.record(conversation, "customer", "text", "你好", "m-1", time.time() - 60)
    server = await serving(agent)
    await until(lambda: messages.pending_out(conversation))
    await server.close()


@pytest.mark.parametrize("query", [{"wait": "soon"}, {"wait": "-1"}, {"wait": "²"}])
async def test_wait_that_is_no_number_is_refused(caller: Caller, query: dict[str, str]) -> None:
    assert code_of(await caller.waiting(**query)) == (400, "bad_wait")


@pytest.mark.parametrize("after", ["x", "-1", "1" * 19])
async def test_reading_position_that_is_no_number_is_refused(caller: Caller, after: str) -> None:
    assert code_of(await caller.waiting(after=after)) == (400, "bad_after")


async def test_polling_needs_a_sender(caller: Caller) -> None:
    assert code_of(await caller.waiting(sender="")) == (400, "missing_sender")


@pytest.mark.parametrize(
    ("credentials", "named"),
    [
        (None, "backends"),
        ({}, "backends"),
        ({"backends": []}, "backends"),
        ({"backends": {"app": {"auth": "basic"}}}, "app"),
        ({"backends": {"app": "hmac"}}, "app"),
        ({"backends": {"app": {"auht": "hmac"}}}, "app"),
        ({"backends": {"mini-program": {"auth": "token"}}}, "mini-program"),
        ({"backends": {7: {"auth": "token"}}}, "7"),
        ({**CREDENTIALS, "max_body_bytes": "64k"}, "max_body_bytes"),
        ({**CREDENTIALS, "max_body_bytes": 0}, "max_body_bytes"),
    ],
)
def test_mistake_in_the_credentials_is_named(
    fresh_home: Path, credentials: dict[str, Any] | None, named: str
) -> None:
    with pytest.raises(InvalidConfigException, match=r"credentials\.yml") as refused:
        RestChannel.from_credentials(credentials)
    assert named in str(refused.value)


def test_backend_without_options_has_a_token(fresh_home: Path) -> None:
    assert RestChannel.from_credentials({"backends": {"app": None}}).name() == "rest"


def waiting_customer() -> holder.Handoff:
    """Let the customer ask for a person, and wait whatever the hour is."""
    conversation = remember("rest", CUSTOMER, time.time())
    handoff = holder.request(conversation, "keyword", "转人工", None, time.time())
    with writing() as connection:
        connection.execute(text("UPDATE handoffs SET state = 'waiting'"))
    return handoff


def taken_customer() -> holder.Handoff:
    """Let a person have the customer, who need not read of it."""
    handoff = waiting_customer()
    return holder.accept(handoff.id, "小王", time.time())
