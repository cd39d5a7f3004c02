"""The numbers on the axis of a chart."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from kefu.insight.figures import Unit

_MOST_STEPS = 5
_CLOCK = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True)
class Scale:
    """From zero to `top`, with a mark at each of `marks`."""

    top: float
    marks: tuple[float, ...]


def scale_for(highest: float, unit: Unit) -> Scale:
    """Return the scale on which a highest value has its place; a share is of the whole."""
    if unit == "share":
        return Scale(1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0))
    step = _step(max(highest, 0.001), unit)
    count = max(1, ceil(highest / step - 1e-9))
    return Scale(count * step, tuple(number * step for number in range(count + 1)))


def _step(highest: float, unit: Unit) -> float:
    wanted = highest / _MOST_STEPS
    if unit == "duration":
        return next((step for step in _CLOCK if step >= wanted), _round_up(wanted))
    return max(1.0, _round_up(wanted)) if unit == "count" else _round_up(wanted)


def _round_up(number: float) -> float:
    """Return the next 1, 2 or 5 with zeros."""
    unit: float = 10.0 ** floor(log10(number))
    return next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= number * (1 - 1e-9))
