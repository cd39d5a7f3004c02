"""What recognition sees of a text: its characters and their sounds, weighted by rarity."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from kefu.pinyin import sounds

Array = npt.NDArray[Any]

_FILE = "text_features.json"
_MANY_TEXTS = 5000


class TextFeatures:
    """TF-IDF of character n-grams and of their pinyin, as one sparse vector.

    The pinyin half reads a homophone typed by mistake (退宽) like the right word.
    """

    def __init__(
        self, ngrams: tuple[int, int], sound_weight: float, blocks: Sequence[dict[str, int]],
        idf: Array,
    ) -> None:  # fmt: skip
        self.ngrams = ngrams
        self.sound_weight = sound_weight
        self._blocks = blocks
        self._idf = idf

    @classmethod
    def fit(
        cls, texts: Sequence[str], ngrams: tuple[int, int], sound_weight: float
    ) -> TextFeatures:
        """Learn the n-grams of normalised texts. `sound_weight` is the pinyin's share, 0 to 1."""
        blocks, idf, offset = [], [], 0
        for analyse in _analysers(ngrams):
            # Of many texts, an n-gram that only one of them has tells nothing of others.
            rarest = 2 if len(texts) >= _MANY_TEXTS else 1
            vectorizer = TfidfVectorizer(analyzer=analyse, dtype=np.float32, min_df=rarest)
            vectorizer.fit(texts)
            vocabulary = {gram: int(i) + offset for gram, i in vectorizer.vocabulary_.items()}
            blocks.append(vocabulary)
            idf.append(vectorizer.idf_)
            offset += len(vocabulary)
        return cls(ngrams, sound_weight, blocks, np.concatenate(idf).astype(np.float32))

    @property
    def size(self) -> int:
        """Return the number of features."""
        return len(self._idf)

    def one(self, text: str) -> tuple[Array, Array]:
        """Return the features of one text: their indices and their values."""
        indices, values = [], []
        weights = (1 - self.sound_weight, self.sound_weight)
        for analyse, known, weight in zip(
            _analysers(self.ngrams), self._blocks, weights, strict=True
        ):
            counts = Counter(known[gram] for gram in analyse(text) if gram in known)
            places = np.fromiter(counts, np.int64, len(counts))
            tf = 1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))
            raw = tf * self._idf[places]
            indices.append(places)
            values.append(raw * (np.sqrt(weight) / (np.linalg.norm(raw) or 1.0)))
        return np.concatenate(indices), np.concatenate(values).astype(np.float32)

    def known_share(self, text: str) -> float:
        """Return the share of the text's characters that were seen in training, 0 to 1."""
        characters = [c for c in text if not c.isspace()]
        return sum(c in self._blocks[0] for c in characters) / max(len(characters), 1)

    def many(self, texts: Iterable[str]) -> sparse.csr_matrix:
        """Return the features of texts, one row each."""
        rows = [self.one(text) for text in texts]
        starts = np.cumsum([0, *(len(indices) for indices, _ in rows)])
        indices = np.concatenate([indices for indices, _ in rows])
        values = np.concatenate([values for _, values in rows])
        return sparse.csr_matrix((values, indices, starts), shape=(len(rows), self.size))

    def save(self, folder: Path) -> None:
        """Write the features into `folder`."""
        state = {
            "ngrams": self.ngrams,
            "sound_weight": self.sound_weight,
            "blocks": self._blocks,
            "idf": [round(float(value), 5) for value in self._idf],
        }
        (folder / _FILE).write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TextFeatures:
        """Read what `save` wrote."""
        state = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        idf = np.asarray(state["idf"], np.float32)
        return cls(tuple(state["ngrams"]), state["sound_weight"], state["blocks"], idf)


def _analysers(ngrams: tuple[int, int]) -> tuple[Callable[[str], list[str]], ...]:
    return (lambda text: _ngrams(text, ngrams), lambda text: _ngrams(sounds(text), ngrams))


def _ngrams(units: Sequence[str], ngrams: tuple[int, int]) -> list[str]:
    lengths = range(ngrams[0], ngrams[1] + 1)
    return [
        " ".join(units[i : i + length])
        for length in lengths
        for i in range(len(units) - length + 1)
    ]
