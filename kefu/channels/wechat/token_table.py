"""The table of access tokens: who may fetch one now, and what was fetched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from kefu.channels.wechat.errors import Busy, Refused
from kefu.storage.engine import reading, writing
from kefu.storage.tables import wechat_tokens

LEASE_SECONDS = 10.0
FORCED_A_DAY = 20
FORCED_APART = 30.0

# WeChat's day.
_ZONE = timezone(timedelta(hours=8))

_ROW = select(wechat_tokens).where(wechat_tokens.c.appid == bindparam("account"))
_LOCKED_ROW = _ROW.with_for_update()
_NEW_ROW = insert(wechat_tokens)
_LEASE = (
    update(wechat_tokens)
    .where(wechat_tokens.c.appid == bindparam("account"))
    .values(leased_until=bindparam("until"))
)
# A holder whose time ran out changes nothing: another has taken over.
_OURS = (
    update(wechat_tokens)
    .where(wechat_tokens.c.appid == bindparam("account"))
    .where(wechat_tokens.c.leased_until == bindparam("until"))
)
_RELEASE = _OURS.values(leased_until=0.0)
_KEEP = _OURS.values(
    leased_until=0.0, token=bindparam("new_token"), expires_at=bindparam("new_expiry")
)
_FORCED = _OURS.values(
    {name: bindparam(f"new_{name}") for name in ("forced_at", "forced_day", "forced_today")}
)


@dataclass(frozen=True)
class Token:
    """An access token, to be used until `usable_until` (UTC seconds)."""

    value: str
    usable_until: float


@dataclass(frozen=True)
class Lease:
    """The right to fetch a token, alone.

    Attributes:
        appid: Whose token.
        until: UTC seconds; then another may take over.
    """

    appid: str
    until: float


def look(appid: str, failing: str, now: float) -> Token | Lease | None:
    """Return the token, or the right to fetch one, or None while another has that right.

    A token that equals `failing` does not count.
    """
    with reading() as connection:
        row = connection.execute(_ROW, {"account": appid}).first()
    token = _usable(row, failing, now)
    if token is not None:
        return token
    if row is None:
        _make_row(appid)
    return _take(appid, failing, now)


def keep(lease: Lease, token: Token) -> None:
    """Store what was fetched and end the lease."""
    with writing() as connection:
        values = {"new_token": token.value, "new_expiry": token.usable_until}
        connection.execute(_KEEP, {**_key(lease), **values})


def release(lease: Lease) -> None:
    """End a lease that brought nothing, so that the next need not wait."""
    with writing() as connection:
        connection.execute(_RELEASE, _key(lease))


def note_forced(lease: Lease, now: float) -> None:
    """Count one forced renewal before it is asked for.

    Raises:
        Busy: The last one is less than 30 s ago.
        Refused: The day's 20 are used up.
    """
    day = datetime.fromtimestamp(now, _ZONE).date().isoformat()
    with writing() as connection:
        row = connection.execute(_LOCKED_ROW, {"account": lease.appid}).one()
        today = row.forced_today if row.forced_day == day else 0
        _check_limits(now - row.forced_at, today)
        values = {"new_forced_at": now, "new_forced_day": day, "new_forced_today": today + 1}
        connection.execute(_FORCED, {**_key(lease), **values})


def _check_limits(since_last: float, today: int) -> None:
    if today >= FORCED_A_DAY:
        raise Refused(
            f"access_token 今天已强制刷新 {FORCED_A_DAY} 次：请停用与本系统争用这个账号的其他程序"
        )
    if since_last < FORCED_APART:
        wait = FORCED_APART - max(since_last, 0.0)
        raise Busy("access_token 刚强制刷新过，微信要求间隔 30 秒：系统会稍后自动重试", wait=wait)


def _take(appid: str, failing: str, now: float) -> Token | Lease | None:
    with writing() as connection:
        row = connection.execute(_LOCKED_ROW, {"account": appid}).one()
        token = _usable(row, failing, now)
        if token is not None:
            return token
        if row.leased_until > now:
            return None
        lease = Lease(appid, now + LEASE_SECONDS)
        connection.execute(_LEASE, _key(lease))
    return lease


def _make_row(appid: str) -> None:
    try:
        with writing() as connection:
            connection.execute(_NEW_ROW, {"appid": appid})
    except IntegrityError:
        # Another process was first, which is as good.
        pass


def _usable(row: Any, failing: str, now: float) -> Token | None:
    if row is None or not row.token or row.token == failing or row.expires_at <= now:
        return None
    return Token(row.token, row.expires_at)


def _key(lease: Lease) -> dict[str, Any]:
    return {"account": lease.appid, "until": lease.until}
