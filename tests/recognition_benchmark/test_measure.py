"""What the measuring process reads out of Rasa's parse data."""

from __future__ import annotations

from typing import Any

import pytest

RANKING = [{"name": "nlu_fallback"}, {"name": "q0001"}, {"name": "q0002"}]


@pytest.mark.parametrize(
    ("parsed", "outcome", "ranking"),
    [
        (
            {
                "decision": {
                    "outcome": "options",
                    "candidates": [{"label": "q0002", "score": 0.4}, {"label": "q0001"}],
                },
                "intent_ranking": RANKING,
            },
            "options",
            ["q0002", "q0001"],
        ),
        (
            {"intent": {"name": "q0001"}, "intent_ranking": RANKING[1:]},
            "answer",
            ["q0001", "q0002"],
        ),
        (
            {"intent": {"name": "nlu_fallback"}, "intent_ranking": RANKING},
            "not_recognised",
            ["q0001", "q0002"],
        ),
        (
            {
                "intent": {"name": "out_of_scope"},
                "intent_ranking": [{"name": "out_of_scope"}, {"name": "q0001"}],
            },
            "not_recognised",
            ["out_of_scope", "q0001"],
        ),
        ({"intent": {"name": None}}, "not_recognised", []),
    ],
)
def test_outcome_and_ranking(parsed: dict[str, Any], outcome: str, ranking: list[str]) -> None:
    from kefu.recognition_benchmark.measure import answer  # imports Rasa, which takes seconds

    assert answer(parsed) == {"outcome": outcome, "ranking": ranking}
