"""Bringing in a person: what the customer reads and what the ticket holds."""

from __future__ import annotations

from typing import Any

import pytest

from kefu.handoff import holder
from kefu.settings import settings
from tests.dialogue.conftest import Conversation


@pytest.fixture
def office(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Conversation:
    """Give the conversation at a time when people are there, or not."""
    hours: dict[str, Any] = {"weekly": {}}
    if getattr(request, "param", "open") == "open":
        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        hours = {"weekly": dict.fromkeys(days, ("00:00-24:00",))}
    open_hours = settings().service_hours.copy(update=hours)
    changed = settings().copy(update={"service_hours": open_hours})
    monkeypatch.setattr("kefu.handoff.hours.settings", lambda: changed)
    return conversation


def test_customer_waits_and_may_cancel(office: Conversation) -> None:
    office.say("转人工", "request_human")
    (reply,) = office.run("action_handoff")
    assert reply["text"] == "正在为你转接人工客服，请稍候（预计等待3分钟）"
    assert [button["payload"] for button in reply["buttons"]] == ["取消排队"]
    (ticket,) = holder.open_handoffs()
    assert (ticket.state, ticket.reason) == ("waiting", "keyword")


@pytest.mark.parametrize("office", ["closed"], indirect=True)
def test_outside_the_hours_a_message_is_left(office: Conversation) -> None:
    office.say("转人工", "request_human")
    (reply,) = office.run("action_handoff")
    assert "请直接留言" in reply["text"]
    assert reply["buttons"] == []
    assert [ticket.state for ticket in holder.open_handoffs()] == ["left"]


def test_second_request_is_the_same_ticket(office: Conversation) -> None:
    for _ in range(2):
        office.say("转人工", "request_human")
        (reply,) = office.run("action_handoff")
    assert reply["text"] == "已经在为你转接人工客服，请稍候。"
    assert len(holder.open_handoffs()) == 1


@pytest.mark.parametrize(
    ("said", "reason", "question", "category"),
    [
        ([("多久发货", "logistics/shipping_time"), ("转人工", "request_human")],
         "keyword", "多久发货", "logistics"),
        ([("嗯", "nlu_fallback")] * 3, "unrecognised", "嗯", None),
        ([("多久发货", "logistics/shipping_time")] * 3, "repeat", "多久发货", "logistics"),
        ([("我要投诉", "service/complaint")], "complaint", "我要投诉", "service"),
    ],
)  # fmt: skip
def test_ticket_holds_reason_and_question(
    office: Conversation,
    said: list[tuple[str, str]],
    reason: str,
    question: str,
    category: str | None,
) -> None:
    for text, label in said:
        office.say(text, label)
    office.run("action_handoff")
    (ticket,) = holder.open_handoffs()
    assert (ticket.reason, ticket.question, ticket.category) == (reason, question, category)


def test_request_in_the_middle_of_a_form_says_so(office: Conversation) -> None:
    office.say("查物流", "query_logistics")
    office.begin("lookup_form", "order_no")
    office.say("转人工", "request_human")
    office.run("action_handoff")
    (ticket,) = holder.open_handoffs()
    assert (ticket.reason, ticket.question) == ("keyword", "查物流")
    assert office.slots["order_no"] is None


def test_request_after_inputs_of_no_use_says_so(office: Conversation) -> None:
    office.say("查物流", "query_logistics")
    office.begin("lookup_form", "order_no")
    for _ in range(3):
        office.say("随便", "nlu_fallback")
        office.run("action_invalid_input")
    office.say("转人工", "request_human")
    office.run("action_handoff")
    assert [ticket.reason for ticket in holder.open_handoffs()] == ["form"]
    assert office.slots["invalid_inputs"] is None
