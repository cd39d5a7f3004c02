"""One linear layer over text features and encoder vectors, with scores that are probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kefu.nlu import softmax
from kefu.nlu.encoding import Encoding

Array = npt.NDArray[Any]

# Margins (rows times labels) that are held out; a hundred megabytes.
_MOST_HELD_OUT = 25_000_000


@dataclass(frozen=True)
class Training:
    """How a head is trained.

    Attributes:
        penalty: Strength of the L2 penalty.
        steps: Batches that are learnt from.
        folds: Folds on which the scores are made probabilities.
        landmarks: Phrasings that encoders' vectors are compared with.
        seed: Seed of the folds, the batches and the landmarks.
    """

    penalty: float
    steps: int
    folds: int
    landmarks: int
    seed: int


@dataclass(frozen=True)
class Features:
    """Features of some texts.

    Attributes:
        text: (rows, basis) reduced n-grams.
        vectors: One array (rows, dimensions) an encoder.
        truth: (rows,) index of each row's label.
    """

    text: Array
    vectors: Sequence[Array]
    truth: Array

    def of(self, rows: Array) -> Features:
        """Return the features of the rows of a mask."""
        return Features(self.text[rows], [v[rows] for v in self.vectors], self.truth[rows])

    def encodings(self, how: Training) -> list[Encoding]:
        """Return how each encoder's vectors are encoded, learnt from these rows."""
        return [Encoding.fit(v, self.truth, how.landmarks, how.seed) for v in self.vectors]

    def joined(self, encodings: Sequence[Encoding]) -> Array:
        """Return all features side by side."""
        blocks = [e.apply(v) for e, v in zip(encodings, self.vectors, strict=True)]
        return np.hstack([self.text, *blocks])


@dataclass(frozen=True)
class Head:
    """Weights of one softmax.

    Attributes:
        text: (basis, labels), or (n-grams, labels) once unfolded.
        encoded: (sum of the encoders' dimensions, labels).
        intercept: (labels,).
        sharpness: Factor that makes the softmax of the margins a probability.
    """

    text: Array
    encoded: Array
    intercept: Array
    sharpness: float

    def scores(self, from_text: Array, encoded: Array | None) -> Array:
        """Return one probability a label; `from_text` is the text's part of the margins."""
        margins = from_text + self.intercept
        if encoded is not None:
            margins = margins + encoded @ self.encoded
        return softmax.softmax(margins * self.sharpness)

    def many(self, features: Array) -> Array:
        """Return (rows, labels) probabilities for joined features."""
        weights = np.vstack([self.text, self.encoded, self.intercept])
        return softmax.softmax(softmax.margins(features, weights) * self.sharpness)

    def unfolded(self, basis: Array) -> Head:
        """Return the same head on n-grams instead of the basis they are reduced to."""
        return replace(self, text=np.ascontiguousarray(basis @ self.text))


@dataclass(frozen=True)
class LeftOut:
    """What a head says of rows that did not shape it.

    Attributes:
        rows: Numbers of the rows.
        scores: (rows, labels) probabilities.
    """

    rows: Array
    scores: Array


def train(features: Features, labels: int, how: Training) -> tuple[Head, LeftOut]:
    """Fit a head, and on each fold the encodings anew; return what it says of rows left out."""

    def margins(known: Array, left_out: Array) -> Array:
        shaping = features.of(known)
        encodings = shaping.encodings(how)
        weights = _fit(shaping.joined(encodings), shaping.truth, labels, how)
        return softmax.margins(features.of(left_out).joined(encodings), weights)

    rows, held_out = _held_out(features.truth, labels, how, margins)
    joined = features.joined(features.encodings(how))
    weights = _fit(joined, features.truth, labels, how)
    return _calibrated(weights, features.text.shape[1], rows, held_out, features.truth)


def train_joined(
    joined: Array, width: int, truth: Array, labels: int, how: Training
) -> tuple[Head, LeftOut]:
    """Fit a head on joined features, the first `width` of them the text's; else as `train`."""

    def margins(known: Array, left_out: Array) -> Array:
        weights = _fit(joined[known], truth[known], labels, how)
        return softmax.margins(joined[left_out], weights)

    rows, held_out = _held_out(truth, labels, how, margins)
    return _calibrated(_fit(joined, truth, labels, how), width, rows, held_out, truth)


def _fit(joined: Array, truth: Array, labels: int, how: Training) -> Array:
    return softmax.fit(joined, truth, labels, how.penalty, how.steps, how.seed)


def _calibrated(
    weights: Array, width: int, rows: Array, held_out: Array, truth: Array
) -> tuple[Head, LeftOut]:
    sharpness = softmax.fit_sharpness(held_out, truth[rows]) if len(rows) else 1.0
    head = Head(weights[:width], weights[width:-1], weights[-1], sharpness)
    return head, LeftOut(rows, softmax.softmax(held_out * sharpness))


def _held_out(
    truth: Array, labels: int, how: Training, margins: Callable[[Array, Array], Array]
) -> tuple[Array, Array]:
    """Return rows and the margins of each by weights that it did not shape.

    A fold without which a label would have no rows is left out. Of very many margins,
    a part tells as much about the scores as all.
    """
    fold = _folds(truth, how.folds, how.seed)
    rows: list[Array] = [np.empty(0, int)]
    found: list[Array] = [np.empty((0, labels), np.float32)]
    for number in range(how.folds):
        known = fold != number
        left_out = np.flatnonzero(~known)
        if not len(left_out) or len(np.unique(truth[known])) < labels:
            continue
        left_out = left_out[: max(1, _MOST_HELD_OUT // labels)]
        rows.append(left_out)
        found.append(margins(known, left_out))
        if len(truth) * labels > _MOST_HELD_OUT:
            break
    return np.concatenate(rows), np.concatenate(found)


def _folds(truth: Array, folds: int, seed: int) -> Array:
    """Return each row's fold: the rows of a label are spread over all of them."""
    random = np.random.default_rng(seed)
    result = np.empty(len(truth), int)
    for label in np.unique(truth):
        places = random.permutation(np.flatnonzero(truth == label))
        result[places] = (np.arange(len(places)) + random.integers(folds)) % folds
    return result
