"""The thresholds of the lowest cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kefu.calibration.costs import Examples, Prices, Thresholds

Array = npt.NDArray[Any]

# Divided, not multiplied, so that each value is the one that its text stands for.
ANSWERS = np.arange(20, 96) / 100
MARGINS = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.3])
OPTIONS = np.arange(2, 31) / 100

# Costs closer than this differ by rounding alone.
_SAME = 1e-9


@dataclass(frozen=True)
class Choice:
    """The thresholds, and whether they keep the limit on false answers."""

    thresholds: Thresholds
    within_limit: bool


def choose(examples: Examples, prices: Prices, most_false: float, present: Thresholds) -> Choice:
    """Return the cheapest thresholds; among equally cheap ones those nearest to the present.

    Args:
        examples: At least one in scope.
        prices: What the outcomes cost.
        most_false: Upper limit on the share of out-of-scope messages that are answered.
            Where no thresholds keep it, those that answer the fewest are considered.
        present: Thresholds in use.
    """
    costs, false_answers = _measure(examples, prices)
    allowed = false_answers <= most_false
    within_limit = bool(allowed.any())
    if not within_limit:
        allowed = false_answers == false_answers.min()
    costs[~allowed] = np.inf
    cheapest = costs <= costs.min() + _SAME
    distance = np.where(cheapest, _distance(present), np.inf)
    answer, margin, option = np.unravel_index(distance.argmin(), distance.shape)
    chosen = Thresholds(float(ANSWERS[answer]), float(MARGINS[margin]), float(OPTIONS[option]))
    return Choice(chosen, within_limit)


def _measure(examples: Examples, prices: Prices) -> tuple[Array, Array]:
    """Return costs (answers, margins, options) and shares of false answers (answers, margins)."""
    costs = np.empty((len(ANSWERS), len(MARGINS), len(OPTIONS)))
    false_answers = np.zeros((len(ANSWERS), len(MARGINS)))
    weights = examples.weights(prices)
    answered = weights * examples.cost_answered(prices)
    unsure = np.stack([weights * examples.cost_unsure(option) for option in OPTIONS], axis=1)
    for place, margin in enumerate(MARGINS):
        sure = examples.answered(ANSWERS[:, None], margin)
        costs[:, place] = (sure @ answered)[:, None] + ~sure @ unsure
        if examples.outside.any():
            false_answers[:, place] = sure[:, examples.outside].mean(axis=1)
    return costs, false_answers


def _distance(present: Thresholds) -> Array:
    answers = np.abs(ANSWERS - present.answer_threshold)[:, None, None]
    margins = np.abs(MARGINS - present.answer_margin)[:, None]
    distance: Array = answers + margins + np.abs(OPTIONS - present.option_threshold)
    return distance
