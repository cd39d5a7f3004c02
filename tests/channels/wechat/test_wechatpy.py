"""A second opinion: wechatpy opens what we seal, and reads XML as we do."""

from __future__ import annotations

import pytest
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.passive import render, sealed, transfer
from kefu.channels.wechat.pushes import Push, open_push, parse_body, read_push
from kefu.channels.wechat.signature import Freshness, plain_signature

NOW = 1_800_000_000
TOKEN = "token"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APPID = "wx1234567890abcdef"
CIPHER = PushCipher(KEY, APPID)
THEIRS = WeChatCrypto(TOKEN, KEY, APPID)
HEAD = (
    "<ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[o_1]]></FromUserName>"
    f"<CreateTime>{NOW}</CreateTime>"
)
TEXTS = ["在吗", "a", "x" * 11, "<b>&amp;</b>", "😀" * 300]


def xml(inner: str) -> str:
    return f"<xml>{HEAD}{inner}</xml>"


def message(kind: str, inner: str) -> str:
    return xml(f"<MsgType><![CDATA[{kind}]]></MsgType>{inner}<MsgId>24863107247798612</MsgId>")


def event(name: str, inner: str = "") -> str:
    return xml(f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{inner}")


def read(text: str) -> Push:
    return read_push(*parse_body(text.encode()))


def test_it_accepts_our_signature() -> None:
    check_signature(TOKEN, plain_signature(TOKEN, str(NOW), "n"), str(NOW), "n")
    with pytest.raises(InvalidSignatureException):
        check_signature(TOKEN, plain_signature("other", str(NOW), "n"), str(NOW), "n")


@pytest.mark.parametrize("text", TEXTS)
def test_we_open_what_it_encrypts(text: str) -> None:
    plain = message("text", f"<Content><![CDATA[{text}]]></Content>")
    body = THEIRS.encrypt_message(plain, "nonce", str(NOW))
    envelope, _ = parse_body(body.encode())
    query = {
        "timestamp": str(NOW),
        "nonce": "nonce",
        "msg_signature": envelope["MsgSignature"],
    }
    account = Account("shop", "official", APPID, "", TOKEN, KEY)
    fresh = Freshness(clock=lambda: float(NOW))
    push = open_push(account, query, body.encode(), CIPHER, fresh)
    assert push is not None
    assert (push.openid, push.text("Content"), push.format) == ("o_1", text, "xml")


@pytest.mark.parametrize("text", TEXTS)
def test_it_opens_what_we_seal(text: str) -> None:
    plain = message("text", f"<Content><![CDATA[{text}]]></Content>")
    body = sealed(plain, "xml", CIPHER, TOKEN, "nonce", NOW)
    signed = parse_body(body.encode())[0]["MsgSignature"]
    assert THEIRS.decrypt_message(body, signed, str(NOW), "nonce") == plain


def test_it_opens_our_hand_over() -> None:
    push = read(message("text", "<Content><![CDATA[人工]]></Content>"))
    answer = render(transfer(push, None, NOW), "xml")
    body = sealed(answer, "xml", CIPHER, TOKEN, "nonce", NOW)
    signed = parse_body(body.encode())[0]["MsgSignature"]
    theirs = parse_message(THEIRS.decrypt_message(body, signed, str(NOW), "nonce"))
    assert (theirs.target, theirs.source) == ("o_1", "gh_1")
    assert theirs._data["MsgType"] == "transfer_customer_service"


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        (message("text", "<Content>你好</Content>"), {"content": "Content"}),
        (
            message("image", "<PicUrl>http://127.0.0.1/p</PicUrl><MediaId>m</MediaId>"),
            {"image": "PicUrl", "media_id": "MediaId"},
        ),
        (
            message("voice", "<MediaId>m</MediaId><Format>amr</Format><Recognition/>"),
            {"media_id": "MediaId", "format": "Format"},
        ),
        (
            message("video", "<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>"),
            {"media_id": "MediaId", "thumb_media_id": "ThumbMediaId"},
        ),
        (
            message("shortvideo", "<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>"),
            {"media_id": "MediaId", "thumb_media_id": "ThumbMediaId"},
        ),
        (
            message(
                "location",
                "<Location_X>23.1</Location_X><Location_Y>113.3</Location_Y>"
                "<Scale>20</Scale><Label>广州</Label>",
            ),
            {"location_x": "Location_X", "location_y": "Location_Y", "label": "Label"},
        ),
        (
            message("link", "<Title>标题</Title><Description>说明</Description><Url>u</Url>"),
            {"title": "Title", "description": "Description", "url": "Url"},
        ),
        (
            message(
                "miniprogrampage",
                "<Title>标题</Title><AppId>wx1</AppId><PagePath>pages/a?b=1&amp;c=2</PagePath>"
                "<ThumbUrl>u</ThumbUrl><ThumbMediaId>t</ThumbMediaId>",
            ),
            {"title": "Title", "app_id": "AppId", "page_path": "PagePath"},
        ),
        (event("subscribe"), {}),
        (event("unsubscribe"), {}),
        (
            event("subscribe", "<EventKey>qrscene_12</EventKey><Ticket>T</Ticket>"),
            {"ticket": "Ticket"},
        ),
        (
            event("SCAN", "<EventKey>12</EventKey><Ticket>T</Ticket>"),
            {"scene_id": "EventKey", "ticket": "Ticket"},
        ),
        (
            event("LOCATION", "<Latitude>23.1</Latitude><Longitude>113.3</Longitude>"),
            {"latitude": "Latitude", "longitude": "Longitude"},
        ),
        (event("CLICK", "<EventKey>order</EventKey>"), {"key": "EventKey"}),
        (event("VIEW", "<EventKey>http://127.0.0.1</EventKey>"), {"url": "EventKey"}),
        (
            event("user_enter_tempsession", "<SessionFrom>订单 8</SessionFrom>"),
            {"session_from": "SessionFrom"},
        ),
        (event("kf_create_session", "<KfAccount>a@b</KfAccount>"), {"account": "KfAccount"}),
        (event("kf_close_session", "<KfAccount>a@b</KfAccount>"), {"account": "KfAccount"}),
        (
            event(
                "kf_switch_session",
                "<FromKfAccount>a@b</FromKfAccount><ToKfAccount>c@b</ToKfAccount>",
            ),
            {"from_account": "FromKfAccount", "to_account": "ToKfAccount"},
        ),
        (event("TEMPLATESENDJOBFINISH", "<MsgID>20</MsgID><Status>success</Status>"), {}),
        (message("notsure", ""), {}),
    ],
)
def test_both_read_the_same(text: str, attributes: dict[str, str]) -> None:
    push, theirs = read(text), parse_message(text)
    assert (push.openid, push.to) == (theirs.source, theirs.target)
    assert push.created_at == int(theirs._data["CreateTime"])
    assert push.msg_id == str(theirs._data.get("MsgId", ""))
    for attribute, name in attributes.items():
        assert push.text(name) == str(getattr(theirs, attribute)), attribute
