"""How often an account may call each path (接口调用频次限制)."""

from __future__ import annotations

from collections import Counter

from kefu.wechat_double.clock import Clock
from kefu.wechat_double.refusals import ApiRefused
from kefu.wechat_double.switches import Switches

_MINUTE = 60
_DAY = 86400
_MONTH = 30 * _DAY
_CLEARED_A_MONTH = 10


class Limits:
    """Counts calls by account and path; the switches set the limits."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._minute: tuple[int, Counter[tuple[str, str]]] = (0, Counter())
        self._day: tuple[int, Counter[tuple[str, str]]] = (0, Counter())
        self._cleared: dict[str, list[float]] = {}

    def count(self, appid: str, path: str) -> None:
        """Count a call. Raises ApiRefused when it is one too many."""
        now = int(self._clock.now())
        self._minute = _counted(self._minute, now // _MINUTE, appid, path)
        self._day = _counted(self._day, now // _DAY, appid, path)
        if 0 < self._switches.minute_limit < self._minute[1][appid, path]:
            raise ApiRefused(45011)
        if 0 < self._switches.daily_limit < self._day[1][appid, path]:
            raise ApiRefused(45009)

    def clear(self, appid: str) -> None:
        """Begin the account's day anew. Raises ApiRefused when done too often."""
        now = self._clock.now()
        recent = [at for at in self._cleared.get(appid, []) if at > now - _MONTH]
        if len(recent) >= _CLEARED_A_MONTH:
            raise ApiRefused(48006)
        self._cleared[appid] = [*recent, now]
        counts = self._day[1]
        for key in [key for key in counts if key[0] == appid]:
            del counts[key]


def _counted(
    kept: tuple[int, Counter[tuple[str, str]]], period: int, appid: str, path: str
) -> tuple[int, Counter[tuple[str, str]]]:
    counts = kept[1] if kept[0] == period else Counter()
    counts[appid, path] += 1
    return period, counts
