"""access_tokens: cgi-bin/token and cgi-bin/stable_token, which know nothing of each other."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from kefu.wechat_double.clock import Clock
from kefu.wechat_double.refusals import ApiRefused

LIFE = 7200.0
OVERLAP = 300.0
_FORCED_A_DAY = 20
_FORCED_APART = 30.0
_DAY = 86400.0
_KEPT = 2000


@dataclass
class _Issued:
    appid: str
    expires_at: float
    replaced_at: float | None = None  # from then on it is "not latest"


class Tokens:
    """All tokens that were issued."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, _Issued] = {}
        self._plain: dict[str, str] = {}
        self._stable: dict[str, str] = {}
        self._forced: dict[str, list[float]] = {}

    def issue(self, appid: str) -> tuple[str, int]:
        """Return a new token and its life; the former one stays valid for five minutes."""
        former = self._issued.get(self._plain.get(appid, ""))
        if former is not None:
            former.replaced_at = self._clock.now() + OVERLAP
        self._plain[appid] = self._mint(appid)
        return self._plain[appid], int(LIFE)

    def stable(self, appid: str, force: bool) -> tuple[str, int]:
        """Return the account's stable token and what is left of its life.

        A new one is made in the last five minutes, or by `force`, which invalidates
        the former one. Raises ApiRefused when forced too often.
        """
        now = self._clock.now()
        token = self._stable.get(appid, "")
        issued = self._issued.get(token)
        if force:
            self._count_forced(appid, now)
            if issued is not None:
                issued.replaced_at = now
        elif issued is not None and issued.expires_at - now > OVERLAP:
            return token, int(issued.expires_at - now)
        self._stable[appid] = self._mint(appid)
        return self._stable[appid], int(LIFE)

    def owner(self, token: str) -> str:
        """Return the appid that a valid token belongs to. Raises ApiRefused."""
        issued, now = self._issued.get(token), self._clock.now()
        if issued is None or (issued.replaced_at is not None and now >= issued.replaced_at):
            raise ApiRefused(40001)
        if now >= issued.expires_at:
            raise ApiRefused(42001)
        return issued.appid

    def expire_all(self) -> None:
        """Let every token run out now."""
        for issued in self._issued.values():
            issued.expires_at = self._clock.now()

    def _mint(self, appid: str) -> str:
        token = f"9{secrets.randbelow(10)}_{secrets.token_urlsafe(96)}"
        self._issued[token] = _Issued(appid, self._clock.now() + LIFE)
        while len(self._issued) > _KEPT:
            del self._issued[next(iter(self._issued))]
        return token

    def _count_forced(self, appid: str, now: float) -> None:
        recent = [at for at in self._forced.get(appid, []) if at > now - _DAY]
        if recent and now - recent[-1] < _FORCED_APART:
            raise ApiRefused(45011)
        if len(recent) >= _FORCED_A_DAY:
            raise ApiRefused(45009)
        self._forced[appid] = [*recent, now]
