"""When the dialogue itself calls a person."""

from __future__ import annotations

from typing import Any

import pytest

from kefu.handoff import triggers
from kefu.settings import Handoff

LIMITS = Handoff(unrecognised_limit=3, repeat_limit=2)
SHIPPING = "logistics/shipping_time"
INVOICE = "payment/invoice"
Event = dict[str, Any]


def said(label: str, text: str = "", outcome: str = "answer", **metadata: Any) -> Event:
    """Return what the customer said, with what recognition made of it."""
    category = label.split("/")[0]
    parsed: dict[str, Any] = {"intent": {"name": category}, "decision": {"outcome": outcome}}
    if "/" in label:
        parsed["response_selector"] = {category: {"response": {"intent_response_key": label}}}
    return {"event": "user", "text": text or label, "parse_data": parsed, "metadata": metadata}


def unknown(text: str = "嗯哼") -> Event:
    return said("nlu_fallback", text, "not_recognised")


def options() -> Event:
    return said("nlu_fallback", "发票", "options")


def shown(*payloads: str) -> Event:
    return {"event": "bot", "data": {"buttons": [{"payload": payload} for payload in payloads]}}


def held(text: str) -> Event:
    """Return what a customer said to a person: noted, and nothing was made of it."""
    return {"event": "user", "text": text, "parse_data": {}, "metadata": {"held": True}}


BY_A_PERSON = {"event": "bot", "text": "你好", "metadata": {"agent": True}}
HANDED_OVER = {"event": "action", "name": "action_handoff"}
FORM = {"event": "active_loop", "name": "lookup_form"}
NO_FORM = {"event": "active_loop", "name": None}


def due(*events: Event) -> str | None:
    return triggers.due(triggers.said_since_handoff(events), LIMITS)


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([], None),
        ([said(SHIPPING)], None),
        ([said("request_human", "转人工")], "keyword"),
        ([shown("转人工"), said("request_human", "转人工")], "button"),
        ([said("request_human", "转人工", button=True)], "button"),
        # Three that are not recognised.
        ([unknown(), unknown()], None),
        ([unknown(), unknown(), unknown()], "unrecognised"),
        ([unknown(), unknown(), said(SHIPPING), unknown()], None),
        ([unknown(), options(), unknown(), unknown()], "unrecognised"),
        ([unknown(), unknown(), options()], None),
        ([unknown(), said("none_of_these"), unknown()], "unrecognised"),
        ([unknown(), said("greet"), unknown(), unknown()], None),
        ([unknown(), said("inform", "2026"), unknown(), unknown()], "unrecognised"),
        # The same question again and again.
        ([said(SHIPPING), said(SHIPPING)], None),
        ([said(SHIPPING), said(SHIPPING), said(SHIPPING)], "repeat"),
        ([said(SHIPPING, "多久发"), said(SHIPPING, "几天发"), said(SHIPPING, "哪天发")], "repeat"),
        ([said(SHIPPING), said(SHIPPING), said(INVOICE), said(SHIPPING)], None),
        ([said(SHIPPING), shown(SHIPPING), said(SHIPPING), said(SHIPPING)], None),
        ([said("thank")] * 3, None),
        ([said("greet")] * 4, None),
        ([said("query_points", "查积分")] * 3, "repeat"),
        # Look-ups of three orders.
        ([said("query_logistics", f"查物流 {n}") for n in "123"], None),
        # A form has its own limit.
        ([FORM, unknown(), unknown(), unknown()], None),
        ([FORM, unknown(), unknown(), NO_FORM, unknown()], "unrecognised"),
        # What is said to a person is not said to the bot, and settles what was before.
        ([held("嗯哼"), held("嗯哼"), held("嗯哼")], None),
        ([held("转人工")], None),
        ([unknown(), unknown(), held("在吗"), unknown()], None),
        ([unknown(), unknown(), BY_A_PERSON, unknown()], None),
        ([said(SHIPPING), said(SHIPPING), BY_A_PERSON, held("谢谢"), said(SHIPPING)], None),
        ([BY_A_PERSON, unknown(), unknown(), unknown()], "unrecognised"),
        # After a handoff counting begins anew.
        ([unknown(), unknown(), unknown(), HANDED_OVER, unknown()], None),
        ([said(SHIPPING), said(SHIPPING), HANDED_OVER, said(SHIPPING)], None),
    ],
)
def test_due(events: list[Event], reason: str | None) -> None:
    assert due(*events) == reason


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_limits_are_those_of_the_settings(limit: int) -> None:
    limits = Handoff(unrecognised_limit=limit, repeat_limit=limit)
    asked = triggers.said_since_handoff([said(SHIPPING)] * (limit + 1))
    missed = triggers.said_since_handoff([unknown()] * limit)
    assert (triggers.due(asked[:-1], limits), triggers.due(asked, limits)) == (None, "repeat")
    assert triggers.due(missed[:-1], limits) is None
    assert triggers.due(missed, limits) == "unrecognised"


def test_event_without_a_decision_is_judged_by_its_intent() -> None:
    """rasa test knows no decision."""
    bare = [
        {"event": "user", "text": "?", "parse_data": {"intent": {"name": name}}}
        for name in ("nlu_fallback", "greet")
    ]
    outcomes = [message.outcome for message in triggers.said_since_handoff(bare)]
    assert outcomes == ["not_recognised", "answer"]


@pytest.mark.parametrize(
    ("parsed", "label"),
    [
        ({}, "nlu_fallback"),
        ({"intent": {"name": "greet"}}, "greet"),
        (said(INVOICE)["parse_data"], INVOICE),
        # An entry was the best, yet the category was not answered.
        ({**said(INVOICE)["parse_data"], "intent": {"name": "nlu_fallback"}}, "nlu_fallback"),
    ],
)
def test_full_label(parsed: dict[str, Any], label: str) -> None:
    assert triggers.full_label(parsed) == label
