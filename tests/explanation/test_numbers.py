"""Scores as text never contradict the threshold beside them."""

from __future__ import annotations

import pytest

from kefu.explanation.numbers import against, score


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.00"), (0.9978, "0.99"), (0.29, "0.29"), (0.004, "0.00"), (0.0, "0.00")],
)
def test_scores_are_rounded_down(value: float, text: str) -> None:
    assert score(value) == text


@pytest.mark.parametrize(
    ("value", "threshold", "text"),
    [
        (0.49999, 0.5, "0.49 < 0.50"),
        (0.5, 0.5, "0.50 ≥ 0.50"),
        (0.056, 0.055, "0.056 ≥ 0.055"),
        (0.001, 0.06, "0.00 < 0.06"),
    ],
)
def test_comparison_is_visible_in_the_digits(value: float, threshold: float, text: str) -> None:
    assert against(value, threshold) == text
