"""How far a job is, told from what the same steps took the last time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kefu.publishing import kept, places

# What each step takes, in seconds, until it was measured here.
STEPS: dict[str, tuple[str, float]] = {
    "check": ("检查知识库", 2.0),
    "start": ("准备训练", 25.0),
    "words": ("学习词语和句子", 8.0),
    "entries": ("学习每个条目的问法", 40.0),
    "dialogue": ("学习对话，保存模型", 8.0),
    "load": ("打开新模型", 8.0),
    "try": ("用测试问题试新模型", 20.0),
    "try_former": ("用同样的问题试正在使用的模型", 20.0),
    "compare": ("比较", 1.0),
    "swap": ("启用新模型", 25.0),
}
TRAINING = ("start", "words", "entries", "dialogue")
TRYING = ("load", "try", "try_former", "compare")
# From here on a step takes longer than it should, and its bar slows down.
_ON_TIME = 0.8

Clock = Callable[[], float]


@dataclass(frozen=True)
class Progress:
    """Percent from 0 to 100, what is being done, and seconds that are left; None: unknown."""

    percent: float
    step: str
    remaining: float | None


class Steps:
    """The steps of one job, of which one at a time is being done."""

    def __init__(self, names: tuple[str, ...], clock: Clock = time.monotonic) -> None:
        self._names = names
        self._expected = {**{name: STEPS[name][1] for name in STEPS}, **_remembered()}
        self._clock = clock
        self._took: dict[str, float] = {}
        self._current = names[0]
        self._began = clock()
        self._fraction: float | None = None
        self._percent = 0.0

    def begin(self, name: str) -> None:
        """Go on to a step; those before it are done, or were not needed."""
        if name == self._current or name not in self._names:
            return
        self._took[self._current] = self._clock() - self._began
        self._current, self._began, self._fraction = name, self._clock(), None

    def reached(self, fraction: float) -> None:
        """Tell how much of the step is done, 0 to 1, where that can be counted."""
        self._fraction = min(max(fraction, 0.0), 1.0)

    def skip(self, name: str) -> None:
        """Do without a step."""
        self._names = tuple(one for one in self._names if one != name)

    def now(self) -> Progress:
        """Return how far it is; it never goes back."""
        place = self._names.index(self._current)
        done = sum(self._expected[name] for name in self._names[:place])
        whole = sum(self._expected[name] for name in self._names)
        elapsed, expected = self._clock() - self._began, self._expected[self._current]
        counted = self._fraction
        within = _within(elapsed / (expected * self._pace())) if counted is None else counted
        self._percent = max(self._percent, 100 * (done + within * expected) / whole)
        return Progress(self._percent, STEPS[self._current][0], self._remaining(elapsed, place))

    def end(self) -> None:
        """Remember what the steps took, for the next time."""
        self._took[self._current] = self._clock() - self._began
        remembered = {**_remembered(), **{name: max(s, 0.5) for name, s in self._took.items()}}
        kept.write(places.folder() / _FILE, remembered)

    def _remaining(self, elapsed: float, place: int) -> float | None:
        pace = self._pace()
        expected = self._expected[self._current] * pace
        if self._fraction:
            here = elapsed / self._fraction - elapsed
        elif elapsed > expected:
            return None  # it takes longer than the last time, nobody knows how much
        else:
            here = expected - elapsed
        return here + pace * sum(self._expected[name] for name in self._names[place + 1 :])

    def _pace(self) -> float:
        """Return how many times longer the steps take than the last time, at least 1."""
        expected = sum(self._expected[name] for name in self._took)
        return max(1.0, sum(self._took.values()) / expected) if expected else 1.0


_FILE = "durations.json"


def _within(share: float) -> float:
    """Return how far a step is of whose expected time this share is over; never quite 1."""
    if share <= _ON_TIME:
        return share
    return 1 - (1 - _ON_TIME) * math.exp(-(share - _ON_TIME) / (1 - _ON_TIME) / 2)


def _remembered() -> Mapping[str, float]:
    stored = kept.read(places.folder() / _FILE) or {}
    return {name: float(seconds) for name, seconds in stored.items() if name in STEPS}
