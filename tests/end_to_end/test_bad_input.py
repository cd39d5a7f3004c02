"""What breaks other bots gets an error with a code, or a sensible reply."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.shown import payloads, texts

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"sender": "o_1", ', 400, "bad_json"),
        (b'{"message": "x"}', 400, "missing_sender"),
        (b'{"sender": "o_1", "message": "\\u0000"}', 400, "missing_message"),
        (b'{"sender": "o_1", "metadata": {"type": "video"}}', 400, "unknown_type"),
        (b'{"sender": "o_1", "message": "' + b"x" * 1_000_000 + b'"}', 413, "body_too_large"),
    ],
    ids=["malformed JSON", "no sender", "NUL alone", "unknown type", "1 MB"],
)
def test_request_that_cannot_be_used(
    kefu: Installation, body: bytes, status: int, code: str
) -> None:
    answer = kefu.post(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic x", ""])
def test_wrong_token(kefu: Installation, header: str) -> None:
    body = json.dumps({"sender": "o_1", "message": "你好"}).encode()
    answer = kefu.post(body, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    "text",
    [
        "😀👍😀",
        "\x00\x00？\x00",
        "长" * 10_000,
        "'; DROP TABLE messages; --",
        "{{7*7}} ${7*7} <script>alert(1)</script> {name}",
        "\u202e\u200b\u200b",
        "......",
    ],
    ids=["emoji", "NUL", "10,000 characters", "SQL", "template", "invisible", "dots"],
)
def test_odd_text_gets_a_sensible_reply(kefu: Installation, text: str) -> None:
    customer = a_customer()
    answer = kefu.say(customer, text)
    assert texts(answer) and payloads(answer)
    assert "抱歉，系统" not in texts(answer) and "49" not in texts(answer)
    assert "申请发票" in texts(kefu.say(customer, "怎么开发票"))


def test_question_is_found_in_a_long_text(kefu: Installation) -> None:
    assert texts(kefu.say(a_customer(), "哈哈" * 3000 + "怎么开发票"))
