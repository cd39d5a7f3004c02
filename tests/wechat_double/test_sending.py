"""custom/send: types, contents, quotas; and the typing line."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from .conftest import MINI, OFFICIAL, OPENID, OTHER, SEND, Running

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
MENU = {
    "head_content": "满意吗",
    "list": [{"id": "101", "content": "满意"}, {"id": "102", "content": "不满意"}],
    "tail_content": "谢谢",
}
BUSINESS, PLAIN = "cgi-bin/message/custom/business/typing", "cgi-bin/message/custom/typing"
TYPING = {"touser": OPENID, "command": "Typing"}


async def _upload(double: Running, appid: str, type_: str = "image", content: bytes = PNG) -> str:
    form = aiohttp.FormData()
    form.add_field("media", content, filename="a.png")
    query = {"access_token": await double.token(appid), "type": type_}
    async with double.http.post(
        f"{double.url}/cgi-bin/media/upload", data=form, params=query
    ) as answer:
        read = await answer.json()
    return str(read.get("media_id") or read["thumb_media_id"])


async def test_message_appears_in_the_chat_and_in_the_record(double: Running) -> None:
    await double.say()
    body = {"touser": OPENID, "msgtype": "text", "text": {"content": "您好"}}
    assert await double.call(SEND, {**body, "aimsgcontext": {"is_ai_msg": 1}}) == 0
    entry = (await double.log())["entries"][-1]
    assert (entry["author"], entry["type"], entry["ai"]) == ("account", "text", True)
    assert entry["payload"] == {"content": "您好"}
    (row,) = await double.record("sends")
    assert (row["content"], row["errcode"], row["ai"], row["openid"]) == ("您好", 0, True, OPENID)
    assert {"path": SEND, "errcode": 0, "count": 1} in await double.record("calls")


async def test_types_are_those_of_the_kind_of_account(double: Running) -> None:
    await double.say()
    await double.say(appid=OFFICIAL)
    mini, official = await _upload(double, MINI), await _upload(double, OFFICIAL)
    link = {"title": "订单", "description": "查看", "url": "https://example.com/", "thumb_url": ""}
    card = {"title": "订单", "pagepath": "pages/order", "thumb_media_id": mini}
    news = {"articles": [{"title": "t", "description": "d", "url": "u", "picurl": "p"}]}
    assert await double.send(MINI, "image", media_id=mini) == 0
    assert await double.send(MINI, "link", **link) == 0
    assert await double.send(MINI, "miniprogrampage", **card) == 0
    assert await double.send(MINI, "news", **news) == 45162
    assert await double.send(MINI, "voice", media_id=mini) == 45162
    assert await double.send(OFFICIAL, "news", **news) == 0
    assert await double.send(OFFICIAL, "link", **link) == 45162
    assert await double.send(OFFICIAL, "voice", media_id=official) == 0
    assert await double.send(OFFICIAL, "wxcard", card_id="1") == 0
    assert await double.send(OFFICIAL, "news", articles=[{}, {}]) == 45008
    assert await double.send(OFFICIAL, "nonsense", a=1) == 40008


async def test_media_must_exist_and_belong_to_the_account(double: Running) -> None:
    await double.say()
    assert await double.send(MINI, "image", media_id="nothing") == 40007
    assert await double.send(MINI, "image", media_id=await _upload(double, OTHER)) == 40007


async def test_menu_depends_on_the_switches(double: Running) -> None:
    await double.say()
    await double.say(appid=OFFICIAL)
    assert await double.send(MINI, "msgmenu", **MENU) == 45162
    await double.switch(menu_on_miniprogram="ok", menu_on_official="40200")
    assert await double.send(MINI, "msgmenu", **MENU) == 0
    assert await double.send(OFFICIAL, "msgmenu", **MENU) == 40200
    assert await double.send(MINI, "msgmenu", list=[{"id": "1"}]) == 40035


async def test_text_is_limited_in_bytes(double: Running) -> None:
    await double.say()
    assert await double.send(content="字" * 682) == 0
    assert await double.send(content="字" * 683) == 45002
    assert await double.send(content="") == 44004
    assert await double.send(content=7) == 47001


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", 44002),
        (b"{", 47001),
        (b"[]", 47001),
        ('{"touser":"字"}'.encode("gbk"), 47001),
        (b'{"touser":"o_stranger","msgtype":"text","text":{"content":"a"}}', 40003),
        (f'{{"touser":"{OPENID}","msgtype":"text"}}'.encode(), 44004),
        (f'{{"touser":"{OPENID}","msgtype":[],"text":1}}'.encode(), 40008),
    ],
)
async def test_malformed_body_is_named(double: Running, raw: bytes, code: int) -> None:
    await double.say()
    query = {"access_token": await double.token()}
    async with double.http.post(f"{double.url}/{SEND}", data=raw, params=query) as answer:
        assert (await answer.json())["errcode"] == code


async def test_escaped_text_is_taken_and_recorded(double: Running) -> None:
    await double.say()
    raw = f'{{"touser":"{OPENID}","msgtype":"text","text":{{"content":"\\u4f60"}}}}'
    query = {"access_token": await double.token()}
    async with double.http.post(f"{double.url}/{SEND}", data=raw, params=query) as answer:
        assert (await answer.json())["errcode"] == 0
    (row,) = await double.record("sends")
    assert (row["content"], row["escaped"]) == ("你", True)


async def test_openid_of_another_account_is_unknown(double: Running) -> None:
    await double.say(appid=OTHER)
    assert await double.send(MINI) == 40003


async def _sends(double: Running, appid: str = MINI, most: int = 8) -> list[int]:
    return [await double.send(appid) for _ in range(most)]


async def test_message_buys_five_sends_that_do_not_add_up(double: Running) -> None:
    await double.say()
    assert await _sends(double) == [0] * 5 + [45047] * 3
    await double.say()
    await double.say()
    assert await _sends(double, most=6) == [0] * 5 + [45047]


async def test_window_of_a_message_closes_after_two_days(double: Running) -> None:
    await double.say()
    await double.advance(48 * 3600 - 60)
    assert await double.send() == 0
    await double.advance(61)
    assert await double.send() == 45015


async def test_entering_buys_two_sends_in_one_minute(double: Running) -> None:
    await double.event("user_enter_tempsession")
    assert await _sends(double, most=3) == [0, 0, 45047]
    await double.advance(61)
    assert await double.send() == 45015


async def test_entering_after_a_message_sets_the_count_and_keeps_the_window(
    double: Running,
) -> None:
    await double.say()
    await double.event("user_enter_tempsession")
    await double.advance(3600)
    assert await _sends(double, most=3) == [0, 0, 45047]


async def test_count_can_be_told_to_keep_the_larger(double: Running) -> None:
    await double.switch(quota_rule="max")
    await double.say()
    await double.event("user_enter_tempsession")
    assert await _sends(double, most=6) == [0] * 5 + [45047]


@pytest.mark.parametrize("event", ["subscribe", "SCAN", "CLICK", "scancode_waitmsg"])
async def test_official_accounts_events_buy_three_sends(double: Running, event: str) -> None:
    await double.event(event, OFFICIAL)
    assert await _sends(double, OFFICIAL, most=4) == [0, 0, 0, 45047]


async def test_view_and_foreign_events_buy_nothing(double: Running) -> None:
    await double.event("VIEW", OFFICIAL, EventKey="https://example.com/")
    await double.event("CLICK", MINI)
    assert await double.send(OFFICIAL) == 45015
    assert await double.send(MINI) == 45015


async def test_refused_message_costs_nothing(double: Running) -> None:
    await double.say()
    assert await double.send(content="字" * 700) == 45002
    assert await _sends(double, most=6) == [0] * 5 + [45047]


async def test_older_quota_can_be_set(double: Running) -> None:
    await double.switch(message_quota=20)
    await double.say()
    assert await _sends(double, most=21) == [0] * 20 + [45047]


async def test_who_unsubscribed_gets_nothing_and_writes_nothing(double: Running) -> None:
    await double.say(appid=OFFICIAL)
    await double.event("unsubscribe", OFFICIAL)
    assert await double.send(OFFICIAL) == 43004
    assert "关注" in (await double.say(appid=OFFICIAL))["error"]
    await double.event("subscribe", OFFICIAL)
    assert await double.send(OFFICIAL) == 0


async def _press(double: Running, item: str = "102") -> dict[str, Any]:
    await double.say(appid=OFFICIAL)
    assert await double.send(OFFICIAL, "msgmenu", **MENU) == 0
    seq = (await double.log(OFFICIAL))["entries"][-1]["seq"]
    who = {"appid": OFFICIAL, "openid": OPENID, "wait": True}
    return await double.control("press", {**who, "seq": seq, "id": item})


async def test_pressing_a_menu_item_pushes_its_text_and_id(double: Running) -> None:
    await _press(double)
    body = double.receiver.received[-1].body.decode()
    assert "<Content><![CDATA[不满意]]></Content>" in body
    assert "<bizmsgmenuid><![CDATA[102]]></bizmsgmenuid>" in body
    assert await _sends(double, OFFICIAL, most=4) == [0, 0, 0, 45047]


@pytest.mark.parametrize(("given", "shown"), [("absent", None), ("zero", "[0]")])
async def test_menu_item_may_come_without_its_id(
    double: Running, given: str, shown: str | None
) -> None:
    await double.switch(menu_press_id=given, menu_press_quota="message")
    await _press(double)
    body = double.receiver.received[-1].body.decode()
    assert (f"<bizmsgmenuid><![CDATA{shown}]></bizmsgmenuid>" in body) == (shown is not None)
    assert ("bizmsgmenuid" in body) == (shown is not None)
    assert await _sends(double, OFFICIAL, most=6) == [0] * 5 + [45047]


async def test_pressing_what_is_not_there_is_refused(double: Running) -> None:
    assert "103" in (await _press(double, "103"))["error"]
    nothing = {"appid": OFFICIAL, "openid": OPENID, "seq": 999999, "id": "1"}
    assert "菜单" in (await double.control("press", nothing))["error"]


async def test_typing_line_follows_its_rules(double: Running) -> None:
    await double.say()
    assert await double.call(BUSINESS, TYPING) == 0
    assert (await double.log())["typing"] is True
    assert await double.call(BUSINESS, TYPING) == 45081
    await double.advance(16)
    assert (await double.log())["typing"] is False
    assert await double.call(BUSINESS, TYPING) == 0
    assert await double.call(BUSINESS, {**TYPING, "command": "CancelTyping"}) == 0
    assert (await double.log())["typing"] is False
    assert await double.call(BUSINESS, {**TYPING, "command": "Nonsense"}) == 45072
    await double.advance(31)
    assert await double.call(BUSINESS, TYPING) == 45080


async def test_message_takes_the_typing_line_away(double: Running) -> None:
    await double.say()
    await double.call(BUSINESS, TYPING)
    await double.send()
    assert (await double.log())["typing"] is False


async def test_typing_has_its_path_for_each_kind_of_account(double: Running) -> None:
    await double.say()
    await double.say(appid=OFFICIAL)
    assert await double.call(BUSINESS, TYPING, OFFICIAL) == 40200
    assert await double.call(PLAIN, TYPING, OFFICIAL) == 0
    assert await double.call(PLAIN, TYPING) == 0
    await double.switch(typing_path="business")
    assert await double.call(PLAIN, TYPING) == 40200
    await double.switch(typing_path="plain")
    assert await double.call(BUSINESS, TYPING) == 40200
