"""Costs and choice agree with the decision that messages really get."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.calibration.choice import ANSWERS, MARGINS, OPTIONS, choose
from kefu.calibration.costs import Examples, Prices, Thresholds, figures
from kefu.nlu import decision

LABELS = ["a/x", "a/y", "b/z", "c/u", "c/v", "greet", "affirm"]
UNTITLED = {"greet", "affirm"}
OUTSIDE = "out_of_scope"
PRICES = Prices(wrong_answer=5, outside_share=0.4)
PRESENT = Thresholds(0.5, 0.1, 0.06)

Example = tuple[list[dict[str, Any]], set[str]]

# Two decimals, so that scores often meet a threshold exactly.
_scores = st.lists(st.integers(0, 100), max_size=5).map(
    lambda found: [score / 100 for score in sorted(found, reverse=True)]
)


@st.composite
def example(draw: st.DrawFn) -> Example:
    scores = draw(_scores)
    labels = draw(st.permutations(LABELS))
    candidates = [
        {"label": label, "score": score, "title": None if label in UNTITLED else label}
        for label, score in zip(labels, scores, strict=False)
    ]
    truth = draw(st.sets(st.sampled_from(LABELS), min_size=1, max_size=2) | st.just({OUTSIDE}))
    return candidates, truth


def thresholds() -> st.SearchStrategy[Thresholds]:
    values = (st.sampled_from([float(v) for v in grid]) for grid in (ANSWERS, MARGINS, OPTIONS))
    return st.builds(Thresholds, *values)


def examples_of(given: list[Example]) -> Examples:
    shape = (len(given), max([2, *(len(candidates) for candidates, _ in given)]))
    scores = np.full(shape, -np.inf)
    right, titled = np.zeros(shape, bool), np.zeros(shape, bool)
    for row, (candidates, truth) in enumerate(given):
        for place, candidate in enumerate(candidates):
            scores[row, place] = candidate["score"]
            right[row, place] = candidate["label"] in truth
            titled[row, place] = candidate["title"] is not None
    return Examples.of(scores, right, titled, np.array([OUTSIDE in truth for _, truth in given]))


def decided(one: Example, limits: Thresholds) -> tuple[str, list[str]]:
    values = (limits.answer_threshold, limits.answer_margin, limits.option_threshold)
    outcome, concerned = decision.decide(one[0], decision.Thresholds(*values))
    return outcome, [candidate["label"] for candidate in concerned]


def cost(one: Example, limits: Thresholds) -> float:
    """Return the cost of one message as the documentation has it."""
    outcome, concerned = decided(one, limits)
    helped = bool(one[1] & set(concerned))
    if OUTSIDE in one[1]:
        return {"answer": PRICES.wrong_answer, "options": 0.25, "not_recognised": 0}[outcome]
    if outcome == "answer":
        return 0 if helped else PRICES.wrong_answer
    if outcome == "options":
        return 0.5 if helped else 1.5
    return 1


def share(flags: list[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


@given(st.lists(example(), min_size=1, max_size=8), example(), thresholds())
def test_figures_are_those_of_the_decision(
    others: list[Example], first: Example, limits: Thresholds
) -> None:
    first = (first[0], first[1] - {OUTSIDE} or {"a/x"})
    given_examples = [first, *others]
    found = figures(examples_of(given_examples), limits, PRICES)
    inside = [one for one in given_examples if OUTSIDE not in one[1]]
    outside = [one for one in given_examples if OUTSIDE in one[1]]
    outcomes = [decided(one, limits)[0] for one in inside]
    assert found.answered == share([outcome == "answer" for outcome in outcomes])
    assert found.options == share([outcome == "options" for outcome in outcomes])
    assert found.not_recognised == share([outcome == "not_recognised" for outcome in outcomes])
    assert found.wrong == share([cost(one, limits) == PRICES.wrong_answer for one in inside])
    outcomes = [decided(one, limits)[0] for one in outside]
    assert found.false_answers == share([outcome == "answer" for outcome in outcomes])
    assert found.false_options == share([outcome == "options" for outcome in outcomes])
    of_inside = float(np.mean([cost(one, limits) for one in inside]))
    of_outside = float(np.mean([cost(one, limits) for one in outside])) if outside else of_inside
    assert found.cost == pytest.approx(0.6 * of_inside + 0.4 * of_outside)


@pytest.fixture(scope="module")
def noisy() -> Examples:
    """Give messages whose best score says how likely it is to be right."""
    random = np.random.default_rng(1)
    scores = -np.sort(-random.dirichlet([0.3] * 6, 2000), axis=1)
    places = (random.random(2000)[:, None] > scores.cumsum(axis=1)).sum(axis=1)
    outside = random.random(2000) < 0.2
    right = (np.arange(6) == places[:, None]) & ~outside[:, None]
    scores[outside] *= random.random((int(outside.sum()), 1))
    return Examples.of(scores[:, :4], right[:, :4], random.random((2000, 4)) < 0.9, outside)


def every_choice() -> list[Thresholds]:
    """Return a coarse part of the grid."""
    return [
        Thresholds(float(answer), float(margin), float(option))
        for answer in ANSWERS[::5]
        for margin in MARGINS
        for option in OPTIONS[::4]
    ]


@pytest.mark.parametrize("price", [0.5, 1, 5, 20])
@pytest.mark.parametrize("limit", [1, 0.05])
def test_no_other_thresholds_within_the_limit_cost_less(
    noisy: Examples, price: float, limit: float
) -> None:
    prices = Prices(price, 0.4)
    choice = choose(noisy, prices, limit, PRESENT)
    chosen = figures(noisy, choice.thresholds, prices)
    assert choice.within_limit
    assert chosen.false_answers is not None and chosen.false_answers <= limit
    others = [figures(noisy, each, prices) for each in every_choice()]
    allowed = [each.cost for each in others if (each.false_answers or 0) <= limit]
    assert chosen.cost <= min(allowed) + 1e-9


def test_dear_mistakes_make_the_assistant_ask_more_often(noisy: Examples) -> None:
    answered = []
    for price in (0.5, 2, 5, 20):
        choice = choose(noisy, Prices(price, 0.4), 1, PRESENT)
        answered.append(figures(noisy, choice.thresholds, PRICES).answered)
    assert answered == sorted(answered, reverse=True)
    assert answered[0] > answered[-1]


def test_limit_that_cannot_be_kept_gives_the_closest() -> None:
    sure_and_outside: Example = ([{"label": "a/x", "score": 0.99, "title": "x"}], {OUTSIDE})
    less_sure: Example = ([{"label": "a/x", "score": 0.7, "title": "x"}], {OUTSIDE})
    asked: Example = ([{"label": "a/x", "score": 0.9, "title": "x"}], {"a/x"})
    examples = examples_of([sure_and_outside, less_sure, asked])
    choice = choose(examples, PRICES, 0.1, PRESENT)
    assert not choice.within_limit
    found = figures(examples, choice.thresholds, PRICES)
    assert (found.false_answers, found.answered) == (0.5, 1)


def test_present_thresholds_stay_where_nothing_is_cheaper() -> None:
    asked: Example = ([{"label": "a/x", "score": 0.99, "title": "x"}], {"a/x"})
    present = Thresholds(0.61, 0.15, 0.09)
    assert choose(examples_of([asked]), PRICES, 0.05, present).thresholds == present


def test_without_messages_out_of_scope_only_the_questions_count() -> None:
    wrong: Example = ([{"label": "a/x", "score": 0.99, "title": "x"}], {"b/z"})
    found = figures(examples_of([wrong]), PRESENT, PRICES)
    assert (found.cost, found.false_answers, found.false_options) == (5, None, None)
