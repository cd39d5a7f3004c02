"""What a push looks like on the wire, in every mode and format."""

from __future__ import annotations

import base64
import json
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from kefu.wechat_double import cipher
from kefu.wechat_double.accounts import original_id

from .conftest import AES_KEY, MINI, OFFICIAL, OPENID, TOKEN, Running
from .receiver import Received

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 20).decode()


def _xml(body: bytes) -> dict[str, str]:
    root: Element = fromstring(body.decode())
    return {child.tag: child.text or "" for child in root}


def _opened(got: Received, form: str) -> dict[str, Any]:
    """Check the signatures of an encrypted push and return the message inside."""
    envelope = got.json if form == "json" else _xml(got.body)
    query, encrypted = got.query, envelope["Encrypt"]
    assert query["encrypt_type"] == "aes"
    parts = (query["timestamp"], query["nonce"], encrypted)
    assert query["msg_signature"] == cipher.signature(TOKEN, *parts)
    text = cipher.decrypt(AES_KEY, MINI, encrypted)
    opened: dict[str, Any] = json.loads(text) if form == "json" else _xml(text.encode())
    return opened


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_push_is_signed_and_sealed_as_the_mode_says(
    double: Running, mode: str, form: str
) -> None:
    await double.control(f"accounts/{MINI}", {"mode": mode, "format": form})
    told = await double.say("你好 ]]> <a> & 😀")
    assert told["outcome"] == "success"
    (got,) = double.receiver.received
    assert got.headers["Content-Type"] == {"json": "application/json", "xml": "text/xml"}[form]
    assert got.query["openid"] == OPENID
    signed = cipher.signature(TOKEN, got.query["timestamp"], got.query["nonce"])
    assert got.query["signature"] == signed
    clear = got.json if form == "json" else _xml(got.body)
    if mode == "plain":
        message = clear
        assert "msg_signature" not in got.query
    else:
        message = _opened(got, form)
        fields = set(clear) - {"Encrypt"}
        assert fields == (set(message) if mode == "compatible" else {"ToUserName"})
    assert message["Content"] == "你好 ]]> <a> & 😀"
    assert (message["ToUserName"], message["FromUserName"]) == (original_id(MINI), OPENID)


async def test_json_numbers_stay_numbers(double: Running) -> None:
    await double.say()
    message = double.receiver.received[0].json
    assert type(message["CreateTime"]) is type(message["MsgId"]) is int
    assert message["MsgId"] > 2**53


async def test_wechatpy_opens_a_safe_push_of_an_official_account(double: Running) -> None:
    await double.control(f"accounts/{OFFICIAL}", {"mode": "safe"})
    told = await double.say("转人工", OFFICIAL)
    (got,) = double.receiver.received
    crypto = WeChatCrypto(TOKEN, AES_KEY, OFFICIAL)
    query = got.query
    opened = crypto.decrypt_message(
        got.body.decode(), query["msg_signature"], query["timestamp"], query["nonce"]
    )
    message = parse_message(opened)
    assert (message.content, message.id) == ("转人工", told["msg_id"])


async def test_openid_can_be_left_out_of_the_address(double: Running) -> None:
    await double.switch(openid_in_query=False)
    await double.say()
    assert "openid" not in double.receiver.received[0].query


@pytest.mark.parametrize(
    ("type_", "attributes"),
    [
        ("image", ("image", "media_id")),
        ("voice", ("media_id", "format")),
        ("video", ("media_id", "thumb_media_id")),
        ("shortvideo", ("media_id", "thumb_media_id")),
        ("location", ("location", "scale", "label")),
        ("link", ("title", "url")),
        ("miniprogrampage", ("app_id", "page_path", "title", "thumb_media_id")),
    ],
)
async def test_wechatpy_reads_every_message_type(
    double: Running, type_: str, attributes: tuple[str, ...]
) -> None:
    await double.say("标题", OFFICIAL, type=type_, media=PNG)
    message = parse_message(double.receiver.received[0].body)
    assert message.type == type_
    assert all(getattr(message, name) for name in attributes)


async def test_fields_replace_add_and_take_away(double: Running) -> None:
    await double.say("1", fields={"MsgId": 7, "BusinessId": 1, "CreateTime": None})
    message = double.receiver.received[0].json
    assert (message["MsgId"], message["BusinessId"]) == (7, 1)
    assert "CreateTime" not in message


async def test_voice_comes_in_two_rates_and_without_a_transcript(double: Running) -> None:
    amr = base64.b64encode(b"#!AMR\n" + b"0" * 20).decode()
    await double.say("", OFFICIAL, type="voice", media=amr)
    message = _xml(double.receiver.received[0].body)
    assert (message["Format"], message["Recognition"]) == ("amr", "")
    assert message["MediaId16K"] != message["MediaId"]


@pytest.mark.parametrize("right", [True, False])
async def test_url_verification_is_signed_with_the_token_given(
    double: Running, right: bool
) -> None:
    async def reply(got: Received) -> bytes:
        query = got.query
        expected = cipher.signature(TOKEN, query["timestamp"], query["nonce"])
        return query["echostr"].encode() if query["signature"] == expected else b"no"

    double.receiver.reply = reply
    answer = await double.control("verify", {"appid": MINI, **({} if right else {"token": "bad"})})
    assert (answer["ok"], answer["status"]) == (right, 200)
    (got,) = double.receiver.received
    assert (got.method, set(got.query)) == (
        "GET",
        {"signature", "timestamp", "nonce", "echostr"},
    )
    assert answer["body"] == (got.query["echostr"] if right else "no")


async def test_cloud_hosting_asks_in_its_own_way(double: Running) -> None:
    answer = await double.control("verify", {"appid": MINI, "container": True})
    assert answer == {"ok": True, "status": 200, "body": "success"}
    assert double.receiver.received[0].json == {"action": "CheckContainerPath"}
    await double.control("verify", {"appid": OFFICIAL, "container": True})
    assert _xml(double.receiver.received[1].body) == {"action": "CheckContainerPath"}


async def test_verification_of_an_address_nobody_serves_says_so(double: Running) -> None:
    await double.receiver.stop()
    assert "无法连接" in (await double.control("verify", {"appid": MINI}))["error"]


async def test_nested_event_fields_are_written_in_both_formats(double: Running) -> None:
    items = [{"TemplateId": "a", "PopupScene": 0}, {"TemplateId": "b", "PopupScene": 1}]
    await double.event("subscribe_msg_popup_event", List=items)
    assert double.receiver.received[0].json["List"] == items
    await double.event("subscribe_msg_popup_event", OFFICIAL, Wrap={"List": items})
    root = fromstring(double.receiver.received[1].body)
    assert [one.findtext("TemplateId") for one in root.iter("List")] == ["a", "b"]
