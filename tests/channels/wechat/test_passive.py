"""Answers to a push: the hand-over, in both formats, plain and encrypted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.passive import CONTENT_TYPES, render, sealed, transfer
from kefu.channels.wechat.pushes import BodyFormat, Push, parse_body, read_push
from kefu.channels.wechat.signature import message_signature

NOW = 1_800_000_000
CIPHER = PushCipher("k" * 43, "wx1234567890abcdef")
FORMATS: list[BodyFormat] = ["json", "xml"]


@pytest.fixture
def push() -> Push:
    return read_push(
        {"ToUserName": "gh_1", "FromUserName": "o_1", "MsgType": "text", "Content": "人工"}, "json"
    )


def test_transfer_goes_back_to_the_customer(push: Push) -> None:
    assert transfer(push, None, NOW) == {
        "ToUserName": "o_1",
        "FromUserName": "gh_1",
        "CreateTime": NOW,
        "MsgType": "transfer_customer_service",
    }


def test_transfer_may_name_a_person(push: Push) -> None:
    assert transfer(push, "an@shop", NOW)["TransInfo"] == {"KfAccount": "an@shop"}


def test_transfer_in_xml_is_as_documented(push: Push) -> None:
    assert render(transfer(push, "an@shop", NOW), "xml") == (
        "<xml><ToUserName><![CDATA[o_1]]></ToUserName>"
        "<FromUserName><![CDATA[gh_1]]></FromUserName>"
        f"<CreateTime>{NOW}</CreateTime>"
        "<MsgType><![CDATA[transfer_customer_service]]></MsgType>"
        "<TransInfo><KfAccount><![CDATA[an@shop]]></KfAccount></TransInfo></xml>"
    )


def test_json_keeps_numbers_and_chinese() -> None:
    assert render({"CreateTime": NOW, "Content": "你好"}, "json") == (
        f'{{"CreateTime": {NOW}, "Content": "你好"}}'
    )


@pytest.mark.parametrize("text", ["]]>", "a]]>b]]>", "]]", "<b>&amp;</b>", "你好😀", "]]]]>>"])
def test_any_text_survives_xml(text: str) -> None:
    assert parse_body(render({"Content": text}, "xml").encode()) == ({"Content": text}, "xml")


def test_characters_that_xml_has_none_for_are_left_out() -> None:
    body = render({"Content": "a\x00\x0b\ud800\ufffeb"}, "xml")
    assert parse_body(body.encode()) == ({"Content": "ab"}, "xml")


@pytest.mark.parametrize("body_format", FORMATS)
def test_encrypted_answer_can_be_verified_and_opened(body_format: BodyFormat, push: Push) -> None:
    answer = render(transfer(push, None, NOW), body_format)
    envelope, read_format = parse_body(
        sealed(answer, body_format, CIPHER, "token", "415670741", NOW).encode()
    )
    assert read_format == body_format
    assert list(envelope) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
    assert CIPHER.decrypt(envelope["Encrypt"]) == answer
    assert envelope["MsgSignature"] == message_signature(
        "token", str(NOW), "415670741", envelope["Encrypt"]
    )
    assert envelope["Nonce"] == "415670741"


def test_json_envelope_has_a_number_for_time_and_text_for_nonce() -> None:
    envelope: dict[str, Any] = json.loads(sealed("{}", "json", CIPHER, "token", "1", NOW))
    assert (envelope["TimeStamp"], envelope["Nonce"]) == (NOW, "1")


def test_xml_envelope_marks_time_as_a_number() -> None:
    envelope = sealed("<xml/>", "xml", CIPHER, "token", "1", NOW)
    assert f"<TimeStamp>{NOW}</TimeStamp><Nonce><![CDATA[1]]></Nonce>" in envelope


def test_content_types_name_format_and_encoding() -> None:
    assert CONTENT_TYPES == {
        "json": "application/json; charset=utf-8",
        "xml": "text/xml; charset=utf-8",
    }
