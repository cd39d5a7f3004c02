"""From the bot to a person and back, over HTTP and on the agent's command line."""

from __future__ import annotations

import uuid

import pytest

from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.shown import handoff_number, payloads, texts

pytestmark = pytest.mark.end_to_end

WAITING = "正在为你转接人工客服"
HELD = {"type": "held"}


def test_person_takes_over_and_gives_back(kefu: Installation) -> None:
    customer, question = a_customer(), f"怎么开发票 {uuid.uuid4().hex[:6]}"
    kefu.say(customer, question)
    told = kefu.say(customer, "转人工")
    assert WAITING in texts(told) and "分钟" in texts(told) and "取消排队" in payloads(told)

    number = handoff_number(kefu.kefu("handoff", "list"), question)
    shown = kefu.kefu("handoff", "show", number)
    assert "原因：顾客要求" in shown
    assert f"顾客：{question}" in shown and "助手：" in shown and "顾客：转人工" in shown

    kefu.kefu("handoff", "reply", number, "你好，我是小王", "--agent", "小王")
    told, reply = kefu.waiting(customer, wait=5)
    assert "小王已接入" in told["text"]
    assert (reply["text"], reply["custom"]["from"]) == ("你好，我是小王", "agent")
    assert kefu.waiting(customer) == []
    for text in ("怎么退货", "查我的订单"):
        assert [part["custom"] for part in kefu.say(customer, text)] == [HELD]
    assert "顾客：查我的订单" in kefu.kefu("handoff", "show", number)

    kefu.kefu("handoff", "close", number)
    assert "已结束服务" in texts(kefu.waiting(customer, wait=5))
    for text in ("怎么开发票", "下单后多久发货"):
        answer = kefu.say(customer, text)
        assert answer and WAITING not in texts(answer) and "custom" not in answer[0]
    assert question not in kefu.kefu("handoff", "list")


def test_customer_stops_waiting(kefu: Installation) -> None:
    customer = a_customer()
    assert WAITING in texts(kefu.say(customer, "我要找人工客服"))
    assert [part["custom"] for part in kefu.say(customer, "怎么开发票")] == [HELD]
    assert "已取消排队" in texts(kefu.say(customer, "取消排队"))
    assert "申请发票" in texts(kefu.say(customer, "怎么开发票"))


def test_person_is_reached_in_the_middle_of_a_form(kefu: Installation) -> None:
    customer, _ = kefu.someone_with("delivered")
    kefu.say(customer, "我要退货")
    assert WAITING in texts(kefu.say(customer, "转人工"))
