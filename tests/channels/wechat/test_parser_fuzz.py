"""Bodies made to break the parser, and arbitrary bytes: refused, and nothing else raised."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import example, given
from hypothesis import strategies as st

from kefu.channels.wechat.accounts import Account, Mode
from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.passive import render
from kefu.channels.wechat.pushes import Push, dedupe_key, open_push, parse_body, read_push
from kefu.channels.wechat.signature import (
    Freshness,
    PushRefused,
    message_signature,
    plain_signature,
)

NOW = 1_800_000_000
TOKEN = "token"
KEY = "A" * 43
CIPHER = PushCipher(KEY, "wx1234567890abcdef")
MODES: list[Mode] = ["plain", "compatible", "safe"]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
IDENTITY = st.sampled_from(["FromUserName", "ToUserName", "CreateTime", "MsgType", "MsgId"])
NAMES = IDENTITY | st.sampled_from(["Event", "Content", "Encrypt", "BusinessId", "action"])
FIELDS = st.dictionaries(NAMES | st.text(), VALUES, max_size=10)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TAGS = st.sampled_from(["<xml>", "</xml>", "<a>", "</a>", "<a/>", "<?a?>", "<!DOCTYPE a>"])
SIGNS = st.sampled_from(["<![CDATA[", "]]>", "<!--", "-->", "&lt;", "&#0;", "&b;", "\ufeff"])
OTHERS = st.sampled_from(["{", "}", "[", '"', ":", "\\u", "\x00"])
MARKUP = st.lists(TAGS | SIGNS | OTHERS | TEXT, max_size=20).map("".join)
BODIES = st.one_of(
    st.binary(),
    MARKUP.map(lambda text: text.encode()),
    MARKUP.map(lambda text: f"<xml>{text}</xml>".encode()),
    FIELDS.map(lambda fields: json.dumps(fields).encode()),
    FIELDS.map(lambda fields: render(fields, "xml").encode()),
)

ENTITY_BOMB = (
    '<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    "<xml><FromUserName>&c;</FromUserName></xml>"
)
EXTERNAL_ENTITY = (
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    "<xml><FromUserName>&e;</FromUserName></xml>"
)


def account(mode: Mode) -> Account:
    return Account("shop", "miniprogram", "wx1234567890abcdef", "", TOKEN, KEY, mode)


def opened(mode: Mode, query: dict[str, str], body: bytes) -> Push | None:
    return open_push(account(mode), query, body, CIPHER, Freshness(clock=lambda: float(NOW)))


def everything(mode: Mode, query: dict[str, str], body: bytes) -> None:
    """Open a push and use all of it, as the receiver would."""
    with contextlib.suppress(PushRefused):
        push = opened(mode, query, body)
        if push is not None:
            assert push.openid
            key = dedupe_key(push)
            assert len(key) <= 100 and key.isascii() and key.isprintable()
            # What storage does with it.
            json.dumps(dict(push.fields), ensure_ascii=False, allow_nan=False).encode()


def body_refusal(body: bytes) -> str:
    with pytest.raises(PushRefused) as refused:
        parse_body(body)
    return refused.value.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "unknown_format"),
        (b"success", "unknown_format"),
        (b"[1]", "unknown_format"),
        (b"\x00{}", "unknown_format"),
        (b"{", "bad_json"),
        (b'{"a": 1} x', "bad_json"),
        (b'{"a": NaN}', "bad_json"),
        (b'{"a": -Infinity}', "bad_json"),
        (b'{"a": 1e999}', "bad_json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "bad_json"),
        (b"<xml>", "bad_xml"),
        (b"<xml></xml><xml/>", "bad_xml"),
        (b"<xml>\x00</xml>", "bad_xml"),
        (b"<xml>&#xD800;</xml>", "bad_xml"),
        (b"<xml>&nothing;</xml>", "bad_xml"),
        (b"<xml><a>1</b></xml>", "bad_xml"),
        (b"<", "bad_xml"),
        (ENTITY_BOMB.encode(), "doctype"),
        (EXTERNAL_ENTITY.encode(), "doctype"),
        (b"<!DOCTYPE xml><xml/>", "doctype"),
        (b'<!DOCTYPE xml SYSTEM "http://127.0.0.1/x.dtd"><xml/>', "doctype"),
        ("<xml>中文</xml>".encode("gbk"), "bad_encoding"),
        ("<xml/>".encode("utf-16"), "bad_encoding"),
        (b'<?xml version="1.0" encoding="GBK"?><xml/>', "bad_encoding"),
        (b'{"a": "\xff"}', "bad_encoding"),
    ],
)
def test_body_that_is_no_push_is_refused(body: bytes, reason: str) -> None:
    assert body_refusal(body) == reason


@pytest.mark.parametrize("levels", [30, 20_000])
def test_deep_nesting_is_refused(levels: int) -> None:
    assert body_refusal(b"<a>" * levels + b"</a>" * levels) == "too_deep"
    assert body_refusal(b'{"a":' * levels + b"1" + b"}" * levels) == "too_deep"
    assert body_refusal(b'{"a":' + b"[" * levels + b"]" * levels + b"}") == "too_deep"


def test_text_that_no_database_stores_is_replaced() -> None:
    fields, _ = parse_body(rb'{"Content": "a\ud800b\u0000c\ud83d\ude00", "\udfff": ["\udc00"]}')
    assert fields == {"Content": "a\ufffdb\ufffdc😀", "\ufffd": ["\ufffd"]}


@given(BODIES)
def test_unsigned_bytes_are_refused(body: bytes) -> None:
    query = {"signature": "x", "msg_signature": "x", "timestamp": str(NOW), "nonce": "n"}
    for mode in MODES:
        with contextlib.suppress(PushRefused):
            # The check of a cloud-hosted address.
            assert opened(mode, query, body) is None


@given(BODIES)
@example(b'{"FromUserName":"o_1","Content":"\\ud800\\u0000"}')
@example(b"<xml><FromUserName>o_1</FromUserName><MsgId>1</MsgId><MsgId>2</MsgId></xml>")
def test_signed_bytes_never_break_the_parser(body: bytes) -> None:
    signed = plain_signature(TOKEN, str(NOW), "n")
    everything("plain", {"signature": signed, "timestamp": str(NOW), "nonce": "n"}, body)


@given(BODIES)
def test_encrypted_bytes_never_break_the_parser(body: bytes) -> None:
    encrypted = CIPHER.encrypt(body.decode("utf-8", "replace"))
    signed = message_signature(TOKEN, str(NOW), "n", encrypted)
    envelope = json.dumps({"Encrypt": encrypted}).encode()
    query = {"msg_signature": signed, "timestamp": str(NOW), "nonce": "n"}
    everything("safe", query, envelope)


@given(st.dictionaries(st.sampled_from(["signature", "timestamp", "nonce"]), st.text()))
def test_any_query_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(PushRefused):
        opened("plain", query, b'{"FromUserName":"o_1"}')


@given(st.text())
def test_any_text_is_a_bad_cipher(encrypted: str) -> None:
    refused_or_text(encrypted)


@given(st.binary(max_size=200))
def test_any_blocks_are_refused(data: bytes) -> None:
    refused_or_text(base64.b64encode(data).decode())


@given(st.binary(max_size=200), st.integers(0, 40))
def test_any_decrypted_bytes_are_refused(data: bytes, padding: int) -> None:
    filled = data + bytes(-len(data) % 16) + bytes([padding]) * 32
    encryptor = Cipher(AES(bytes(32)), CBC(bytes(16))).encryptor()
    refused_or_text(base64.b64encode(encryptor.update(filled) + encryptor.finalize()).decode())


@given(TEXT)
def test_any_text_comes_back_from_the_cipher(text: str) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(text)) == text


@given(FIELDS)
def test_what_is_rendered_in_json_is_read_again(fields: dict[str, Any]) -> None:
    with contextlib.suppress(PushRefused):
        read, body_format = parse_body(json.dumps(fields).encode())
        assert body_format == "json"
        assert parse_body(render(read, "json").encode()) == (read, "json")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_customers_text_is_the_same_through_json_and_xml(text: str) -> None:
    fields = {"FromUserName": "o_1", "Content": text}
    by_json = read_push(*parse_body(render(fields, "json").encode())).text("Content")
    assert by_json == text.replace("\x00", "\ufffd")
    if text.isprintable():
        by_xml = read_push(*parse_body(render(fields, "xml").encode())).text("Content")
        assert by_xml == text


def refused_or_text(encrypted: str) -> None:
    with contextlib.suppress(PushRefused):
        assert isinstance(CIPHER.decrypt(encrypted), str)
