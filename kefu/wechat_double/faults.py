"""Which call or push the faults strike."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from kefu.wechat_double.switches import Switches

Broken = Literal["none", "drop", "http", "stall"]


@dataclass(frozen=True)
class Strike:
    """What goes wrong with one call of the API.

    Attributes:
        error: errcode to refuse it with, None when it is not refused.
        broken: How its answer is lost.
        after: Whether the call is handled before its answer is lost.
    """

    error: int | None = None
    broken: Broken = "none"
    after: bool = False


_NONE = Strike()


class Faults:
    """Draws the faults, the same ones for the same seed."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self.reseed()

    def reseed(self) -> None:
        """Begin the random numbers anew."""
        self._random = Random(self._switches.seed)

    def strikes(self, rate: float) -> bool:
        """Tell whether a fault of that rate happens now."""
        return rate > 0 and self._random.random() < rate

    def on_call(self, path: str) -> Strike:
        """Return what goes wrong with a call of `path`."""
        switches = self._switches
        if path not in switches.fault_paths or switches.fault_left == 0:
            return _NONE
        strike = self._draw()
        if strike is not _NONE and switches.fault_left > 0:
            switches.fault_left -= 1
        return strike

    def latency(self, path: str) -> float:
        """Return how many seconds a call of `path` waits before it is handled."""
        return self._switches.fault_latency if path in self._switches.fault_paths else 0.0

    def _draw(self) -> Strike:
        switches = self._switches
        if self.strikes(switches.fault_error_rate):
            return Strike(error=self._random.choice(switches.fault_errors))
        if self.strikes(switches.fault_drop_rate):
            return Strike(broken="drop", after=switches.fault_after_handling)
        if self.strikes(switches.fault_http_rate):
            return Strike(broken="http", after=switches.fault_after_handling)
        if self.strikes(switches.fault_stall_rate):
            return Strike(broken="stall", after=True)
        return _NONE
