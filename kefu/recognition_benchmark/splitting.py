"""Which lines train and which test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from kefu.labels import OUT_OF_SCOPE
from kefu.recognition_benchmark.data import Line
from kefu.recognition_benchmark.errors import BenchmarkFailed


@dataclass(frozen=True)
class Material:
    """Everything that was read.

    Attributes:
        train: Lines to train with, or to draw from.
        test: Lines to test with; None: those that are not drawn.
        reject: Lines that must not be answered.
        examples: Trained with in any case, not drawn from.
    """

    train: Sequence[Line]
    test: Sequence[Line] | None
    reject: Sequence[Line] = ()
    examples: Sequence[Line] = ()


@dataclass(frozen=True)
class Split:
    """Training and test for one seed.

    Attributes:
        train: Lines to train with.
        test: Questions to recognise; none is spelt like a training line.
        reject: Lines that must not be answered, those of the test file among them.
        removed: Number of lines left out because a training line equals them.
    """

    seed: int
    train: Sequence[Line]
    test: Sequence[Line]
    reject: Sequence[Line]
    removed: int

    @property
    def labels(self) -> set[str]:
        """Return what can be recognised."""
        return {line.label for line in self.train}

    @property
    def untrained(self) -> int:
        """Return the number of test lines whose label has no training line."""
        labels = self.labels
        return sum(line.label not in labels for line in self.test)

    @property
    def texts(self) -> list[str]:
        """Return what has to be recognised: the test lines, then those to reject."""
        return [line.text for line in (*self.test, *self.reject)]

    def counts(self) -> dict[str, int]:
        """Return how many lines there are of each sort."""
        return {
            "seed": self.seed,
            "labels": len(self.labels - {OUT_OF_SCOPE}),
            "train": len(self.train),
            "test": len(self.test),
            "reject": len(self.reject),
            "removed": self.removed,
            "untrained": self.untrained,
        }


def split(material: Material, per_label: int | None, seed: int) -> Split:
    """Draw `per_label` lines a label (None: take all) and keep the test free of them.

    Where the rest is the test, at least one line of each label is left for it.

    Raises:
        BenchmarkFailed: Fewer than two labels to tell apart, or nothing left to test with.
    """
    drawn, rest = _draw(material.train, per_label, seed, leave_one=material.test is None)
    train = [*drawn, *material.examples]
    known = {line.key for line in train}
    asked = rest if material.test is None else material.test
    candidates = [*asked, *material.reject]
    new = [line for line in candidates if line.key not in known]
    made = Split(
        seed,
        train,
        [line for line in new if line.label != OUT_OF_SCOPE],
        [line for line in new if line.label == OUT_OF_SCOPE],
        len(candidates) - len(new),
    )
    _check(made)
    return made


def _draw(
    lines: Sequence[Line], per_label: int | None, seed: int, leave_one: bool
) -> tuple[list[Line], list[Line]]:
    """Return the lines drawn and the others, both in the order of the file."""
    if per_label is None:
        return list(lines), []
    places: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        places.setdefault(line.label, []).append(place)
    drawn: set[int] = set()
    for label, own in places.items():
        # A generator for each label: one label more or less does not change the others.
        number = min(per_label, len(own) - leave_one)
        drawn.update(Random(f"{seed}/{label}").sample(own, number))
    numbered = list(enumerate(lines))
    return [x for i, x in numbered if i in drawn], [x for i, x in numbered if i not in drawn]


def _check(made: Split) -> None:
    if len(made.labels) < 2:
        raise BenchmarkFailed("训练数据至少要有两个分类，每个分类至少一条（同一文件时至少两条）")
    if not made.test:
        raise BenchmarkFailed("去掉与训练相同的问法后没有可测试的问题，请换一个测试文件")
