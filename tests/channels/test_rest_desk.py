"""What a backend gets of the people of the desk: words, pictures, typing, the queue."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sanic import Sanic

from kefu import rings
from kefu.bell import Listener
from kefu.channels.authentication import signature
from kefu.environment import secret
from kefu.handoff import desk
from kefu.staff import people
from kefu.storage import media, messages
from kefu.storage.encryption import pseudonym
from tests.channels.test_rest import (
    CUSTOMER,
    MESSAGES,
    Agent,
    Caller,
    backend,
    code_of,
    serving,
    waiting_customer,
)

STATUS, TYPING = "/webhooks/rest/status", "/webhooks/rest/typing"
MEDIA = "/webhooks/rest/media"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 100
MEGABYTE = 1024 * 1024


@pytest.fixture
def agent(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    # Without it, only one server can be started in the life of a process.
    monkeypatch.setattr(Sanic, "test_mode", True)
    return Agent()


@pytest.fixture
async def caller(agent: Agent) -> AsyncIterator[Caller]:
    server = await serving(agent)
    async with backend(server) as calling:
        yield calling
    await server.close()


async def status(caller: Caller) -> dict[str, Any]:
    answer = await caller.get(f"{STATUS}?sender={CUSTOMER}")
    assert answer.status_code == 200, answer.text
    known: dict[str, Any] = answer.json()
    return known


async def upload(caller: Caller, content: bytes, query: str = "") -> httpx.Response:
    token = {"Authorization": f"Bearer {secret('rest_token_miniprogram')}"}
    path = f"{MEDIA}?sender={CUSTOMER}{query}"
    return await caller.client.post(path, content=content, headers=token)


async def test_words_of_a_person_wake_who_waits_for_them(caller: Caller) -> None:
    handoff = waiting_customer()
    desk.take(handoff.id, "li", time.time())
    await caller.waiting()
    polling = asyncio.ensure_future(caller.waiting(wait="20"))
    await asyncio.wait([polling], timeout=0.3)
    said_at = time.monotonic()
    await asyncio.to_thread(desk.say, handoff.id, "li", "你好", time.time())
    (reply,) = (await polling).json()
    # The look that follows a lost ring comes after a second.
    assert reply["text"] == "你好" and time.monotonic() - said_at < 0.5


async def test_words_whose_ring_was_lost_come_a_little_later(caller: Caller) -> None:
    conversation = waiting_customer().conversation
    polling = asyncio.ensure_future(caller.waiting(wait="20"))
    await asyncio.wait([polling], timeout=0.2)
    messages.add_reply(conversation, "agent", "你好", None, time.time())
    (reply,) = (await asyncio.wait_for(polling, 5)).json()
    assert reply["text"] == "你好"


async def test_many_wait_at_once_and_each_message_goes_to_one(caller: Caller) -> None:
    handoff = waiting_customer()
    polls = [asyncio.ensure_future(caller.waiting(wait="2")) for _ in range(3)]
    await asyncio.wait(polls, timeout=0.3)
    await asyncio.to_thread(desk.say, handoff.id, "li", "你好", time.time())
    found = [part["text"] for poll in polls for part in (await poll).json()]
    assert found.count("你好") == 1


async def test_status_tells_who_speaks(caller: Caller) -> None:
    nobody = {"holder": "bot", "agent": None, "ahead": None, "minutes": None, "typing": False}
    assert await status(caller) == nobody
    people.add("li", "小李", "agent", "correct-horse-battery", time.time())
    handoff = waiting_customer()
    waiting = await status(caller)
    assert (waiting["holder"], waiting["ahead"]) == ("waiting", 0)
    assert 1 <= waiting["minutes"] <= 60
    await asyncio.to_thread(desk.take, handoff.id, "li", time.time())
    held = await status(caller)
    assert (held["holder"], held["agent"]) == ("agent", {"nickname": "小李"})
    desk.finish(handoff.id, time.time())
    assert await status(caller) == nobody


async def test_typing_of_a_person_shows_until_they_have_said_it(caller: Caller) -> None:
    handoff = waiting_customer()
    desk.take(handoff.id, "li", time.time())
    rings.agent_types(handoff.conversation)
    await until_status(caller, typing=True)
    await asyncio.to_thread(desk.say, handoff.id, "li", "你好", time.time())
    await until_status(caller, typing=False)


async def test_typing_of_the_customer_reaches_the_desk(caller: Caller) -> None:
    listener = Listener(rings.DESK)
    await listener.open()
    try:
        answer = await caller.post_to(f"{TYPING}?sender={CUSTOMER}")
        assert answer.status_code == 200
        assert await listener.wait(5) == [f"typing:{pseudonym('rest', CUSTOMER)}"]
    finally:
        listener.close()


async def test_desk_hears_of_what_the_customer_writes(caller: Caller) -> None:
    handoff = waiting_customer()
    desk.take(handoff.id, "li", time.time())
    listener = Listener(rings.DESK)
    await listener.open()
    try:
        await caller.say("有人吗")
        assert handoff.conversation in await listener.wait(5)
    finally:
        listener.close()


async def test_what_was_said_to_a_person_is_in_the_tracker_without_another_turn(
    caller: Caller, agent: Agent
) -> None:
    handoff = waiting_customer()
    await caller.say("怎么还没发货")
    await asyncio.to_thread(desk.say, handoff.id, "li", "在路上了", time.time())
    texts: list[str] = []
    deadline = time.monotonic() + 5
    while "在路上了" not in texts:
        assert time.monotonic() < deadline, texts
        tracker = await agent.get_tracker(handoff.conversation)
        texts = [event.text for event in tracker.events if hasattr(event, "text")]
        await asyncio.sleep(0.02)
    assert texts[0] == "怎么还没发货"
    assert agent.heard == []


async def test_picture_of_a_person_is_fetched_by_its_customer_alone(caller: Caller) -> None:
    handoff = waiting_customer()
    desk.take(handoff.id, "li", time.time())
    number = desk.say_picture(handoff.id, "li", PNG, "image/png", time.time())
    shown = next(part for part in (await caller.waiting()).json() if "image" in part)
    assert shown["custom"] == {"from": "agent", "id": number}
    fetched = await caller.get(shown["image"])
    assert (fetched.content, fetched.headers["content-type"]) == (PNG, "image/png")
    assert fetched.headers["x-content-type-options"] == "nosniff"
    refused = await caller.get(f"{MEDIA}/{number}?sender=o_somebody_else")
    assert code_of(refused) == (404, "no_such_picture")
    assert code_of(await caller.get(shown["image"], {})) == (401, "unauthorized")


async def test_picture_of_a_customer_is_kept_and_answered(caller: Caller) -> None:
    answer = await upload(caller, PNG, "&message_id=m-1")
    assert "图片收到了" in answer.json()[0]["text"]
    assert (await upload(caller, PNG, "&message_id=m-1")).json() == answer.json()
    (line,) = [
        line
        for line in messages.transcript(pseudonym("rest", CUSTOMER))
        if line.author == "customer"
    ]
    assert line.text == "[图片]"
    kept = media.stored(line.message)
    assert kept is not None and (kept.content, kept.content_type) == (PNG, "image/png")


async def test_picture_is_for_the_person_who_is_there(caller: Caller) -> None:
    handoff = waiting_customer()
    desk.take(handoff.id, "li", time.time())
    await caller.waiting()
    assert (await upload(caller, PNG)).json()[-1]["custom"] == {"type": "held"}


async def test_large_picture_is_taken_and_a_larger_one_is_not(caller: Caller) -> None:
    largest = PNG + b"\0" * (10 * MEGABYTE - len(PNG))
    assert (await upload(caller, largest)).status_code == 200
    for more in (1, 10 * MEGABYTE):
        refused = await upload(caller, largest + b"\0" * more)
        assert code_of(refused) == (413, "body_too_large")
    known = messages.transcript(pseudonym("rest", CUSTOMER))
    assert sum(line.author == "customer" for line in known) == 1


async def test_body_of_unknown_length_is_refused_once_it_is_too_long(caller: Caller) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield PNG + b"\0" * MEGABYTE

    token = {"Authorization": f"Bearer {secret('rest_token_miniprogram')}"}
    try:
        path = f"{MEDIA}?sender={CUSTOMER}"
        answer = await caller.client.post(path, content=endless(), headers=token)
    except httpx.TransportError:
        pass  # closed while we were still writing
    else:
        assert code_of(answer) == (413, "body_too_large")
    assert messages.transcript(pseudonym("rest", CUSTOMER)) == []


@pytest.mark.parametrize("content", [b"", b"hello", b"<svg onload='x'/>", b"\x89PN"])
async def test_what_is_no_picture_is_refused(caller: Caller, content: bytes) -> None:
    assert code_of(await upload(caller, content)) == (415, "not_a_picture")
    assert messages.transcript(pseudonym("rest", CUSTOMER)) == []


async def test_signature_covers_the_picture(caller: Caller) -> None:
    path = f"{MEDIA}?sender={CUSTOMER}"

    def signed(body: bytes, nonce: str) -> dict[str, str]:
        stamp = str(int(time.time()))
        key = secret("rest_token_app")
        made = signature(key, stamp, nonce, "POST", path, body)
        names = ("X-Kefu-Backend", "X-Kefu-Timestamp", "X-Kefu-Nonce", "X-Kefu-Signature")
        return dict(zip(names, ("app", stamp, nonce, made), strict=True))

    post = caller.client.post
    other = await post(path, content=PNG + b"x", headers=signed(PNG, "n-1"))
    assert code_of(other) == (401, "unauthorized")
    assert (await post(path, content=PNG, headers=signed(PNG, "n-2"))).status_code == 200


@pytest.mark.parametrize("path", [STATUS, MESSAGES, f"{MEDIA}/1"])
async def test_nobody_else_learns_anything(caller: Caller, path: str) -> None:
    answer = await caller.get(f"{path}?sender={CUSTOMER}", {"Authorization": "Bearer wrong"})
    assert code_of(answer) == (401, "unauthorized")
    assert code_of(await caller.get(path)) == (400, "missing_sender")


async def test_messages_go_on_after_a_picture_was_refused(caller: Caller) -> None:
    await upload(caller, b"hello")
    body = json.dumps({"sender": CUSTOMER, "message": "你好"}).encode()
    assert (await caller.post(body)).json()[0]["text"] == "答：你好"


async def until_status(caller: Caller, **wanted: Any) -> None:
    deadline = time.monotonic() + 5
    while not wanted.items() <= (await status(caller)).items():
        assert time.monotonic() < deadline, f"not {wanted}"
        await asyncio.sleep(0.02)
