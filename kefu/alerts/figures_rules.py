"""Rules about the figures of the day."""

from __future__ import annotations

from datetime import datetime

from kefu.alerts.signals import NothingToTell, Signal
from kefu.insight.filters import EVERYTHING
from kefu.insight.people import of_sessions
from kefu.insight.period import Period
from kefu.insight.questions import recognition
from kefu.insight.sessions import sessions_of
from kefu.insight.share import Share
from kefu.insight.words import value_text
from kefu.settings import settings


def look_at_recognition(now: float) -> list[Signal]:
    """Compare the recognition rate of the day. Raises NothingToTell when too few asked."""
    limit = settings().alerts.recognition_below
    if not limit:
        return [Signal("recognition", "识别率", False)]
    share = recognition(_today(now), EVERYTHING)
    rate = _rate(share)
    text = _text("识别率", share, limit)
    return [Signal("recognition", "识别率偏低", rate < limit, text)]


def look_at_handoffs(now: float) -> list[Signal]:
    """Compare the handoff rate of the day. Raises NothingToTell when there were too few."""
    limit = settings().alerts.handoff_above
    if not limit:
        return [Signal("handoff", "转人工率", False)]
    share = of_sessions(sessions_of(_today(now), EVERYTHING)).handoff
    rate = _rate(share)
    text = _text("转人工率", share, limit)
    return [Signal("handoff", "转人工率偏高", rate > limit, text)]


def _text(what: str, share: Share, limit: float) -> str:
    rate, target = (value_text(value, "share") for value in (share.value, limit))
    return f"今天的{what} {rate}（{share.numerator}/{share.denominator}，目标 {target}）"


def _today(now: float) -> Period:
    zone = settings().assistant.zone
    day = datetime.fromtimestamp(now, zone).date()
    return Period(day, day, zone)


def _rate(share: Share) -> float:
    if share.value is None or share.denominator < settings().alerts.least_questions:
        raise NothingToTell
    return share.value
