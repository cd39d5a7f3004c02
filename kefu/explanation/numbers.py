"""Scores as text: rounded down, so that what is printed never contradicts a threshold."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

_DIGITS = 2


def score(value: float, digits: int = _DIGITS) -> str:
    """Return a score between 0 and 1 with `digits` decimals."""
    unit = Decimal(1).scaleb(-digits)
    # Nine decimals: 0.29 is 0.29, not the 0.28999… that its float stands for.
    return str(Decimal(f"{value:.9f}").quantize(unit, ROUND_FLOOR))


def against(value: float, threshold: float) -> str:
    """Return `0.83 ≥ 0.50` or `0.42 < 0.50`."""
    limit = written(threshold)
    sign = "≥" if value >= threshold else "<"
    return f"{score(value, len(limit.partition('.')[2]))} {sign} {limit}"


def written(threshold: float) -> str:
    """Return a threshold with as many decimals as it has, two at least."""
    return f"{threshold:.{max(_DIGITS, len(f'{threshold:g}'.partition('.')[2]))}f}"
