"""Softmax regression: what it learns, and how sure it says to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kefu.nlu import softmax

Array = npt.NDArray[Any]


def points(rows: int = 60, labels: int = 3, seed: int = 0) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    truth = np.arange(rows) % labels
    features = 3 * np.eye(labels, 5)[truth] + random.normal(size=(rows, 5))
    return features.astype(np.float32), truth


def learnt(features: Array, truth: Array, labels: int = 3, penalty: float = 0.1) -> Array:
    return softmax.fit(features, truth, labels, penalty=penalty, steps=200, seed=1)


def test_what_was_learnt_holds_for_other_points() -> None:
    weights = learnt(*points())
    others, truth = points(seed=9)
    found = softmax.margins(others, weights).argmax(axis=1)
    assert weights.shape == (6, 3)
    assert (found == truth).mean() > 0.9


def test_more_rows_than_a_batch_are_all_learnt_from() -> None:
    features, truth = points(rows=1000)
    found = softmax.margins(features, learnt(features, truth)).argmax(axis=1)
    assert (found == truth).mean() > 0.9


def test_frequent_label_is_likelier_where_features_say_nothing() -> None:
    truth = np.array([0] * 9 + [1])
    weights = learnt(np.zeros((10, 2), np.float32), truth, labels=2)
    scores = softmax.softmax(softmax.margins(np.zeros((1, 2)), weights))[0]
    assert scores[0] == pytest.approx(0.9, abs=0.05)


def test_penalty_keeps_weights_small() -> None:
    features, truth = points()
    free, held = (learnt(features, truth, penalty=p)[:-1] for p in (0.01, 100.0))
    assert np.abs(held).sum() < np.abs(free).sum() / 2


def test_same_seed_learns_the_same() -> None:
    features, truth = points()
    assert np.array_equal(learnt(features, truth), learnt(features, truth))


@pytest.mark.parametrize("values", [[0.0, 0.0], [1000.0, 999.0], [-1e6, 1e6, 0.0]])
def test_scores_sum_to_one_however_large_the_margins(values: list[float]) -> None:
    scores = softmax.softmax(np.array(values))
    assert scores.sum() == pytest.approx(1)
    assert (scores >= 0).all()
    assert scores.argmax() == np.argmax(values)


@pytest.mark.parametrize("right", [0.7, 0.8, 0.95])
def test_sharpness_makes_a_score_the_share_that_is_right(right: float) -> None:
    """The held-out margins claim certainty; the truth says how often that was deserved."""
    count = 1000
    claimed = np.tile([4.0, 0.0], (count, 1))
    truth = (np.arange(count) >= right * count).astype(int)
    scores = softmax.softmax(claimed * softmax.fit_sharpness(claimed, truth))
    assert scores[0, 0] == pytest.approx(right, abs=0.02)
