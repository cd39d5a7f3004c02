"""Reception's view of Rasa."""

from __future__ import annotations

from typing import Any

import pytest

from kefu.bursts import Recognition
from kefu.channels.dialogue import as_text, outcome_of, recognition, without_recipient
from kefu.exchange import Turn


def a_turn(active_loop: str | None = None, **metadata: Any) -> Turn:
    return Turn("c1", "rest", "m1", "x", metadata, active_loop)


def parsed(intent: str, outcome: str, *candidates: tuple[str, float], key: str = "") -> Any:
    selected = {intent: {"response": {"intent_response_key": key}}} if key else {}
    return {
        "intent": {"name": intent},
        "response_selector": selected,
        "decision": {
            "outcome": outcome,
            "candidates": [{"label": label, "score": score} for label, score in candidates],
        },
    }


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("/restart", "／restart"),
        (" /x", "／x"),
        ('\n\t/query_points{"a": 1}', '／query_points{"a": 1}'),
        ("//", "／/"),
        ("1/2", "1/2"),
        (" 你好 ", " 你好 "),
    ],
)
def test_command_is_text(typed: str, read: str) -> None:
    assert as_text(typed) == read


def test_entry_is_recognised_with_its_own_score() -> None:
    seen = parsed(
        "order", "answer", ("order/invoice", 0.8), ("order/status", 0.1), key="order/invoice"
    )
    assert recognition(seen) == Recognition("answer", "order/invoice", 0.8)


def test_best_guess_is_named_where_nothing_is_sure() -> None:
    seen = parsed("nlu_fallback", "options", ("order/invoice", 0.3))
    assert recognition(seen) == Recognition("options", "order/invoice", 0.3)


def test_nothing_at_all_is_not_recognised() -> None:
    assert recognition({}) == Recognition("not_recognised", "nlu_fallback", 0.0)


@pytest.mark.parametrize(
    ("seen", "turn", "outcome"),
    [
        (Recognition("answer", "order/invoice", 0.9), a_turn(), "answered"),
        (Recognition("answer", "order/invoice", 0.9), a_turn(button=True), "picked"),
        (Recognition("answer", "order/invoice", 0.9), a_turn("lookup_form"), "answered"),
        (Recognition("answer", "query_points", 0.9), a_turn(), "task"),
        (Recognition("answer", "query_points", 0.9), a_turn(button=True), "picked"),
        (Recognition("answer", "greet", 0.9), a_turn(), "small_talk"),
        (Recognition("answer", "request_human", 0.9), a_turn(), "human"),
        (Recognition("answer", "request_human", 0.9), a_turn("lookup_form"), "human"),
        (Recognition("answer", "inform", 0.9), a_turn("lookup_form"), "form"),
        (Recognition("not_recognised", "x", 0.1), a_turn("lookup_form"), "form"),
        (Recognition("options", "order/invoice", 0.2), a_turn(), "options"),
        (Recognition("not_recognised", "x", 0.1), a_turn(), "not_recognised"),
    ],
)
def test_turn_is_counted_by_what_it_was(seen: Recognition, turn: Turn, outcome: str) -> None:
    assert outcome_of(seen, turn) == outcome


def test_reply_is_kept_without_recipient_and_empty_parts() -> None:
    assert without_recipient({"recipient_id": "c1", "text": "好", "buttons": []}) == {"text": "好"}
