"""The linear classifier on character n-grams, without Rasa."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

Array = npt.NDArray[Any]

_VOCABULARY = "vocabulary.json"
_ARRAYS = "weights.npz"


class CharacterClassifier:
    """Scores labels for normalised texts.

    TF-IDF of character n-grams, a linear support vector machine one-versus-rest,
    and a softmax whose temperature is fitted on held-out folds, so that a score
    can be read as a probability. Persisted as JSON and NumPy arrays, no pickle.
    """

    def __init__(
        self, labels: list[str], vectorizer: TfidfVectorizer, weights: Array,
        intercept: Array, sharpness: float,
    ) -> None:  # fmt: skip
        self.labels = labels
        self._vectorizer = vectorizer
        self._weights = weights  # (features, labels) float32
        self._intercept = intercept
        self._sharpness = sharpness
        self._ngrams = vectorizer.build_analyzer()
        self._idf: Array = vectorizer.idf_

    @classmethod
    def train(
        cls, texts: Sequence[str], labels: Sequence[str], ngrams: tuple[int, int], penalty: float,
        folds: int, seed: int,
    ) -> CharacterClassifier:  # fmt: skip
        """Fit on normalised texts and their labels (at least two different ones)."""
        vectorizer = _new_vectorizer(ngrams)
        features = vectorizer.fit_transform(texts)
        machine = LinearSVC(C=penalty, random_state=seed).fit(features, labels)
        weights, intercept = machine.coef_, machine.intercept_
        if len(machine.classes_) == 2:  # scikit-learn keeps one row for two classes
            weights, intercept = np.vstack([-weights, weights]), np.r_[-intercept, intercept]
        margins, truth = _held_out_margins(features, np.asarray(labels), penalty, folds, seed)
        return cls(
            [str(label) for label in machine.classes_],
            vectorizer,
            np.ascontiguousarray(weights.T, dtype=np.float32),
            intercept.astype(np.float32),
            _fit_sharpness(margins, truth),
        )

    def scores(self, text: str) -> Array:
        """Return one probability a label, in the order of `labels`."""
        features, values = self._features(text)
        margins = values @ self._weights[features] + self._intercept
        scores: Array = _softmax(margins[None, :] * self._sharpness)[0]
        return scores

    def _features(self, text: str) -> tuple[list[int], Array]:
        """Return indices and TF-IDF values of one text.

        The same numbers as scikit-learn's `transform`, which spends a millisecond on
        checks that a single short text does not need.
        """
        known = self._vectorizer.vocabulary_
        counts: Counter[int] = Counter(known[gram] for gram in self._ngrams(text) if gram in known)
        features = list(counts)
        values = (1.0 + np.log(np.fromiter(counts.values(), np.float64))) * self._idf[features]
        norm = np.linalg.norm(values) or 1.0
        return features, (values / norm).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the classifier into `folder`."""
        state = {
            "labels": self.labels,
            "ngrams": self._vectorizer.ngram_range,
            "sharpness": self._sharpness,
            "vocabulary": {k: int(v) for k, v in self._vectorizer.vocabulary_.items()},
        }
        (folder / _VOCABULARY).write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        np.savez(
            folder / _ARRAYS,
            weights=self._weights,
            intercept=self._intercept,
            idf=self._vectorizer.idf_,
        )

    @classmethod
    def load(cls, folder: Path) -> CharacterClassifier:
        """Read what `save` wrote."""
        state: dict[str, Any] = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            vectorizer = _new_vectorizer(tuple(state["ngrams"]), state["vocabulary"])
            vectorizer.idf_ = arrays["idf"]
            weights, intercept = arrays["weights"], arrays["intercept"]
        return cls(state["labels"], vectorizer, weights, intercept, state["sharpness"])


def _new_vectorizer(
    ngrams: tuple[int, ...], vocabulary: dict[str, int] | None = None
) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char", ngram_range=tuple(ngrams), sublinear_tf=True, vocabulary=vocabulary
    )


def _held_out_margins(
    features: Any, labels: Array, penalty: float, folds: int, seed: int
) -> tuple[Array, Array]:
    """Return margins of examples that the machine was not fitted on, and their label's index."""
    names, truth = np.unique(labels, return_inverse=True)
    folds = min(folds, int(np.bincount(truth).min()))
    if folds < 2 or len(names) < 3:
        return np.empty((0, len(names))), np.empty(0, dtype=int)
    margins = np.zeros((len(labels), len(names)))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for known, held_out in splitter.split(features, truth):
        machine = LinearSVC(C=penalty, random_state=seed).fit(features[known], truth[known])
        margins[held_out] = machine.decision_function(features[held_out])
    return margins, truth


def _fit_sharpness(margins: Array, truth: Array) -> float:
    """Return the factor on the margins whose softmax has the smallest log loss."""
    if not len(truth):
        return 5.0

    def log_loss(sharpness: float) -> float:
        chosen = _softmax(margins * sharpness)[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return float(minimize_scalar(log_loss, bounds=(0.5, 40.0), method="bounded").x)


def _softmax(values: Array) -> Array:
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    result: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result
