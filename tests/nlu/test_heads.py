"""Heads: what they say of rows that did not shape them, and how sure they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kefu.nlu.heads import Features, Training, train, train_joined

Array = npt.NDArray[Any]
HOW = Training(penalty=0.1, steps=150, folds=3, landmarks=20, seed=1)


def features(each: tuple[int, ...] = (9, 9, 9), encoders: int = 1) -> Features:
    random = np.random.default_rng(0)
    truth = np.repeat(np.arange(len(each)), each)
    text = np.eye(len(each), 6)[truth] + 0.4 * random.normal(size=(len(truth), 6))
    vectors = [np.eye(len(each), 8)[truth] + 0.3 * random.normal(size=(len(truth), 8))] * encoders
    return Features(text.astype(np.float32), [v.astype(np.float32) for v in vectors], truth)


@pytest.mark.parametrize("encoders", [0, 1, 2])
def test_every_row_is_scored_by_a_head_that_it_did_not_shape(encoders: int) -> None:
    given = features(encoders=encoders)
    head, left_out = train(given, 3, HOW)
    assert sorted(left_out.rows) == list(range(27))
    assert left_out.scores.sum(axis=1) == pytest.approx(1, abs=1e-4)
    right = (left_out.scores.argmax(axis=1) == given.truth[left_out.rows]).mean()
    seen = head.many(given.joined(given.encodings(HOW))).argmax(axis=1) == given.truth
    assert 0.6 < right <= seen.mean()


def test_fold_without_which_a_label_would_be_unknown_is_left_out() -> None:
    """A label of one phrasing: nothing is known of it while that is held out."""
    given = features(each=(9, 9, 1))
    _, left_out = train(given, 3, HOW)
    assert 18 not in left_out.rows
    assert 0 < len(left_out.rows) < 19


def test_where_nothing_can_be_held_out_the_scores_stay_as_they_are() -> None:
    head, left_out = train(features(each=(1, 1, 1)), 3, HOW)
    assert (len(left_out.rows), left_out.scores.shape) == (0, (0, 3))
    assert head.sharpness == 1


def test_scores_are_softened_where_the_rows_cannot_be_told_apart() -> None:
    random = np.random.default_rng(3)
    truth = np.arange(60) % 2
    noise = random.normal(size=(60, 40)).astype(np.float32)
    sure, _ = train_joined(noise, 40, truth, 2, replace(HOW, folds=1))
    doubtful, _ = train_joined(noise, 40, truth, 2, HOW)
    assert doubtful.many(noise).max(axis=1).mean() < sure.many(noise).max(axis=1).mean()


def test_unfolded_head_gives_the_same_scores_from_n_grams() -> None:
    given = features(encoders=0)
    basis = np.linalg.qr(np.random.default_rng(2).normal(size=(30, 6)))[0].astype(np.float32)
    head, _ = train(given, 3, HOW)
    n_grams = (given.text @ basis.T)[0]
    reduced = head.scores(n_grams @ basis @ head.text, None)
    assert np.allclose(head.unfolded(basis).scores(n_grams @ head.unfolded(basis).text, None),
                       reduced, atol=1e-5)  # fmt: skip


def test_vectors_add_to_the_text() -> None:
    given = features()
    encodings = given.encodings(HOW)
    joined = given.joined(encodings)
    head, _ = train(given, 3, HOW)
    row = head.scores(given.text[0] @ head.text, encodings[0].apply(given.vectors[0][0]))
    assert np.allclose(row, head.many(joined)[0], atol=1e-4)
    assert not np.allclose(row, head.scores(given.text[0] @ head.text, None), atol=1e-4)
