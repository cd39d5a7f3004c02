"""What each outcome costs, and what thresholds make of a set of examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# In units of one question that is not recognised.
NOT_RECOGNISED = 1.0
RIGHT_OPTION = 0.5
WRONG_OPTIONS = RIGHT_OPTION + NOT_RECOGNISED
OPTIONS_OUTSIDE = 0.25
# As `kefu.nlu.decision.decide` offers at most.
_OFFERED = 3


@dataclass(frozen=True)
class Thresholds:
    """The three values of the Decision component, named as in config.yml."""

    answer_threshold: float
    answer_margin: float
    option_threshold: float


@dataclass(frozen=True)
class Prices:
    """What a wrong answer costs, and the share of out-of-scope messages in live traffic."""

    wrong_answer: float
    outside_share: float


@dataclass(frozen=True)
class Examples:
    """All of each example that its outcome depends on; every array is (examples,).

    Attributes:
        best: Score of the first candidate, -inf where there is none.
        lead: Its distance to the second, -inf where it is never answered.
        right: Whether it is the right one.
        offered: Highest option threshold at which options are shown.
        held: Highest option threshold at which the right one is among them.
        outside: Whether the message is out of scope.
    """

    best: Array
    lead: Array
    right: Array
    offered: Array
    held: Array
    outside: Array

    @classmethod
    def of(cls, scores: Array, right: Array, titled: Array, outside: Array) -> Examples:
        """Take candidates, best first.

        Args:
            scores: (examples, candidates), two candidates at least; -inf where there are
                fewer, inf for the two questions of a message, offered at any threshold.
            right: (examples, candidates) whether the label is right.
            titled: (examples, candidates) whether it can be offered.
            outside: (examples,)
        """
        # As precise as where a message is decided.
        scores = scores.astype(np.float64)
        first, second = scores[:, 0], np.where(np.isneginf(scores[:, 1]), 0, scores[:, 1])
        lead = np.full(len(scores), -np.inf)
        option = titled & (titled.cumsum(axis=1) <= _OFFERED)
        return cls(
            best=first,
            lead=np.subtract(first, second, out=lead, where=second < np.inf),
            right=right[:, 0],
            offered=np.where(option, scores, -np.inf).max(axis=1),
            held=np.where(option & right, scores, -np.inf).max(axis=1),
            outside=outside,
        )

    def answered(self, threshold: Array | float, margin: float) -> Array:
        """Return whether each is answered: (…, examples) for thresholds (…, 1)."""
        sure: Array = (self.best >= threshold) & (self.lead >= margin)
        return sure

    def weights(self, prices: Prices) -> Array:
        """Return what each example stands for in live traffic; the sum is 1."""
        outside = self.outside.sum()
        share = prices.outside_share if outside else 0.0
        inside = len(self.outside) - outside
        return np.where(self.outside, share / max(outside, 1), (1 - share) / max(inside, 1))

    def cost_answered(self, prices: Prices) -> Array:
        """Return what each costs when it is answered."""
        return np.where(self.right & ~self.outside, 0.0, prices.wrong_answer)

    def cost_unsure(self, option: float) -> Array:
        """Return what each costs when it is not answered, with this option threshold."""
        shown = np.where(self.held >= option, RIGHT_OPTION, WRONG_OPTIONS)
        inside = np.where(self.offered >= option, shown, NOT_RECOGNISED)
        outside = np.where(self.offered >= option, OPTIONS_OUTSIDE, 0.0)
        return np.where(self.outside, outside, inside)


@dataclass(frozen=True)
class Figures:
    """What thresholds lead to; shares between 0 and 1, None where nothing can be counted.

    Attributes:
        answered, options, not_recognised, wrong: Shares of the questions in scope.
        false_answers, false_options: Shares of the out-of-scope messages.
        cost: Of one message of live traffic.
    """

    answered: float
    options: float
    not_recognised: float
    wrong: float
    false_answers: float | None
    false_options: float | None
    cost: float


def figures(examples: Examples, thresholds: Thresholds, prices: Prices) -> Figures:
    """Compute what the thresholds lead to; at least one example is in scope."""
    sure = examples.answered(thresholds.answer_threshold, thresholds.answer_margin)
    options = ~sure & (examples.offered >= thresholds.option_threshold)
    unsure_costs = examples.cost_unsure(thresholds.option_threshold)
    costs = np.where(sure, examples.cost_answered(prices), unsure_costs)
    inside, outside = ~examples.outside, examples.outside
    return Figures(
        answered=float(sure[inside].mean()),
        options=float(options[inside].mean()),
        not_recognised=float((~sure & ~options)[inside].mean()),
        wrong=float((sure & ~examples.right)[inside].mean()),
        false_answers=float(sure[outside].mean()) if outside.any() else None,
        false_options=float(options[outside].mean()) if outside.any() else None,
        cost=float(costs @ examples.weights(prices)),
    )
