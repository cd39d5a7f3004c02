"""Which of the three outcomes a message gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.nlu.decision import DECISION, Decision, Thresholds, decide
from kefu.nlu.normaliser import NORMALISED
from kefu.nlu.recogniser import CANDIDATES
from kefu.normalise import normalise

LIMITS = Thresholds(answer=0.4, margin=0.1, option=0.08)
KEYWORDS = ["转人工", "人工客服", "找人工"]
HOURS = "service/service_hours"


def candidate(label: str, score: float) -> dict[str, Any]:
    return {"label": label, "score": score, "title": None if label == "out_of_scope" else label}


def ranked(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [candidate(label, score) for label, score in pairs]


@pytest.mark.parametrize(
    ("pairs", "outcome", "concerned"),
    [
        ([], "not_recognised", []),
        ([("a/x", 0.9), ("a/y", 0.1)], "answer", ["a/x"]),
        ([("a/x", 0.4), ("a/y", 0.3)], "answer", ["a/x"]),
        ([("a/x", 1.0)], "answer", ["a/x"]),
        # Of one category, and still neither is sure.
        ([("a/x", 0.48), ("a/y", 0.45)], "options", ["a/x", "a/y"]),
        ([("a/x", 0.39), ("b/y", 0.05)], "options", ["a/x"]),
        ([("a/x", 0.2), ("b/y", 0.19), ("c", 0.18), ("d/z", 0.17)], "options", ["a/x", "b/y", "c"]),
        ([("a/x", 0.07), ("b/y", 0.06)], "not_recognised", []),
        ([("out_of_scope", 0.9), ("a/x", 0.1)], "not_recognised", []),
        # What cannot be shown to a customer is no option.
        ([("out_of_scope", 0.39), ("a/x", 0.3)], "options", ["a/x"]),
    ],
)
def test_outcome_follows_the_score_of_the_entry(
    pairs: list[tuple[str, float]], outcome: str, concerned: list[str]
) -> None:
    found, chosen = decide(ranked(*pairs), LIMITS)
    assert (found, [c["label"] for c in chosen]) == (outcome, concerned)


def decided(text: str, *pairs: tuple[str, float]) -> Message:
    component = Decision({**Decision.get_default_config(), "human_keywords": KEYWORDS})
    data = {TEXT: text, NORMALISED: normalise(text), CANDIDATES: ranked(*pairs)}
    return component.process([Message(data)])[0]


def test_sure_entry_names_category_and_answer() -> None:
    message = decided("怎么开发票", ("payment/invoice", 0.9), ("payment/pay", 0.05))
    assert message.get("intent")["name"] == "payment"
    response = message.get("response_selector")["payment"]["response"]
    assert response["intent_response_key"] == "payment/invoice"
    assert response["utter_action"] == "utter_payment/invoice"
    assert message.get(DECISION)["outcome"] == "answer"


def test_unsure_message_is_the_fallback_with_options() -> None:
    message = decided("发票", ("payment/invoice", 0.4), ("payment/invoice_title", 0.35))
    assert message.get("intent")["name"] == "nlu_fallback"
    options = [option["label"] for option in message.get(DECISION)["options"]]
    assert options == ["payment/invoice", "payment/invoice_title"]


def test_message_without_candidates_is_not_recognised() -> None:
    message = decided("😊")
    assert message.get("intent")["name"] == "nlu_fallback"
    assert message.get(DECISION) == {"outcome": "not_recognised", "options": [], "candidates": []}


@pytest.mark.parametrize(
    ("text", "pairs", "intent"),
    [
        ("给我转人工", [("a/x", 0.3), ("b/y", 0.25)], "request_human"),
        ("轉人工", [("a/x", 0.3)], "request_human"),
        ("我找人工客服问问", [("query_logistics", 0.9)], "request_human"),
        ("别废话，转人工", [("insult", 0.6)], "request_human"),
        ("不要转人工", [("deny", 0.8)], "deny"),
        ("别给我转人工", [("deny", 0.8)], "deny"),
        ("先不找人工了", [("deny", 0.7)], "deny"),
        # A keyword inside an entry's own question.
        ("人工客服几点上班", [(HOURS, 0.9), ("request_human", 0.1)], "service"),
        ("人工客服几点上班啊那个", [(HOURS, 0.3), ("a/x", 0.28)], "request_human"),
        ("手工皂怎么用", [("product/usage", 0.9)], "product"),
    ],
)
def test_keyword_asks_for_a_person(text: str, pairs: list[tuple[str, float]], intent: str) -> None:
    assert decided(text, *pairs).get("intent")["name"] == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("不要转人工", "deny"),
        ("先不要给我转人工了", "deny"),
        ("我不找人工客服，谢谢", "deny"),
        ("别转人工。", "deny"),
        ("不用人工客服服务啦", "deny"),
        ("能不能转人工", "request_human"),
        ("可不可以转人工", "request_human"),
        ("有没有人工客服", "request_human"),
        ("怎么不给我转人工", "request_human"),
        ("要不转人工吧", "request_human"),
        ("不转人工就投诉", "request_human"),
    ],
)
def test_declining_a_person_is_not_asking_for_one(text: str, intent: str) -> None:
    """The classifier hears 转人工 in all of these."""
    assert decided(text, ("request_human", 0.9)).get("intent")["name"] == intent


def test_keywords_come_from_the_settings(fresh_home: Path) -> None:
    component = Decision(Decision.get_default_config())
    data = {TEXT: "转人工", NORMALISED: "转人工", CANDIDATES: ranked(("a/x", 0.2))}
    (message,) = component.process([Message(data)])
    assert message.get("intent")["name"] == "request_human"
