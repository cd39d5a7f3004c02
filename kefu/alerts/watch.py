"""Watching: look by all rules, keep what was found, tell what is new."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from kefu.alerts import book, course, wording
from kefu.alerts.rules import RULES
from kefu.alerts.signals import Looked, NothingToTell, Rule, Signal
from kefu.alerts.webhook import WebhookFailed, post
from kefu.environment import alert_webhook
from kefu.errors import KefuError
from kefu.handoff.reports import close_report, open_report
from kefu.settings import settings, span_minutes

logger = logging.getLogger(__name__)

REPORT = "alert_webhook"
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 600.0


@dataclass
class _Kept:
    """What a rule found, None for nothing to tell, and until when that is good enough."""

    signals: list[Signal] | None
    until: float


class Watch:
    """Looks again and again; what has to outlive it is in the database."""

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        """Take the rules."""
        self._rules = rules
        self._kept: dict[str, _Kept] = {}
        self._on_since: dict[str, float] = {}
        self._failures = 0
        self._not_before = 0.0

    def look(self, now: float) -> None:
        """Look once, and tell people what is new."""
        looked = self._looked(now)
        self._begin(looked, now)
        self._follow(looked, now)
        self._tell(looked, now)

    def _looked(self, now: float) -> Looked:
        looked = Looked()
        for rule in self._rules:
            kept = self._kept.get(rule.kind)
            if kept is None or kept.until <= now:
                kept = self._kept[rule.kind] = _Kept(signals_of(rule, now), now + rule.every)
            if kept.signals is None:
                looked.unknown.add(rule.kind)
            else:
                looked.signals.extend(kept.signals)
        return looked

    def _begin(self, looked: Looked, now: float) -> None:
        known = {alert.name for alert in book.open_alerts()}
        on = [signal for signal in looked.signals if signal.on]
        self._on_since = {s.name: self._on_since.get(s.name, now) for s in on}
        for signal in on:
            alert = course.begun(signal, self._on_since[signal.name], now)
            if alert is not None and signal.name not in known:
                logger.warning("alert %s begins", signal.name)
                book.keep(alert)

    def _follow(self, looked: Looked, now: float) -> None:
        calm = settings().alerts.calm_minutes * 60.0
        for alert in book.open_alerts():
            if looked.is_unknown(alert.name):
                continue
            after = course.followed(alert, looked.by_name(alert.name), now, calm)
            if after is None:
                book.forget(alert.name)
            elif after != alert:
                book.keep(after)

    def _tell(self, looked: Looked, now: float) -> None:
        remind = settings().alerts.remind_hours * 3600.0
        new = [n for n in course.news(book.open_alerts(), now, remind) if _is_sure(n, looked)]
        url = alert_webhook()
        if url is None:
            _close(new)
            return
        if not new or now < self._not_before or _is_quiet(now):
            return
        try:
            post(url, wording.message(new, now))
        except WebhookFailed as error:
            self._failed(error, now)
            return
        self._failures = 0
        for said in new:
            _note(said, now)
        close_report(REPORT, now)

    def _failed(self, error: WebhookFailed, now: float) -> None:
        pause = min(_FIRST_PAUSE * 2**self._failures, _LONGEST_PAUSE)
        self._failures += 1
        self._not_before = now + max(pause, error.wait)
        logger.error("an alert was not sent: %s", error)
        open_report(REPORT, f"告警没有发出去：{error}", now)


def signals_of(rule: Rule, now: float) -> list[Signal] | None:
    """Look by one rule; None where nothing can be told."""
    try:
        return rule.look(now)
    except NothingToTell:
        return None
    except SQLAlchemyError as error:
        logger.error("rule %s cannot look: %s", rule.kind, type(error).__name__)
    except (KefuError, OSError) as error:
        logger.error("rule %s cannot look: %s", rule.kind, error)
    return None


def _is_sure(said: course.News, looked: Looked) -> bool:
    """Tell whether what would be told is known; that something lasts has to be seen."""
    return said.kind is not course.Kind.REMINDED or not looked.is_unknown(said.alert.name)


def _note(said: course.News, now: float) -> None:
    after = course.told(said, now)
    if after is None:
        book.forget(said.alert.name)
    else:
        book.keep(after)


def _close(new: Sequence[course.News]) -> None:
    """Forget what is over where there is nobody to tell."""
    for one in new:
        if one.kind is course.Kind.OVER:
            book.forget(one.alert.name)


def _is_quiet(now: float) -> bool:
    local = datetime.fromtimestamp(now, settings().assistant.zone)
    minute = local.hour * 60 + local.minute
    spans = map(span_minutes, settings().alerts.quiet_hours)
    return any(start <= minute < end for start, end in spans)
