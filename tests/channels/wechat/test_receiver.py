"""Pushes as WeChat makes them, against the receiver and a real database."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kefu.channels.wechat import receiver as receiving
from kefu.channels.wechat.accounts import CHANNEL_PREFIX, Account
from kefu.channels.wechat.receiver import Answer, Received, Receiver
from kefu.channels.wechat.signature import plain_signature
from kefu.reception import Reception
from kefu.settings import settings
from kefu.storage import messages, tables
from kefu.wechat_double.cipher import signature
from tests.channels.scripted import Script, until
from tests.channels.wechat.platform import (
    OPENID,
    Clock,
    conversation,
    database_away,
    event,
    mini,
    of_customers,
    official,
    pushed,
    rename_table,
    rows,
    said,
)
from tests.handoff.moments import NOON

SUCCESS = Answer(200, "success")
SECRET_WORDS = "我的手机号是13812345678"


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


@pytest.fixture
def heard() -> list[Received]:
    return []


@pytest.fixture
def receiver(clock: Clock, heard: list[Received]) -> Receiver:
    return Receiver([mini(), official()], heard.append, clock)


def accounts() -> list[Account]:
    return [
        mini(mode=mode, format=form) for mode in ("plain", "compatible", "safe") for form in FORMS
    ]


FORMS = ("json", "xml")


@pytest.mark.parametrize("account", accounts(), ids=lambda a: f"{a.mode}-{a.format}")
async def test_message_is_recorded_and_acknowledged_in_every_mode_and_format(
    fresh_home: Path, account: Account
) -> None:
    receiver = Receiver([account], clock=lambda: NOON)
    assert await receiver.push("mini", *pushed(account, **said())) == SUCCESS
    assert of_customers() == [("怎么开发票", "received")]
    (known,) = rows(tables.conversations)
    assert (known.channel, known.customer) == ("wechat:mini", OPENID)


async def test_message_is_acknowledged_while_the_dialogue_is_stuck(clock: Clock) -> None:
    script = Script()
    script.open.clear()
    reception = Reception(script, clock)
    receiver = Receiver([mini()], clock=clock)
    assert await receiver.push("mini", *pushed(mini(), **said())) == SUCCESS
    await reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: script.turns)
    assert await receiver.push("mini", *pushed(mini(), **said("还在吗", 2))) == SUCCESS
    assert of_customers() == [("怎么开发票", "received"), ("还在吗", "received")]
    script.open.set()
    assert await reception.pick_up(CHANNEL_PREFIX) == 1
    await until(lambda: {state for _, state in of_customers()} == {"answered"})


async def test_repeat_is_acknowledged_and_makes_no_second_turn(
    receiver: Receiver, heard: list[Received]
) -> None:
    first = pushed(mini(), **said())
    assert await receiver.push("mini", *first) == SUCCESS
    assert await receiver.push("mini", *first) == SUCCESS
    # Signed anew, with a nonce of its own.
    assert await receiver.push("mini", *pushed(mini(), **said())) == SUCCESS
    assert of_customers() == [("怎么开发票", "received")]
    assert len(heard) == 1


async def test_repeats_at_the_same_moment_make_one_message(
    receiver: Receiver, heard: list[Received]
) -> None:
    answers = await asyncio.gather(
        *(receiver.push("mini", *pushed(mini(), **said())) for _ in range(8))
    )
    assert answers == [SUCCESS] * 8
    assert len(of_customers()) == len(heard) == 1


async def test_push_that_cannot_be_recorded_is_refused_and_taken_when_it_comes_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "RECORD_AGAIN_SECONDS", 0)
    first = pushed(mini(), **said())
    with database_away("messages"):
        assert await receiver.push("mini", *first) == Answer(500)
    assert await receiver.push("mini", *first) == SUCCESS
    assert of_customers() == [("怎么开发票", "received")]


async def test_push_outlasts_a_short_trouble_of_the_database(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    rename_table("messages", "messages_away")
    push = asyncio.ensure_future(receiver.push("mini", *pushed(mini(), **said())))
    await until(lambda: "could not be recorded" in caplog.text)
    rename_table("messages_away", "messages")
    assert await push == SUCCESS
    assert of_customers() == [("怎么开发票", "received")]


@pytest.mark.parametrize(
    "fields",
    [
        {"MsgType": "hologram", "MsgId": 5},
        {"MsgType": "", "MsgId": 5},
        {"MsgType": "text", "Content": "  ", "MsgId": 5},
        event("subscribe_msg_popup_event", List={"TemplateId": "x"}),
        event("debug_demo", debug_str="hello"),
        event("TEMPLATESENDJOBFINISH", MsgID=5, Status="success"),
        event("LOCATION", Latitude=23.1, Longitude=113.3),
        event("trade_manage_remind_shipping"),
        event(""),
        {"MsgType": "device_event", "Event": "bind"},
    ],
    ids=lambda fields: f"{fields['MsgType']}-{fields.get('Event', '')}",
)
async def test_push_of_an_unknown_kind_is_acknowledged_and_ignored(
    receiver: Receiver, heard: list[Received], fields: dict[str, Any]
) -> None:
    assert await receiver.push("mini", *pushed(mini(), **fields)) == SUCCESS
    assert await receiver.push("official", *pushed(official(), **fields)) == SUCCESS
    assert (rows(tables.messages), rows(tables.send_windows), heard) == ([], [], [])


async def test_push_without_a_sender_is_acknowledged(receiver: Receiver) -> None:
    assert await receiver.push("mini", *pushed(mini(), openid="", **said())) == SUCCESS
    assert rows(tables.messages) == []


async def test_check_of_a_cloud_hosted_address_is_acknowledged(receiver: Receiver) -> None:
    assert await receiver.push("mini", {}, b'{"action":"CheckContainerPath"}') == SUCCESS


Pushed = tuple[dict[str, str], bytes]


def _secret_push(account: Account | None = None, now: float = NOON) -> Pushed:
    return pushed(account or mini(), now, **said(SECRET_WORDS))


def _with_query(**changes: str) -> Pushed:
    query, body = _secret_push()
    return {**query, **changes}, body


def _resealed(change: Callable[[str], str]) -> Pushed:
    """Return a push whose signature is good for what its cipher text was changed to."""
    query, body = _secret_push()
    changed = change(json.loads(body)["Encrypt"])
    signed = signature(mini().token, query["timestamp"], query["nonce"], changed)
    return {**query, "msg_signature": signed}, json.dumps({"Encrypt": changed}).encode()


def _plain_xml(body: str) -> Pushed:
    signed = plain_signature("tokenofpushes", str(int(NOON)), "7")
    return {"signature": signed, "timestamp": str(int(NOON)), "nonce": "7"}, body.encode()


_BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><Content>&b;</Content></xml>'

BAD: dict[str, Callable[[], Pushed]] = {
    "no signature": lambda: ({}, _secret_push()[1]),
    "bad signature": lambda: _with_query(msg_signature="0" * 40),
    "signature that is no ASCII": lambda: _with_query(msg_signature="签名"),
    "other time": lambda: _with_query(timestamp=str(int(NOON) + 1)),
    "old": lambda: _secret_push(now=NOON - 600),
    "of the future": lambda: _secret_push(now=NOON + 600),
    "other token": lambda: _secret_push(mini(token="another")),
    "wrong key": lambda: _secret_push(mini(aes_key="B" * 43)),
    "wrong appid": lambda: _secret_push(mini(appid="wx00000000000000ff")),
    "truncated": lambda: _resealed(lambda sealed: sealed[: len(sealed) // 2 // 4 * 4]),
    "bit flipped": lambda: _resealed(lambda sealed: sealed[:-24] + "A" * 20 + sealed[-4:]),
    "not base64": lambda: _resealed(lambda sealed: "这不是密文!!"),
    "empty cipher text": lambda: _resealed(lambda sealed: ""),
    "not encrypted": lambda: _secret_push(mini(mode="plain")),
    "broken JSON": lambda: (_secret_push()[0], _secret_push()[1][:-5]),
    "no body": lambda: (_secret_push()[0], b""),
    "not UTF-8": lambda: (_secret_push()[0], b"{\xff\xfe"),
    "deep JSON": lambda: (_secret_push()[0], b'{"a":' * 20_000),
}


@pytest.mark.parametrize("kind", BAD)
async def test_push_that_is_not_wechats_is_refused_with_one_line_in_the_log(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, heard: list[Received], kind: str
) -> None:
    caplog.set_level(logging.DEBUG, "kefu")
    assert await receiver.push("mini", *BAD[kind]()) == Answer(403)
    (line,) = caplog.messages
    assert line.startswith("push of mini refused: ")
    assert SECRET_WORDS not in line and OPENID not in line
    assert (rows(tables.messages), heard) == ([], [])


async def test_document_type_is_refused(fresh_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver([mini(mode="plain", format="xml")], clock=lambda: NOON)
    assert await receiver.push("mini", *_plain_xml(_BOMB)) == Answer(403)
    assert caplog.messages == ["push of mini refused: doctype"]


async def test_megabytes_are_refused(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    query, _ = _secret_push()
    assert await receiver.push("mini", query, b"{" + b" " * 3_000_000) == Answer(413)
    assert caplog.messages == ["push of mini refused: too_large"]


async def test_good_signature_with_other_content_is_refused(
    fresh_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    account = mini(mode="plain")
    receiver = Receiver([account], clock=lambda: NOON)
    query, body = pushed(account, **said("怎么开发票"))
    assert await receiver.push("mini", query, body) == SUCCESS
    other = body.replace("怎么开发票".encode(), SECRET_WORDS.encode())
    assert await receiver.push("mini", query, other) == Answer(403)
    assert caplog.messages == ["push of mini refused: replayed"]
    assert await receiver.push("mini", query, body) == SUCCESS
    assert of_customers() == [("怎么开发票", "received")]


async def test_accounts_stay_apart(receiver: Receiver) -> None:
    assert await receiver.push("official", *pushed(mini(), **said())) == Answer(403)
    assert await receiver.push("mini", *pushed(mini(), **said("甲"))) == SUCCESS
    assert await receiver.push("official", *pushed(official(), **said("乙"))) == SUCCESS
    assert len(rows(tables.conversations)) == 2


async def test_unknown_account_is_not_found(receiver: Receiver) -> None:
    assert await receiver.push("nobody", *pushed(mini(), **said())) == Answer(404)
    assert receiver.verify("nobody", {}) == Answer(404)
    assert receiver.knows("mini") and not receiver.knows("nobody")


def _check(stamp: str = str(int(NOON)), token: str = "tokenofpushes") -> dict[str, str]:
    signed = plain_signature(token, stamp, "42")
    return {"signature": signed, "timestamp": stamp, "nonce": "42", "echostr": "4375120948"}


def test_address_is_confirmed_with_the_echo_as_it_came(receiver: Receiver) -> None:
    assert receiver.verify("mini", _check()) == Answer(200, "4375120948")
    assert receiver.verify("mini", _check()) == Answer(200, "4375120948")


@pytest.mark.parametrize(
    "query",
    [{}, _check(token="other"), _check(str(int(NOON) - 600)), {**_check(), "signature": "签"}],
)
def test_address_is_not_confirmed_for_a_stranger(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, query: dict[str, str]
) -> None:
    assert receiver.verify("mini", query) == Answer(403)
    assert len(caplog.messages) == 1


async def test_customer_who_enters_is_welcomed_to_the_page(receiver: Receiver) -> None:
    entered = event("user_enter_tempsession", SessionFrom="order|2026112300000001")
    assert await receiver.push("mini", *pushed(mini(), **entered)) == SUCCESS
    (visit,) = rows(tables.conversations)
    assert (visit.page, visit.page_order_no) == ("order", "2026112300000001")
    reception = Reception(Script(), lambda: NOON)
    assert await reception.pick_up(CHANNEL_PREFIX) == 1
    await until(lambda: messages.pending_out(conversation(mini())))
    (waiting,) = messages.pending_out(conversation(mini()))
    assert json.loads(waiting.body)["text"].startswith("你好，我是小客。这个订单")


async def test_card_of_an_order_is_answered_with_the_pages_questions(receiver: Receiver) -> None:
    card = {
        "MsgType": "miniprogrampage",
        "Title": "我的订单",
        "PagePath": "pages/order/detail?order_no=2026112300000001",
        "MsgId": 7,
    }
    assert await receiver.push("mini", *pushed(mini(), **card)) == SUCCESS
    (visit,) = rows(tables.conversations)
    assert (visit.page, visit.page_order_no) == ("order", "2026112300000001")
    await Reception(Script(), lambda: NOON).pick_up(CHANNEL_PREFIX)
    await until(lambda: messages.pending_out(conversation(mini())))
    (waiting,) = messages.pending_out(conversation(mini()))
    shown = [button["title"] for button in json.loads(waiting.body)["buttons"]]
    assert shown == list(settings().welcome.pages["order"].hot_questions)


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"MsgType": "image", "PicUrl": "http://mmbiz.qpic.cn/1", "MediaId": "m1"}, "图片收到了"),
        ({"MsgType": "voice", "MediaId": "m2", "Format": "amr", "Recognition": ""}, "语音收到了"),
        ({"MsgType": "video", "MediaId": "m3", "ThumbMediaId": "t"}, "视频收到了"),
        ({"MsgType": "location", "Location_X": 23.1, "Location_Y": 113, "Label": "广州"}, "位置"),
        ({"MsgType": "link", "Title": "页面", "Url": "https://example.com"}, "链接收到了"),
        ({"MsgType": "file", "Title": "合同.pdf"}, "文件收到了"),
    ],
    ids=lambda value: value["MsgType"] if isinstance(value, dict) else "",
)
async def test_what_is_no_text_is_politely_answered(
    receiver: Receiver, fields: dict[str, Any], answer: str
) -> None:
    push = pushed(official(), **fields, MsgId=9)
    assert await receiver.push("official", *push) == SUCCESS
    await Reception(Script(), lambda: NOON).pick_up(CHANNEL_PREFIX)
    await until(lambda: messages.pending_out(conversation(official())))
    (waiting,) = messages.pending_out(conversation(official()))
    assert answer in waiting.body and "转人工" in waiting.body
