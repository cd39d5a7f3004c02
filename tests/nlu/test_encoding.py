"""Encoders' vectors, brought into the shape in which labels are told apart best."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kefu.nlu.encoding import Encoding

Array = npt.NDArray[Any]
LABELS, EACH, DIMENSIONS = 4, 10, 12


def vectors(seed: int = 0) -> tuple[Array, Array]:
    """Return vectors of which most of the spread says nothing about the label.

    The first three axes are how long and how polite a phrasing is, say; the labels lie
    along the others.
    """
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(LABELS), EACH)
    found = np.eye(LABELS, DIMENSIONS, k=3)[truth]
    found += 0.15 * random.normal(size=(len(truth), DIMENSIONS))
    found[:, :3] += 2 * random.normal(size=(len(truth), 3))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), truth


def right_neighbours(points: Array, truth: Array) -> float:
    """Return the share of rows whose nearest other row is of the same label."""
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    near = unit @ unit.T
    np.fill_diagonal(near, -np.inf)
    return float((truth[near.argmax(axis=1)] == truth).mean())


def test_what_phrasings_of_one_label_differ_in_counts_less() -> None:
    given, truth = vectors()
    encoded = Encoding.fit(given, truth, 100, seed=1).apply(given)
    assert right_neighbours(encoded, truth) > right_neighbours(given, truth) + 0.1


@pytest.mark.parametrize(("landmarks", "features"), [(7, 7), (1000, LABELS * EACH)])
def test_features_are_as_many_as_landmarks_or_phrasings(landmarks: int, features: int) -> None:
    given, truth = vectors()
    encoded = Encoding.fit(given, truth, landmarks, seed=1).apply(given)
    assert encoded.shape == (len(given), features)
    assert np.isfinite(encoded).all()


def test_one_vector_is_encoded_like_many() -> None:
    given, truth = vectors()
    encoding = Encoding.fit(given, truth, 20, seed=1)
    assert np.allclose(encoding.apply(given[3]), encoding.apply(given)[3], atol=1e-5)


def test_length_of_features_is_near_that_of_the_n_grams() -> None:
    """None of the two outweighs the other before anything is learnt."""
    given, truth = vectors()
    lengths = np.linalg.norm(Encoding.fit(given, truth, 1000, seed=1).apply(given), axis=1)
    assert lengths == pytest.approx(1.25, abs=0.2)


def test_one_phrasing_a_label_is_enough() -> None:
    given, _ = vectors()
    encoded = Encoding.fit(given[:3], np.arange(3), 10, seed=1).apply(given)
    assert np.isfinite(encoded).all()


def test_same_seed_gives_the_same_features() -> None:
    given, truth = vectors()
    first, second = (Encoding.fit(given, truth, 5, seed=3).apply(given) for _ in range(2))
    assert np.array_equal(first, second)
