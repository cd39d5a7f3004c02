"""The control API: the log, the customers, what it refuses."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from .conftest import MINI, OFFICIAL, OPENID, Running

WHO = {"appid": MINI, "openid": OPENID}
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


async def test_accounts_are_shown_without_their_secrets(double: Running) -> None:
    answer = await double.control("accounts")
    mini = next(one for one in answer["accounts"] if one["appid"] == MINI)
    assert (mini["kind"], mini["mode"], mini["format"]) == ("miniprogram", "plain", "json")
    assert mini["title"]
    assert not set(mini) & {"secret", "token", "aes_key"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"mode": "secret"},
        {"format": "yaml"},
        {"appid": "wx1"},
        {"push_url": "file:///etc/passwd"},
        {"push_url": "http://["},
        {"mode": "safe", "aes_key": "short"},
        {"title": 7},
    ],
)
async def test_account_takes_no_nonsense(double: Running, wanted: dict[str, Any]) -> None:
    before = await double.control("accounts")
    assert (await double.control(f"accounts/{MINI}", wanted))["error"]
    assert await double.control("accounts") == before


async def test_log_waits_for_what_comes_next(double: Running) -> None:
    last = (await double.log())["last"]
    waiting = asyncio.create_task(double.log(after=last, wait=20))
    await double.say("你好")
    answer = await waiting
    assert [entry["payload"]["Content"] for entry in answer["entries"]] == ["你好"]
    assert answer["last"] > last


async def test_log_tells_of_a_delivery_that_changed(double: Running) -> None:
    held = asyncio.Event()

    async def reply(got: object) -> bytes:
        await held.wait()
        return b"success"

    double.receiver.reply = reply
    told = await double.say(wait=False)
    before = await double.log()
    assert before["entries"][0]["delivery"] == "pending"
    waiting = asyncio.create_task(double.log(after=before["last"], wait=20))
    held.set()
    answer = await waiting
    assert answer["entries"] == []
    assert answer["changes"] == [{"seq": told["seq"], "delivery": "acknowledged"}]


async def test_log_wakes_when_typing_begins_and_ends(double: Running) -> None:
    await double.say()
    last = (await double.log())["last"]
    waiting = asyncio.create_task(double.log(after=last, wait=20))
    typing = {"touser": OPENID, "command": "Typing"}
    await double.call("cgi-bin/message/custom/typing", typing)
    answer = await waiting
    assert answer["typing"] is True
    waiting = asyncio.create_task(double.log(after=answer["last"], wait=20))
    await double.advance(16)
    assert (await waiting)["typing"] is False


async def test_log_keeps_the_last_five_hundred(double: Running) -> None:
    chat = double.platform.customers.get(MINI, OPENID).chat
    for number in range(600):
        chat.add("agent", "text", {"content": str(number)})
    entries = (await double.log())["entries"]
    assert (len(entries), entries[0]["payload"]["content"]) == (500, "100")


async def test_chats_of_two_accounts_are_apart(double: Running) -> None:
    await double.say("小程序")
    await double.say("公众号", OFFICIAL)
    entries = (await double.log())["entries"]
    assert [entry["payload"]["Content"] for entry in entries] == ["小程序"]


async def test_looking_at_a_chat_makes_nobody_a_customer(double: Running) -> None:
    await double.log()
    assert (await double.control("customers"))["customers"] == []
    assert await double.send() == 40003
    await double.say()
    (customer,) = (await double.control("customers"))["customers"]
    assert (customer["openid"], customer["quota_left"], customer["desk"]) == (OPENID, 5, "none")


async def test_customers_picture_can_be_seen_and_fetched_by_the_account(double: Running) -> None:
    await double.say("", type="image", media=base64.b64encode(PNG).decode())
    media_id = (await double.log())["entries"][0]["payload"]["MediaId"]
    async with double.http.get(f"{double.url}/_control/media/{media_id}") as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", PNG)
    async with double.http.get(f"{double.url}/_control/media/nothing") as answer:
        assert answer.status == 404


async def test_web_pages_of_others_cannot_use_it(double: Running) -> None:
    headers = {"Origin": "http://evil.example"}
    async with double.http.post(
        f"{double.url}/_control/say", json={**WHO, "content": "x"}, headers=headers
    ) as answer:
        assert answer.status == 400
    headers = {"Origin": double.url}
    async with double.http.post(
        f"{double.url}/_control/say", json={**WHO, "content": "x"}, headers=headers
    ) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("say", {}),
        ("say", {"appid": "wxnobody", "openid": OPENID}),
        ("say", {**WHO, "type": "nonsense"}),
        ("say", {**WHO, "type": "image"}),
        ("say", {**WHO, "type": "image", "media": "***"}),
        ("say", {**WHO, "openid": ""}),
        ("say", {**WHO, "content": 7}),
        ("say", {**WHO, "fields": []}),
        ("event", WHO),
        ("press", {**WHO, "seq": "1", "id": "1"}),
        ("clock", {"advance": -1}),
        ("clock", {}),
    ],
)
async def test_malformed_request_is_refused_in_chinese(
    double: Running, path: str, body: dict[str, Any]
) -> None:
    error = (await double.control(path, body))["error"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error)


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"content": NaN}', b'{"a":"\\ud800"}', b"\xff"])
async def test_what_is_not_json_is_refused(double: Running, raw: bytes) -> None:
    async with double.http.post(f"{double.url}/_control/say", data=raw) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]


@pytest.mark.parametrize("query", ["after=x", "wait=nan", "wait=inf"])
async def test_log_refuses_what_is_not_a_number(double: Running, query: str) -> None:
    answer = await double.control(f"log?appid={MINI}&openid={OPENID}&{query}")
    assert "数字" in answer["error"]


async def test_record_has_three_kinds(double: Running) -> None:
    assert "sends" in (await double.control("record?kind=nonsense"))["error"]


async def test_health_says_ok(double: Running) -> None:
    async with double.http.get(f"{double.url}/health") as answer:
        assert await answer.json() == {"status": "ok"}
