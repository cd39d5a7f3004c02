"""What a rule found: a limit that is passed, or is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Signal:
    """One thing that has a limit.

    Attributes:
        name: Which; the same at every look.
        title: What people call it.
        on: The limit is passed.
        text: What was found, with the limit.
        hold: How long the limit has to be passed before people are told, in seconds.
    """

    name: str
    title: str
    on: bool
    text: str = ""
    hold: float = 0.0


@dataclass(frozen=True)
class Looked:
    """All signals of one look; of the kinds in `unknown` nothing can be told this time."""

    signals: list[Signal] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    def by_name(self, name: str) -> Signal | None:
        """Return a signal, None where there is none of that name."""
        return next((signal for signal in self.signals if signal.name == name), None)

    def is_unknown(self, name: str) -> bool:
        """Tell whether nothing can be said of a signal."""
        return name.partition(":")[0] in self.unknown


class NothingToTell(Exception):
    """Raised by a rule that has too little to go by."""


@dataclass(frozen=True)
class Rule:
    """One kind of signal: how to look for it, and how seldom (seconds) is often enough."""

    kind: str
    look: Callable[[float], list[Signal]]
    every: float = 0.0
