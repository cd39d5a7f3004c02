"""The course of an alert: it begins, is told, reminded of, and over; each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from kefu.alerts.signals import Signal


class Kind(str, Enum):
    """What people are told of an alert."""

    BEGUN = "begun"
    REMINDED = "reminded"
    OVER = "over"


@dataclass(frozen=True)
class Alert:
    """One alert; times in UTC seconds.

    Attributes:
        name: That of its signal.
        text: Title and what was found last.
        begun_at: When the limit was passed.
        told_at: When people were told last, None before.
        calm_since: Since when the limit is no longer passed, None while it is.
        over_at: When it was over, which people have not been told yet.
    """

    name: str
    text: str
    begun_at: float
    told_at: float | None = None
    calm_since: float | None = None
    over_at: float | None = None


@dataclass(frozen=True)
class News:
    """What there is to tell of one alert."""

    kind: Kind
    alert: Alert


def begun(signal: Signal, since: float, now: float) -> Alert | None:
    """Return the alert of a signal that is on since then, None while it has to hold on."""
    if now - since < signal.hold:
        return None
    return Alert(signal.name, _text(signal), since)


def followed(alert: Alert, signal: Signal | None, now: float, calm: float) -> Alert | None:
    """Return an alert after another look; None when it is gone.

    Args:
        alert: What it was.
        signal: What was found; None where nothing of that name exists any more.
        now: UTC seconds.
        calm: For how many seconds all has to be well before it is over.
    """
    if signal is not None and signal.on:
        return replace(alert, text=_text(signal), calm_since=None, over_at=None)
    since = now if alert.calm_since is None else alert.calm_since
    if now - since < calm:
        return replace(alert, calm_since=since)
    if alert.told_at is None:
        return None
    return replace(alert, calm_since=since, over_at=alert.over_at or now)


def news(alerts: Iterable[Alert], now: float, remind: float) -> list[News]:
    """Return what people should be told now; `remind` in seconds, 0 for never."""
    found = [(alert, _news(alert, now, remind)) for alert in alerts]
    return [News(kind, alert) for alert, kind in found if kind is not None]


def told(said: News, now: float) -> Alert | None:
    """Return an alert of which people have been told; None when that was its end."""
    return None if said.kind is Kind.OVER else replace(said.alert, told_at=now)


def _news(alert: Alert, now: float, remind: float) -> Kind | None:
    if alert.over_at is not None:
        return Kind.OVER
    if alert.told_at is None:
        return Kind.BEGUN
    if alert.calm_since is None and remind and now - alert.told_at >= remind:
        return Kind.REMINDED
    return None


def _text(signal: Signal) -> str:
    return f"{signal.title}：{signal.text}"
