"""Which phrasings a message resembles most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kefu.explanation.subjects import Phrasing, Subject
from kefu.explanation.trained import Trained
from kefu.normalise import words

Array = npt.NDArray[Any]

_SHOWN = 2


@dataclass(frozen=True)
class Near:
    """A phrasing and how alike it is, 0 to 100."""

    phrasing: Phrasing
    similarity: int


def nearest(
    texts: Sequence[str], subjects: Sequence[Subject], trained: Trained
) -> list[tuple[Near, ...]]:
    """Return the nearest phrasings of each subject, best first.

    Args:
        texts: What was read, reworded: the message and its parts. The part that a
            phrasing resembles most counts.
        subjects: What the message is compared with; one without phrasings has none near.
        trained: Of the model that read the texts.
    """
    phrasings = [phrasing for subject in subjects for phrasing in subject.phrasings]
    if not phrasings:
        return [() for _ in subjects]
    known = [trained.wording.reworded(trained.normalised(p.text)) for p in phrasings]
    similarities = _similarities(texts, known, trained).max(axis=0)
    same = {words(text) for text in texts}
    similarities[[words(text) in same for text in known]] = 1
    ends = np.cumsum([len(subject.phrasings) for subject in subjects])
    groups = np.split(similarities, ends[:-1])
    return [_best(s.phrasings, group) for s, group in zip(subjects, groups, strict=True)]


def _similarities(texts: Sequence[str], known: Sequence[str], trained: Trained) -> Array:
    """Return (texts, known): the mean cosine of the n-grams and of each encoder's vectors."""
    ours, theirs = trained.features.many(texts), trained.features.many(known)
    cosines = [(ours @ theirs.T).toarray()]
    for ours, theirs in zip(trained.vectors(texts), trained.vectors(known), strict=True):
        cosines.append(_of_length_one(ours) @ _of_length_one(theirs).T)
    mean: Array = np.mean(cosines, axis=0)
    return mean


def _best(phrasings: Sequence[Phrasing], similarities: Array) -> tuple[Near, ...]:
    order = np.argsort(-similarities, kind="stable")[:_SHOWN]
    return tuple(
        Near(phrasings[place], round(100 * float(np.clip(similarities[place], 0, 1))))
        for place in order
    )


def _of_length_one(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: Array = vectors / np.maximum(lengths, 1e-9)
    return result
