"""What recognition said of training examples while they were left out: data for calibrating."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FILE = "held_out.npz"
OUTSIDE = -1
# Candidates kept of an example: as many as a decision looks at.
_KEPT = 6


@dataclass(frozen=True)
class HeldOut:
    """The best candidates of each example, best first.

    Attributes:
        scores: (examples, kept) between 0 and 1.
        labels: (examples, kept) indices of labels.
        truth: (examples,) index of the right label; OUTSIDE where none is.
    """

    scores: Array
    labels: Array
    truth: Array

    @classmethod
    def of(cls, scores: Array, truth: Array) -> HeldOut:
        """Keep the best of (examples, labels)."""
        best = np.argsort(-scores, axis=1, kind="stable")[:, :_KEPT]
        kept = np.take_along_axis(scores, best, axis=1)
        return cls(kept.astype(np.float32), best.astype(np.int32), truth.astype(np.int32))

    def save(self, folder: Path) -> None:
        """Write it into `folder`."""
        np.savez(folder / FILE, scores=self.scores, labels=self.labels, truth=self.truth)

    @classmethod
    def load(cls, folder: Path) -> HeldOut:
        """Read what `save` wrote."""
        with np.load(folder / FILE, allow_pickle=False) as stored:
            return cls(stored["scores"], stored["labels"], stored["truth"])
