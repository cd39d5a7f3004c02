"""Which of the three outcomes a message gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.labels import SMALL_TALK
from kefu.nlu.decision import DECISION, Decision, Thresholds, decide
from kefu.nlu.normaliser import NORMALISED
from kefu.nlu.recogniser import CANDIDATES, READING
from kefu.normalise import normalise

LIMITS = Thresholds(answer=0.4, margin=0.1, option=0.08)
KEYWORDS = ["转人工", "人工客服", "找人工"]
HOURS = "service/service_hours"


def candidate(label: str, score: float) -> dict[str, Any]:
    return {"label": label, "score": score, "title": None if label in SMALL_TALK else label}


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
        # Most of the probability lies outside what the assistant is for.
        ([("a/x", 0.05), ("a/y", 0.02), ("greet", 0.01)], "not_recognised", []),
        ([("greet", 0.9), ("a/x", 0.05)], "answer", ["greet"]),
        # What cannot be shown to a customer is no option.
        ([("greet", 0.39), ("a/x", 0.3)], "options", ["a/x"]),
        ([("greet", 0.39), ("thank", 0.3)], "not_recognised", []),
    ],
)
def test_outcome_follows_the_score_of_the_entry(
    pairs: list[tuple[str, float]], outcome: str, concerned: list[str]
) -> None:
    found, chosen = decide(ranked(*pairs), LIMITS)
    assert (found, [c["label"] for c in chosen]) == (outcome, concerned)


def decided(text: str, *pairs: tuple[str, float], questions: tuple[str, ...] = ()) -> Message:
    component = Decision({**Decision.get_default_config(), "human_keywords": KEYWORDS})
    reading = {"questions": ranked(*((label, 1.0) for label in questions)), "because": ""}
    data = {TEXT: text, NORMALISED: normalise(text), CANDIDATES: ranked(*pairs), READING: reading}
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


def test_of_two_questions_in_one_message_both_are_offered() -> None:
    """Also when the two together are sure of one of them."""
    asked = ("payment/invoice", "query_logistics")
    message = decided(
        "怎么开发票，快递到哪了",
        ("payment/invoice", 0.6),
        ("query_logistics", 0.3),
        questions=asked,
    )
    assert message.get("intent")["name"] == "nlu_fallback"
    decision = message.get(DECISION)
    assert (decision["outcome"], decision["questions"]) == ("options", True)
    assert tuple(option["label"] for option in decision["options"]) == asked


@pytest.mark.parametrize("score", [0.9, 0.3, 0.01])
def test_other_messages_are_not_said_to_be_two_questions(score: float) -> None:
    decision = decided("怎么开发票", ("payment/invoice", score)).get(DECISION)
    assert not decision.get("questions")


def test_request_for_a_person_beside_two_questions_comes_first() -> None:
    pairs = ("payment/invoice", 0.45), ("query_logistics", 0.4)
    asked = ("payment/invoice", "query_logistics")
    message = decided("发票怎么开，快递到哪了，转人工", *pairs, questions=asked)
    assert message.get("intent")["name"] == "request_human"
    assert message.get(DECISION)["outcome"] == "answer"


def test_what_recognition_left_out_of_a_message_is_no_error() -> None:
    component = Decision({**Decision.get_default_config(), "human_keywords": KEYWORDS})
    (message,) = component.process([Message({TEXT: "怎么开发票"})])
    assert message.get(DECISION)["outcome"] == "not_recognised"


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
