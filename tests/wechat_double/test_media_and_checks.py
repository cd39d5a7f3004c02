"""Temporary media, and content security."""

from __future__ import annotations

import base64
from typing import Any

import aiohttp
import pytest

from .conftest import MINI, OFFICIAL, OPENID, OTHER, Running

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
JPEG = b"\xff\xd8\xff" + b"0" * 20
MP4 = b"\0\0\0\x18ftypmp42" + b"0" * 20
TEXT_CHECK, MEDIA_CHECK = "wxa/msg_sec_check", "wxa/media_check_async"
CHECK = {"openid": OPENID, "scene": 4, "version": 2, "content": "我要退货"}
FILE = {
    "openid": OPENID,
    "scene": 4,
    "version": 2,
    "media_url": "https://example.com/a.png",
    "media_type": 2,
}


async def _upload(
    double: Running, content: bytes, type_: str = "image", field: str = "media"
) -> dict[str, Any]:
    form = aiohttp.FormData()
    form.add_field(field, content, filename="a.png")
    query = {"access_token": await double.token(), "type": type_}
    async with double.http.post(
        f"{double.url}/cgi-bin/media/upload", data=form, params=query
    ) as answer:
        read: dict[str, Any] = await answer.json()
        return read


async def _fetch(
    double: Running, media_id: str, appid: str = MINI
) -> tuple[aiohttp.ClientResponse, bytes]:
    query = {"access_token": await double.token(appid), "media_id": media_id}
    async with double.http.get(f"{double.url}/cgi-bin/media/get", params=query) as answer:
        return answer, await answer.read()


async def test_upload_comes_back_as_it_was(double: Running) -> None:
    stored = await _upload(double, PNG)
    assert stored["type"] == "image"
    answer, content = await _fetch(double, stored["media_id"])
    assert (content, answer.content_type) == (PNG, "image/png")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")


async def test_cover_is_named_thumb_media_id(double: Running) -> None:
    assert (await _upload(double, JPEG, "thumb"))["thumb_media_id"]


async def test_video_is_answered_with_its_address(double: Running) -> None:
    stored = await _upload(double, MP4, "video")
    answer, _ = await _fetch(double, stored["media_id"])
    address = (await answer.json())["video_url"]
    async with double.http.get(address) as film:
        assert await film.read() == MP4


async def test_media_is_gone_after_three_days(double: Running) -> None:
    stored = await _upload(double, PNG)
    await double.advance(3 * 86400 - 60)
    double._tokens.clear()
    assert (await _fetch(double, stored["media_id"]))[1] == PNG
    await double.advance(61)
    answer, _ = await _fetch(double, stored["media_id"])
    assert (answer.status, (await answer.json())["errcode"]) == (200, 40007)


async def test_media_of_another_account_is_unknown(double: Running) -> None:
    stored = await _upload(double, PNG)
    answer, _ = await _fetch(double, stored["media_id"], OTHER)
    assert (await answer.json())["errcode"] == 40007


@pytest.mark.parametrize(
    ("content", "type_", "field", "code"),
    [
        (PNG, "film", "media", 40004),
        (b"", "image", "media", 44001),
        (b"GIF without being one", "image", "media", 40005),
        (PNG, "voice", "media", 40005),
        (JPEG + b"0" * 70_000, "thumb", "media", 40006),
        (PNG, "image", "file", 41005),
    ],
)
async def test_upload_is_refused_for_a_reason(
    double: Running, content: bytes, type_: str, field: str, code: int
) -> None:
    assert (await _upload(double, content, type_, field))["errcode"] == code


async def test_account_fetches_what_the_customer_sent(double: Running) -> None:
    amr = b"#!AMR\n" + b"0" * 20
    media = base64.b64encode(amr).decode()
    await double.say("", OFFICIAL, type="voice", media=media)
    payload = (await double.log(OFFICIAL))["entries"][0]["payload"]
    for name in ("MediaId", "MediaId16K"):
        answer, content = await _fetch(double, payload[name], OFFICIAL)
        assert (content, answer.content_type) == (amr, "audio/amr")


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [
        ("我要退货", "pass", 100),
        ("帮你刷单", "risky", 20008),
        ("可以代开发票吗", "review", 10001),
        ("代开发票，赌博", "risky", 20006),
    ],
)
async def test_text_is_judged_by_its_words(
    double: Running, content: str, suggest: str, label: int
) -> None:
    await double.say()
    answer = await double.post(TEXT_CHECK, {**CHECK, "content": content}, await double.token())
    assert answer["errcode"] == 0
    assert answer["result"] == {"suggest": suggest, "label": label}
    assert answer["trace_id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"openid": "o_stranger"}, 43104),
        ({"scene": 5}, 40129),
        ({"content": ""}, 44004),
        ({"content": "字" * 2501}, 45002),
        ({"version": 1, "content": "赌博"}, 87014),
        ({"version": 1}, 0),
    ],
)
async def test_wrong_text_check_is_named(
    double: Running, change: dict[str, Any], code: int
) -> None:
    await double.say()
    assert await double.call(TEXT_CHECK, {**CHECK, **change}) == code


async def test_text_check_needs_a_visit_in_the_last_two_hours(double: Running) -> None:
    await double.say()
    await double.advance(7100)
    assert await double.call(TEXT_CHECK, CHECK) == 0
    await double.advance(101)
    double._tokens.clear()
    assert await double.call(TEXT_CHECK, CHECK) == 61010
    await double.switch(message_is_visit=False)
    await double.say()
    assert await double.call(TEXT_CHECK, CHECK) == 61010
    await double.event("user_enter_tempsession")
    assert await double.call(TEXT_CHECK, CHECK) == 0


async def test_checks_are_not_for_official_accounts(double: Running) -> None:
    await double.say(appid=OFFICIAL)
    assert await double.call(TEXT_CHECK, CHECK, OFFICIAL) == 48001


@pytest.mark.parametrize(("verdict", "code"), [("pass", 0), ("risky", 0), ("failed", -1008)])
async def test_verdict_on_a_file_is_pushed_later(double: Running, verdict: str, code: int) -> None:
    await double.switch(media_check_delay=0, media_check_result=verdict)
    await double.say()
    answer = await double.post(MEDIA_CHECK, FILE, await double.token())
    # The verdict and this message share the customer's line.
    await double.say("后来")
    events = [got.json for got in double.receiver.received if got.json["MsgType"] == "event"]
    (event,) = events
    assert (event["Event"], event["trace_id"]) == ("wxa_media_check", answer["trace_id"])
    assert (event["appid"], event["errcode"]) == (MINI, code)
    assert ("result" in event) == (verdict != "failed")


@pytest.mark.parametrize("change", [{"media_type": 3}, {"media_url": "a.png"}, {"version": 1}])
async def test_wrong_file_check_is_refused(double: Running, change: dict[str, Any]) -> None:
    await double.say()
    assert await double.call(MEDIA_CHECK, {**FILE, **change}) == 40035
