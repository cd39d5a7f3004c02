"""Pushes in every mode and format: signatures, fields and repeats."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kefu.channels.wechat.accounts import Account, Mode
from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.pushes import Push, dedupe_key, open_push, parse_body, read_push
from kefu.channels.wechat.signature import (
    Freshness,
    PushRefused,
    message_signature,
    plain_signature,
)

NOW = 1_800_000_000
TOKEN = "token"
KEY = "k" * 43
APPID = "wx1234567890abcdef"
CIPHER = PushCipher(KEY, APPID)
MESSAGE = {
    "ToUserName": "gh_000000000001",
    "FromUserName": "o_customer",
    "CreateTime": NOW,
    "MsgType": "text",
    "Content": "在吗",
    "MsgId": 24_863_107_247_798_612,
}


def account(mode: Mode = "safe", token: str = TOKEN) -> Account:
    return Account("shop", "miniprogram", APPID, "secret", token, KEY, mode)


def as_json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


def as_xml(fields: dict[str, Any]) -> bytes:
    inner = "".join(f"<{tag}><![CDATA[{value}]]></{tag}>" for tag, value in fields.items())
    return f"<xml>{inner}</xml>".encode()


def plain_query(nonce: str = "n", token: str = TOKEN, at: int = NOW) -> dict[str, str]:
    return {
        "signature": plain_signature(token, str(at), nonce),
        "timestamp": str(at),
        "nonce": nonce,
    }


def sealed_query(encrypted: str, nonce: str = "n", token: str = TOKEN) -> dict[str, str]:
    signed = message_signature(token, str(NOW), nonce, encrypted)
    return {**plain_query(nonce), "encrypt_type": "aes", "msg_signature": signed}


def opened(
    mode: Mode,
    query: dict[str, str],
    body: bytes,
    cipher: PushCipher | None = CIPHER,
    freshness: Freshness | None = None,
    max_body: int = 131_072,
) -> Push | None:
    fresh = freshness or Freshness(clock=lambda: float(NOW))
    return open_push(account(mode), query, body, cipher, fresh, max_body)


def refusal(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(PushRefused) as refused:
        opened(*args, **kwargs)
    return refused.value.reason


def pushed(**fields: Any) -> Push:
    return read_push({**MESSAGE, **fields}, "json")


def event(**fields: Any) -> Push:
    base = {name: value for name, value in MESSAGE.items() if name not in ("MsgId", "Content")}
    return read_push({**base, "MsgType": "event", **fields}, "json")


# Modes and signatures


@pytest.mark.parametrize("write", [as_json, as_xml])
@pytest.mark.parametrize("mode", ["plain", "compatible"])
def test_plain_push_is_opened(mode: Mode, write: Any) -> None:
    push = opened(mode, plain_query(), write(MESSAGE))
    assert push is not None
    assert (push.openid, push.to, push.created_at) == ("o_customer", "gh_000000000001", NOW)
    assert (push.type, push.event, push.text("Content")) == ("text", "", "在吗")
    assert push.msg_id == "24863107247798612"
    assert push.format == ("json" if write is as_json else "xml")
    assert not push.encrypted


@pytest.mark.parametrize("write", [as_json, as_xml])
@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_encrypted_push_is_opened_in_every_mode(mode: Mode, write: Any) -> None:
    encrypted = CIPHER.encrypt(write(MESSAGE).decode())
    body = write({"ToUserName": "gh_000000000001", "Encrypt": encrypted})
    push = opened(mode, sealed_query(encrypted), body)
    assert push is not None
    assert (push.openid, push.text("Content"), push.encrypted) == ("o_customer", "在吗", True)
    assert push.format == ("json" if write is as_json else "xml")


def test_compatible_mode_believes_the_encrypted_fields_only() -> None:
    encrypted = CIPHER.encrypt(as_json(MESSAGE).decode())
    forged = {**MESSAGE, "FromUserName": "o_other", "Content": "退款", "Extra": "1"}
    push = opened("compatible", sealed_query(encrypted), as_json({**forged, "Encrypt": encrypted}))
    assert push is not None
    assert (push.openid, push.text("Content"), push.text("Extra")) == ("o_customer", "在吗", "")


def test_plain_signature_does_not_open_an_encrypted_push() -> None:
    encrypted = CIPHER.encrypt(as_json(MESSAGE).decode())
    query = {**plain_query(), "msg_signature": plain_query()["signature"]}
    for given in (query, plain_query()):
        assert refusal("compatible", given, as_json({"Encrypt": encrypted})) == "bad_signature"


def test_safe_mode_refuses_a_plain_push_with_a_good_signature() -> None:
    assert refusal("safe", plain_query(), as_json(MESSAGE)) == "not_encrypted"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"signature": "", "timestamp": str(NOW), "nonce": "n"},
        plain_query(token="other"),
        {**plain_query(), "nonce": "m"},
        {**plain_query(), "timestamp": str(NOW + 1)},
    ],
)
def test_wrong_plain_signature_is_refused(query: dict[str, str]) -> None:
    assert refusal("plain", query, as_json(MESSAGE)) == "bad_signature"


def test_wrong_message_signature_is_refused_before_decrypting() -> None:
    body = as_json({"Encrypt": "not even base64"})
    assert refusal("safe", sealed_query("other"), body) == "bad_signature"


def test_signed_rubbish_is_a_bad_cipher() -> None:
    for value in ("not even base64", "", "AAAA"):
        body = as_json({"Encrypt": value})
        assert refusal("safe", sealed_query(value), body) == "bad_cipher"
    assert refusal("safe", sealed_query("x"), as_json({"Encrypt": ["x"]})) == "bad_cipher"


def test_push_of_another_account_is_refused() -> None:
    encrypted = PushCipher(KEY, "wx0000000000000000").encrypt(as_json(MESSAGE).decode())
    assert refusal("safe", sealed_query(encrypted), as_json({"Encrypt": encrypted})) == (
        "wrong_appid"
    )


def test_encrypted_push_without_a_key_names_the_reason() -> None:
    encrypted = CIPHER.encrypt(as_json(MESSAGE).decode())
    body = as_json({"Encrypt": encrypted})
    assert refusal("plain", sealed_query(encrypted), body, cipher=None) == "no_key"


def test_age_is_checked_after_the_signature() -> None:
    old = plain_query(at=NOW - 3600)
    assert refusal("plain", old, as_json(MESSAGE)) == "stale"
    assert refusal("plain", {**old, "signature": "x"}, as_json(MESSAGE)) == "bad_signature"


def test_signature_over_no_time_is_stale() -> None:
    query = {"signature": plain_signature(TOKEN, "", "")}
    assert refusal("plain", query, as_json(MESSAGE)) == "stale"


def test_repeat_is_opened_again_and_other_content_is_not() -> None:
    freshness = Freshness(clock=lambda: float(NOW))
    other = as_json({**MESSAGE, "Content": "退款到我的新卡"})
    for _ in range(3):
        assert opened("plain", plain_query(), as_json(MESSAGE), freshness=freshness)
    assert refusal("plain", plain_query(), other, freshness=freshness) == "replayed"


def test_repeat_that_was_encrypted_anew_is_opened() -> None:
    freshness = Freshness(clock=lambda: float(NOW))
    for _ in range(2):
        encrypted = CIPHER.encrypt(as_json(MESSAGE).decode())
        body = as_json({"Encrypt": encrypted})
        assert opened("safe", sealed_query(encrypted), body, freshness=freshness)


def test_push_that_was_refused_does_not_use_up_its_nonce() -> None:
    freshness = Freshness(clock=lambda: float(NOW))
    forged = {**plain_query(), "signature": "x"}
    assert refusal("plain", forged, as_json({**MESSAGE, "Content": "x"}), freshness=freshness)
    assert opened("plain", plain_query(), as_json(MESSAGE), freshness=freshness)


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"action":"CheckContainerPath"}',
        b"<xml><action>CheckContainerPath</action></xml>",
    ],
)
def test_check_of_a_cloud_hosted_address_is_no_push(mode: Mode, body: bytes) -> None:
    assert opened(mode, {}, body) is None


def test_message_does_not_pass_as_the_check_of_an_address() -> None:
    body = as_json({**MESSAGE, "action": "CheckContainerPath"})
    assert refusal("plain", {}, body) == "bad_signature"


def test_body_above_the_limit_is_refused_unread() -> None:
    assert refusal("plain", {}, b"<" * 5_000_000) == "too_large"
    assert refusal("plain", plain_query(), as_json(MESSAGE), max_body=10) == "too_large"


# Bodies


def test_json_keeps_every_digit_and_kind_of_value() -> None:
    fields, body_format = parse_body(
        b'\xef\xbb\xbf \r\n{"MsgId": 9223372036854775808, "a": 1.5, "b": null, "c": [{"d": "e"}]}'
    )
    assert fields == {"MsgId": 2**63, "a": 1.5, "b": None, "c": [{"d": "e"}]}
    assert body_format == "json"


def test_xml_becomes_the_fields_that_json_would_have() -> None:
    body = b"""\xef\xbb\xbf
    <?xml version="1.0" encoding="UTF-8"?>
    <xml>
      <ToUserName><![CDATA[gh_1]]></ToUserName>
      <Empty></Empty> <Also/> <Blank><![CDATA[]]></Blank>
      <Laid>
        <![CDATA[out]]>
      </Laid>
      <List><Id>1</Id></List>
      <List><Id>2</Id></List>
      <Info><Count>1</Count><Items><item><Md5>a</Md5></item></Items></Info>
    </xml>
    """
    assert parse_body(body) == (
        {
            "ToUserName": "gh_1",
            "Empty": "",
            "Also": "",
            "Blank": "",
            "Laid": "out",
            "List": [{"Id": "1"}, {"Id": "2"}],
            "Info": {"Count": "1", "Items": {"item": {"Md5": "a"}}},
        },
        "xml",
    )


def test_three_elements_of_one_name_are_one_list() -> None:
    fields, _ = parse_body(b"<xml><a>1</a><b>2</b><a>3</a><a/></xml>")
    assert fields == {"a": ["1", "3", ""], "b": "2"}


def test_whitespace_the_customer_wrote_is_kept() -> None:
    fields, _ = parse_body("<xml><Content><![CDATA[  第一行\n\n  ]]></Content></xml>".encode())
    assert fields == {"Content": "  第一行\n\n  "}
    fields, _ = parse_body(b"<xml><Content><![CDATA[  ]]></Content></xml>")
    assert fields == {"Content": "  "}


def test_text_in_several_sections_is_joined() -> None:
    fields, _ = parse_body(b"<xml><a><![CDATA[x]]]]><![CDATA[>y]]> &amp; z</a></xml>")
    assert fields == {"a": "x]]>y & z"}


def test_line_break_left_as_it_is_in_json_is_read() -> None:
    assert parse_body(b'{"Content": "a\nb"}') == ({"Content": "a\nb"}, "json")


# Fields


@pytest.mark.parametrize("openid", [None, "", "  ", {"a": "b"}, ["o_1", "o_2"]])
def test_push_without_a_customer_is_refused(openid: Any) -> None:
    with pytest.raises(PushRefused) as refused:
        pushed(FromUserName=openid)
    assert refused.value.reason == "no_sender"


@pytest.mark.parametrize(
    ("given", "read"),
    [(NOW, NOW), (str(NOW), NOW), (f" {NOW}\n", NOW), ("soon", 0), ("-1", 0), (None, 0)],
)
def test_time_is_read_as_text_and_as_number(given: Any, read: int) -> None:
    assert pushed(CreateTime=given).created_at == read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (2**63, "9223372036854775808"),
        ("24863107247798612", "24863107247798612"),
        ("49d72d67_1555684067", "49d72d67_1555684067"),
        (None, ""),
        ({"a": "b"}, ""),
    ],
)
def test_msg_id_is_text_with_every_digit(given: Any, read: str) -> None:
    assert pushed(MsgId=given).msg_id == read


@pytest.mark.parametrize("name", ["SCAN", "scan", "Scan"])
def test_event_is_lower_case(name: str) -> None:
    assert event(MsgType="EVENT", Event=name).event == "scan"


def test_message_is_no_event_whatever_its_fields() -> None:
    assert pushed(Event="subscribe").event == ""


def test_id_of_a_sent_template_is_no_msg_id() -> None:
    assert event(Event="TEMPLATESENDJOBFINISH", MsgID=200_163_836).msg_id == ""


@pytest.mark.parametrize("kind", ["voice", "shortvideo", "file", "transfer_of_tomorrow", ""])
def test_any_type_is_read_with_its_fields(kind: str) -> None:
    push = pushed(MsgType=kind, MediaId16K="m_16", bizmsgmenuid=0, Info={"a": "b"}, Ok=True)
    assert push.type == kind
    assert (push.text("MediaId16K"), push.text("bizmsgmenuid")) == ("m_16", "0")
    assert (push.text("Info"), push.text("Absent"), push.text("Ok")) == ("", "", "true")
    assert push.fields["Info"] == {"a": "b"}


# Repeats


def test_repeat_has_the_same_key_and_the_next_message_another() -> None:
    assert dedupe_key(pushed()) == dedupe_key(pushed()) == f"24863107247798612.{NOW}"
    assert dedupe_key(pushed(MsgId=1)) != dedupe_key(pushed())


def test_msg_id_that_comes_again_later_is_another_message() -> None:
    assert dedupe_key(pushed(CreateTime=NOW + 1)) != dedupe_key(pushed())


def test_json_and_xml_of_one_message_have_the_same_key() -> None:
    read = [read_push(*parse_body(write(MESSAGE))) for write in (as_json, as_xml)]
    assert dedupe_key(read[0]) == dedupe_key(read[1])


@pytest.mark.parametrize("name", ["EventKey", "SessionFrom", "KfAccount", "Ticket"])
def test_events_of_one_second_are_told_apart_by_their_fields(name: str) -> None:
    one, other = event(Event="CLICK", **{name: "1"}), event(Event="CLICK", **{name: "2"})
    assert dedupe_key(one) != dedupe_key(other)
    assert dedupe_key(one) == dedupe_key(event(Event="click", **{name: "1"}))
    assert dedupe_key(one).startswith(f"click.{NOW}.")


def test_messages_without_msg_id_are_told_apart_by_their_content() -> None:
    keys = {dedupe_key(pushed(MsgId=None, Content=text)) for text in ("一", "二", "一")}
    assert len(keys) == 2


def test_business_is_part_of_the_key() -> None:
    assert dedupe_key(pushed(BusinessId=7)) == f"24863107247798612.{NOW}.b7"
    assert dedupe_key(event(Event="CLICK", BusinessId=7)) != dedupe_key(event(Event="CLICK"))


@pytest.mark.parametrize("long", ["x" * 5000, "编号", "a\nb", " "])
def test_key_is_short_printable_and_without_the_openid(long: str) -> None:
    for push in (
        pushed(MsgId=long, BusinessId=long),
        event(Event=long, EventKey=long, BusinessId=long),
        pushed(MsgId="", MsgType=long, Content=long),
    ):
        key = dedupe_key(push)
        assert len(key) <= 100
        assert key.isascii() and key.isprintable() and " " not in key
        assert push.openid not in key
