"""What the REST channel accepts and returns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kefu.channels.rest_format import BadRequest, answer_body, outgoing_body, read_request
from kefu.exchange import Answer, Incoming
from kefu.storage.messages import Outgoing

MAX_TEXT = 2000


def request(**fields: Any) -> bytes:
    return json.dumps({"sender": "o_1", "message": "你好", **fields}).encode()


def test_shortest_request_is_rasas() -> None:
    assert read_request(request(), MAX_TEXT) == Incoming("rest", "o_1", "text", "你好")


def test_everything_that_a_backend_may_say_is_read() -> None:
    metadata = {"type": "text", "page": "order", "order_no": "202611010000000001", "test": True}
    read = read_request(request(message_id="m-1", metadata=metadata), MAX_TEXT)
    assert (read.key, read.page, read.page_order_no) == ("m-1", "order", "202611010000000001")
    assert read.test


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"{", 400, "bad_json"),
        (b"\xff\xfe", 400, "bad_json"),
        (b"[" * 100_000, 400, "bad_json"),
        (b'[{"sender": "o_1"}]', 400, "bad_json"),
        (b'"hello"', 400, "bad_json"),
        (b'{"message": "x"}', 400, "missing_sender"),
        (request(sender=""), 400, "missing_sender"),
        (request(sender="  "), 400, "missing_sender"),
        (request(sender=17), 400, "missing_sender"),
        (request(sender="o" * 129), 400, "bad_sender"),
        (request(sender="o_1\nX: y"), 400, "bad_sender"),
        (request(sender="o\x00"), 400, "bad_sender"),
        (request(sender="\ud800"), 400, "bad_sender"),
        (b'{"sender": "o_1"}', 400, "missing_message"),
        (request(message=None), 400, "missing_message"),
        (request(message=" \n"), 400, "missing_message"),
        (request(message="\x00"), 400, "missing_message"),
        (request(message={"text": "x"}), 400, "missing_message"),
        (request(message_id=""), 400, "bad_message_id"),
        (request(message_id="m" * 129), 400, "bad_message_id"),
        (request(message_id="a\tb"), 400, "bad_message_id"),
        (request(message_id=True), 400, "bad_message_id"),
        (request(message_id=1.5), 400, "bad_message_id"),
        (request(metadata="page"), 400, "bad_metadata"),
        (request(metadata=[]), 400, "bad_metadata"),
        (request(metadata={"page": 7}), 400, "bad_metadata"),
        (request(metadata={"page": "p" * 33}), 400, "bad_metadata"),
        (request(metadata={"page": "\ud800"}), 400, "bad_metadata"),
        (request(metadata={"order_no": "1" * 65}), 400, "bad_metadata"),
        (request(metadata={"order_no": "1\x00"}), 400, "bad_metadata"),
        (request(metadata={"type": "video"}), 400, "unknown_type"),
        (request(metadata={"type": None}), 400, "unknown_type"),
        (request(metadata={"type": ["text"]}), 400, "unknown_type"),
    ],
)
def test_request_that_cannot_be_used_gets_a_code_and_a_remedy(
    body: bytes, status: int, code: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(body, MAX_TEXT)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.value.message)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("a\x00b", "ab"),
        ("half \ud83d", "half ?"),
        ("😀", "😀"),
        ("x" * (MAX_TEXT + 1), "x" * MAX_TEXT),
    ],
)
def test_text_becomes_what_can_be_stored(message: str, text: str) -> None:
    assert read_request(request(message=message), MAX_TEXT).text == text


@pytest.mark.parametrize("kind", ["image", "voice", "enter"])
def test_media_and_opening_need_no_text(kind: str) -> None:
    body = json.dumps({"sender": "o_1", "metadata": {"type": kind}}).encode()
    read = read_request(body, MAX_TEXT)
    assert (read.kind, read.text) == (kind, "")


def test_number_is_a_message_id_too() -> None:
    assert read_request(request(message_id=17), MAX_TEXT).key == "17"


def test_answer_is_in_rasas_format() -> None:
    replies = [{"text": "好", "buttons": [{"title": "转人工", "payload": "转人工"}]}]
    assert answer_body(Answer(1, "answered", replies), "o_1", []) == [
        {"recipient_id": "o_1", **replies[0]}
    ]


def test_what_a_person_wrote_comes_before_the_bots_reply() -> None:
    waiting = [Outgoing(7, "agent", "你好，我是小王", None, 0.0)]
    body = answer_body(Answer(1, "answered", [{"text": "好"}]), "o_1", waiting)
    assert [part["text"] for part in body] == ["你好，我是小王", "好"]
    assert body[0]["custom"] == {"from": "agent", "id": 7}


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (Answer(1, "held", []), {"type": "held"}),
        (Answer(1, "merged", [], 2), {"type": "merged", "into": 2}),
    ],
)
def test_answer_without_text_says_why(answer: Answer, note: dict[str, Any]) -> None:
    assert answer_body(answer, "o_1", []) == [{"recipient_id": "o_1", "custom": note}]


def test_bots_reply_that_waited_is_a_reply_like_any_other() -> None:
    waited = Outgoing(7, "bot", '{"text": "好", "buttons": []}', 1, 0.0)
    assert outgoing_body(waited, "o_1") == {"recipient_id": "o_1", "text": "好", "buttons": []}
