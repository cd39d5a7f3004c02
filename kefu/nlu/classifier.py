"""The classifier behind recognition, without Rasa: n-grams and encoders' vectors to scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kefu.nlu.encoding import Encoding
from kefu.nlu.heads import Head
from kefu.nlu.text_features import TextFeatures

Array = npt.NDArray[Any]
# Of a text: indices and values of its n-grams, reduced or not, and the encoders' vectors.
_Given = tuple[Array, Array, Array | None, Array | None]

_STATE = "classifier.json"
_ARRAYS = "weights.npz"
_WEIGHTS = ("text", "encoded", "intercept")
_ENCODING = ("mean", "matrix", "landmarks", "mixing")


@dataclass(frozen=True)
class Heads:
    """What is meant, and whether that is the assistant's business at all.

    Attributes:
        meaning: One score a label.
        scope: Scores of inside and outside; None where nothing is known to be outside.
    """

    meaning: Head
    scope: Head | None


class EntryClassifier:
    """Scores labels for normalised texts, with the encoders' vectors or without.

    Both are trained, so that a model still answers on a machine that lacks the encoder.
    """

    def __init__(
        self, labels: list[str], features: TextFeatures, basis: Array | None,
        encodings: Sequence[Encoding], plain: Heads, encoded: Heads | None,
    ) -> None:  # fmt: skip
        self.labels = labels
        self._features = features
        self._basis = basis  # (n-grams, basis); None when it is unfolded into the heads
        self._encodings = encodings
        self._plain = plain
        self._encoded = encoded

    def scores(self, text: str, vectors: Sequence[Array] = ()) -> Array:
        """Return one score a label, in the order of `labels`; their sum is at most 1.

        Args:
            text: Normalised text.
            vectors: Its vector from each encoder, in the order of the training.
        """
        both, given = self._heads_for(text, vectors)
        scores = _head_scores(both.meaning, *given)
        if both.scope is not None:
            scores = scores * _head_scores(both.scope, *given)[0]
        return scores

    def in_scope(self, text: str, vectors: Sequence[Array] = ()) -> float:
        """Return how probable it is that a text is any of the assistant's business, 0 to 1."""
        both, given = self._heads_for(text, vectors)
        return float(_head_scores(both.scope, *given)[0]) if both.scope is not None else 1.0

    def _heads_for(self, text: str, vectors: Sequence[Array]) -> tuple[Heads, _Given]:
        both, encoded = self._plain, None
        if self._encoded is not None and len(vectors) == len(self._encodings):
            blocks = [e.apply(v) for e, v in zip(self._encodings, vectors, strict=True)]
            both, encoded = self._encoded, np.concatenate(blocks)
        indices, values = self._features.one(text)
        reduced = values @ self._basis[indices] if self._basis is not None else None
        return both, (indices, values, reduced, encoded)

    def known_share(self, text: str) -> float:
        """Return the share of the text's characters that training has seen, 0 to 1."""
        return self._features.known_share(text)

    def save(self, folder: Path) -> None:
        """Write the classifier into `folder`: JSON and NumPy arrays, no pickle."""
        self._features.save(folder)
        arrays: dict[str, Array] = {}
        sharpness: dict[str, float] = {}
        for name, head in self._named_heads():
            sharpness[name] = head.sharpness
            # Half precision is enough for weights, and half the size of the model.
            arrays |= {f"{name}.{p}": getattr(head, p).astype(np.float16) for p in _WEIGHTS}
        for number, encoding in enumerate(self._encodings):
            arrays |= {f"{part}.{number}": getattr(encoding, part) for part in _ENCODING}
        if self._basis is not None:
            arrays["basis"] = self._basis
        np.savez(folder / _ARRAYS, **arrays)
        state = {"labels": self.labels, "encoders": len(self._encodings), "sharpness": sharpness}
        (folder / _STATE).write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")

    def _named_heads(self) -> list[tuple[str, Head]]:
        kinds = {"plain": self._plain, "encoded": self._encoded}
        named = [
            (f"{kind}.{part}", getattr(both, part))
            for kind, both in kinds.items()
            if both is not None
            for part in ("meaning", "scope")
        ]
        return [(name, head) for name, head in named if head is not None]

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Return whether `save` wrote a classifier into `folder`."""
        return (folder / _STATE).exists()

    @classmethod
    def load(cls, folder: Path) -> EntryClassifier:
        """Read what `save` wrote."""
        state: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        with np.load(folder / _ARRAYS, allow_pickle=False) as stored:
            # The weights on n-grams, most of the memory, stay in half precision.
            arrays = {
                name: array if name.endswith(".text") else array.astype(np.float32)
                for name, array in stored.items()
            }
        found = {
            name: Head(**{p: arrays[f"{name}.{p}"] for p in _WEIGHTS}, sharpness=sharpness)
            for name, sharpness in state["sharpness"].items()
        }
        plain, encoded = (
            Heads(found[f"{kind}.meaning"], found.get(f"{kind}.scope"))
            if f"{kind}.meaning" in found
            else None
            for kind in ("plain", "encoded")
        )
        assert plain is not None
        encodings = [
            Encoding(**{part: arrays[f"{part}.{number}"] for part in _ENCODING})
            for number in range(state["encoders"])
        ]
        features = TextFeatures.load(folder)
        return cls(state["labels"], features, arrays.get("basis"), encodings, plain, encoded)

    def unfolded(self) -> EntryClassifier:
        """Return the same classifier with weights on n-grams: smaller where labels are few."""
        assert self._basis is not None
        plain = _unfold(self._plain, self._basis)
        encoded = _unfold(self._encoded, self._basis) if self._encoded is not None else None
        return EntryClassifier(self.labels, self._features, None, self._encodings, plain, encoded)


def _head_scores(
    head: Head, indices: Array, values: Array, reduced: Array | None, encoded: Array | None
) -> Array:
    if reduced is not None:
        from_text = reduced @ head.text.astype(np.float32)
    else:
        from_text = values @ head.text[indices].astype(np.float32)
    return head.scores(from_text, encoded)


def _unfold(both: Heads, basis: Array) -> Heads:
    scope = both.scope.unfolded(basis) if both.scope is not None else None
    return Heads(both.meaning.unfolded(basis), scope)
