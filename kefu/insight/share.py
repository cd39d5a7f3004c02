"""A part of a whole that never hides its two numbers, and percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    numerator: int = 0
    denominator: int = 0

    @property
    def value(self) -> float | None:
        """Return the share, 0 to 1; None where there is nothing to divide by."""
        return self.numerator / self.denominator if self.denominator else None

    def __add__(self, other: Share) -> Share:
        return Share(self.numerator + other.numerator, self.denominator + other.denominator)


NOTHING = Share()


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the smallest value that `percent` of all do not exceed (nearest rank)."""
    if not ordered:
        return None
    return ordered[rank(len(ordered), percent) - 1]


def rank(count: int, percent: int) -> int:
    """Return the place of a percentile among `count` ordered values, from 1."""
    return max(1, -(-count * percent // 100))
