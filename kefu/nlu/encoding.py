"""Brings an encoder's vectors into the shape in which a linear classifier learns best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Array = npt.NDArray[Any]

# Towards a sphere: with a few phrasings a label the covariance is known only roughly.
_SHRINKAGE = 0.5
# Width of the kernel: similarity falls to exp(-2) for vectors at a right angle.
_WIDTH = 2.0
# Beside the n-grams, whose vectors are of length one.
_WEIGHT = 1.25


@dataclass(frozen=True)
class Encoding:
    """Whitens vectors, and describes them by their similarity to landmarks.

    Within-class covariance normalisation (Hatch, Kajarekar and Stolcke, 2006) shrinks
    the directions in which phrasings of one label differ among themselves. The
    landmarks make a linear classifier one with a Gaussian kernel (Nyström's method),
    so that a label may be several clusters of phrasings.

    Attributes:
        mean: (dimensions,) of the whitened training vectors.
        matrix: (dimensions, dimensions) that whitens.
        landmarks: (landmarks, dimensions) whitened vectors of length one.
        mixing: (landmarks, landmarks) from similarities to features.
    """

    mean: Array
    matrix: Array
    landmarks: Array
    mixing: Array

    @classmethod
    def fit(cls, vectors: Array, truth: Array, landmarks: int, seed: int) -> Encoding:
        """Learn from vectors (rows, dimensions) and the index of each row's label."""
        matrix = _whitening(vectors, truth)
        mean = (vectors @ matrix).mean(axis=0)
        random = np.random.default_rng(seed)
        chosen = random.choice(len(vectors), min(landmarks, len(vectors)), replace=False)
        points = _unit(vectors[chosen] @ matrix - mean)
        values, axes = np.linalg.eigh(_similarity(points, points))
        # What two landmarks share alone must not be blown up.
        mixing = (axes / np.sqrt(values + 1e-4)).astype(np.float32) * np.float32(_WEIGHT)
        return cls(mean, matrix, points, mixing)

    def apply(self, vectors: Array) -> Array:
        """Return features (…, landmarks) of vectors (…, dimensions)."""
        points = _unit(vectors @ self.matrix - self.mean)
        result: Array = _similarity(points, self.landmarks) @ self.mixing
        return result


def _whitening(vectors: Array, truth: Array) -> Array:
    counts = np.bincount(truth)
    members = csr_matrix((np.ones(len(truth)), (truth, np.arange(len(truth)))))
    inner = vectors - (members @ vectors / np.maximum(counts, 1)[:, None])[truth]
    spread = inner.T @ inner / max(len(vectors) - np.count_nonzero(counts), 1)
    average = np.trace(spread) / len(spread) or 1.0
    values, axes = np.linalg.eigh(
        (1 - _SHRINKAGE) * spread + _SHRINKAGE * average * np.eye(len(spread))
    )
    result: Array = ((axes * np.sqrt(average / values)) @ axes.T).astype(np.float32)
    return result


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: Array = vectors / np.maximum(length, 1e-9)
    return result


def _similarity(points: Array, landmarks: Array) -> Array:
    result: Array = np.exp(_WIDTH * (points @ landmarks.T - 1))
    return result
