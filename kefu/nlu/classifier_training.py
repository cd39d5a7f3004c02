"""Trains the classifier behind recognition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.extmath import randomized_svd

from kefu.nlu import heads
from kefu.nlu.classifier import EntryClassifier, Heads
from kefu.nlu.encoding import Encoding
from kefu.nlu.heads import Features, Training
from kefu.nlu.held_out import OUTSIDE, HeldOut
from kefu.nlu.text_features import TextFeatures

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """How the classifier is trained; the defaults stand in KnowledgeRecogniser.

    Attributes:
        ngrams: Shortest and longest n-gram.
        sound_weight: Share of the syllables beside the characters.
        dimensions: Dimensions that the n-grams are reduced to.
        training: How each head is trained.
    """

    ngrams: tuple[int, int]
    sound_weight: float
    dimensions: int
    training: Training


def train(
    texts: Sequence[str], vectors: Sequence[Array], labels: Sequence[str], outside: str,
    how: Settings,
) -> tuple[EntryClassifier, HeldOut]:  # fmt: skip
    """Fit on normalised texts and their labels.

    Args:
        texts: All examples, those of the label `outside` among them.
        vectors: One array (texts, dimensions) an encoder; none without encoders.
        labels: Label of each text; two different ones at least besides `outside`.
        outside: Label of what is not the assistant's business.
        how: Settings.

    Returns:
        The classifier, and what it says of each example when that is left out.
    """
    inside = np.array([label != outside for label in labels])
    names, places = np.unique(np.asarray(labels)[inside], return_inverse=True)
    truth = np.full(len(texts), OUTSIDE)
    truth[inside] = places
    features = TextFeatures.fit(texts, how.ngrams, how.sound_weight)
    counts = features.many(texts)
    width = min(how.dimensions, *counts.shape)
    # One power iteration is enough: what is lost is noise to the classifier.
    _, _, rotation = randomized_svd(counts, width, n_iter=1, random_state=how.training.seed)
    basis = rotation.T.astype(np.float32)
    rows = np.asarray(counts @ basis, np.float32)
    everything = Features(rows, vectors, truth)
    encodings = everything.of(inside).encodings(how.training)
    heads_, held_out = _train_heads(everything, encodings, how.training)
    plain, encoded = heads_, None
    if vectors:
        plain, encoded = _train_plain(rows, truth, heads_, how.training), heads_
    found = EntryClassifier([str(n) for n in names], features, basis, encodings, plain, encoded)
    return (found.unfolded() if len(names) <= width else found), held_out


def _train_heads(
    features: Features, encodings: Sequence[Encoding], how: Training
) -> tuple[Heads, HeldOut]:
    inside = features.truth != OUTSIDE
    known = features.of(inside)
    labels = int(known.truth.max()) + 1
    meaning, meant = heads.train(known, labels, how)
    if inside.all():
        return Heads(meaning, None), HeldOut.of(meant.scores, known.truth[meant.rows])
    joined, width = features.joined(encodings), features.text.shape[1]
    scope, shares = heads.train_joined(joined, width, (~inside).astype(int), 2, how)
    in_scope = np.ones(len(inside), np.float32)
    in_scope[shares.rows] = shares.scores[:, 0]
    # The examples outside shaped none of what is said of their meaning.
    beyond = meaning.many(joined[~inside])
    asked = np.flatnonzero(inside)[meant.rows]
    return Heads(meaning, scope), HeldOut.of(
        np.vstack([meant.scores, beyond])
        * np.concatenate([in_scope[asked], in_scope[~inside]])[:, None],
        np.concatenate([features.truth[asked], features.truth[~inside]]),
    )


def _train_plain(rows: Array, truth: Array, encoded: Heads, how: Training) -> Heads:
    """Fit the heads for machines without encoder; the sharpness of the others does for them."""
    # With one fold nothing is left to learn from, so nothing is held out.
    once, inside = replace(how, folds=1), truth != OUTSIDE
    labels = int(truth.max()) + 1
    meaning, _ = heads.train_joined(rows[inside], rows.shape[1], truth[inside], labels, once)
    meaning = replace(meaning, sharpness=encoded.meaning.sharpness)
    if encoded.scope is None:
        return Heads(meaning, None)
    scope, _ = heads.train_joined(rows, rows.shape[1], (~inside).astype(int), 2, once)
    return Heads(meaning, replace(scope, sharpness=encoded.scope.sharpness))
