"""Texts that say the same in almost the same words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import TfidfVectorizer

from kefu.masking import without_masks
from kefu.normalise import match_key
from kefu.order_numbers import PLACEHOLDER
from kefu.pinyin import sounds

Array = npt.NDArray[Any]

# Chosen on tests/loop/labelled.py; docs/weekly_loop.md has the figures.
ALIKE = 0.55
# The share of the sounds: a homophone typed by mistake (退宽) is like the right word.
_SOUND = 0.3
_NGRAMS = (1, 2)
# Rows that are compared with all others at once; more would cost memory, not time.
_ROWS = 512
# A chain of texts longer than this is cut at likenesses that rise by the step.
_LARGEST = 1500
_STEP = 0.1
_BEFORE = re.compile(
    r"^(?:你好|您好|在吗|在么|亲亲|亲|老板|掌柜的?|客服|请教一?下?|请问一?下?|麻烦问?一?下?|"
    r"我?想?问一?下|我想问|问一?下|咨询一?下|打扰一?下|那个|嗯+|哎|欸|诶|喂|hi|hello|就是)+(?=..)"
)
_AFTER = re.compile(r"(?<=..)(?:谢谢你?|谢了|多谢|麻烦了|辛苦了|[呀啊呢吗嘛吧哦哈啦哇么亲])+$")


def grouping_key(masked: str) -> str:
    """Return what two messages share that differ in spelling, courtesy and numbers only."""
    key = match_key(without_masks(masked, PLACEHOLDER))
    return _AFTER.sub("", _BEFORE.sub("", key)) or key


def group(keys: Sequence[str], alike: float = ALIKE) -> list[int]:
    """Return the number of its group for each key; numbers start at 0 and have no gaps.

    Args:
        keys: As `grouping_key` gives them; the same key may come more than once.
        alike: How alike the members of a group are on average, 0 to 1.
    """
    distinct = list(dict.fromkeys(keys))
    if len(distinct) < 2:
        return [0] * len(keys)
    vectors = _vectors(distinct)
    found = dict(zip(distinct, _numbered(_groups(vectors, alike), len(distinct)), strict=True))
    return [found[key] for key in keys]


def _vectors(texts: Sequence[str]) -> sparse.csr_matrix:
    blocks = []
    for analyse, weight in ((list, 1 - _SOUND), (sounds, _SOUND)):
        pieces = [_pieces(analyse(text)) for text in texts]
        rarity = TfidfVectorizer(analyzer=_as_they_are, dtype=np.float32, sublinear_tf=True)
        blocks.append(rarity.fit_transform(pieces) * np.sqrt(weight))
    return sparse.hstack(blocks, format="csr", dtype=np.float32)


def _as_they_are(pieces: list[str]) -> list[str]:
    return pieces


def _pieces(units: Sequence[str]) -> list[str]:
    bounded = ["^", *units, "$"]
    return [
        " ".join(bounded[i : i + length])
        for length in range(_NGRAMS[0], _NGRAMS[1] + 1)
        for i in range(length == 1, len(bounded) - length + 1 - (length == 1))
    ]


def _groups(vectors: sparse.csr_matrix, alike: float) -> Iterator[Array]:
    """Yield the rows of each group."""
    likeness = _likeness(vectors, alike)
    for rows in _components(likeness, alike):
        yield from _divided(likeness, vectors, rows, alike)


def _likeness(vectors: sparse.csr_matrix, least: float) -> sparse.csr_matrix:
    """Return how alike each two rows are, where they are at least that much."""
    columns = vectors.T.tocsr()
    parts = []
    for start in range(0, vectors.shape[0], _ROWS):
        part = vectors[start : start + _ROWS] @ columns
        part.data[part.data < least] = 0
        part.eliminate_zeros()
        parts.append(part)
    return sparse.vstack(parts, format="csr")


def _components(likeness: sparse.csr_matrix, least: float) -> list[Array]:
    linked = likeness.copy()
    linked.data = (linked.data >= least).astype(np.float32)
    linked.eliminate_zeros()
    _, numbers = connected_components(linked, directed=False)
    rows: dict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(numbers):
        rows[number].append(row)
    return [np.asarray(found) for found in rows.values()]


def _divided(
    likeness: sparse.csr_matrix, vectors: sparse.csr_matrix, rows: Array, alike: float
) -> Iterator[Array]:
    """Yield the groups of a chain of texts, each alike to the next, ends maybe not."""
    if len(rows) <= 2:
        yield rows
    elif len(rows) > _LARGEST:
        stricter = alike + _STEP
        for part in _components(likeness[rows][:, rows], stricter):
            yield from _divided(likeness, vectors, rows[part], stricter)
    else:
        dense = (vectors[rows] @ vectors[rows].T).toarray()
        distances = np.clip(1 - dense[np.triu_indices(len(rows), 1)], 0, None)
        numbers = fcluster(linkage(distances, "average"), 1 - alike, "distance")
        for number in np.unique(numbers):
            yield rows[numbers == number]


def _numbered(groups: Iterator[Array], total: int) -> list[int]:
    numbers = [0] * total
    for number, rows in enumerate(groups):
        for row in rows:
            numbers[row] = number
    return numbers
