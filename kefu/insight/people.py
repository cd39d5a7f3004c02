"""What people did: handoffs by reason, who was not reached, and how long customers waited."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from kefu.handoff.hours import schedule
from kefu.insight.period import Bucket, place
from kefu.insight.sessions import Session
from kefu.insight.share import NOTHING, Share, percentile

_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Waits:
    """Waits for the first word of a person, of requests made while people were there.

    Attributes:
        answered: Requests that were answered, of all.
        p50, p95: Seconds, of those answered; None where none was.
        tickets: Requests made while nobody was there, to be answered later.
    """

    answered: Share = NOTHING
    p50: float | None = None
    p95: float | None = None
    tickets: int = 0


@dataclass(frozen=True)
class Service:
    """What became of sessions.

    Attributes:
        handoff: Sessions with a handoff, of all.
        reasons: How many of those had which reason first.
        unreached: Sessions in which a person was asked for and nobody came, of those that
            asked.
        waits: How long customers waited.
    """

    handoff: Share
    reasons: Counter[str]
    unreached: Share
    waits: Waits


def by_time(sessions: Iterable[Session], buckets: list[Bucket]) -> list[Service]:
    """Return what became of the sessions that began in each bucket."""
    found = _grouped(sessions, lambda session: [place(buckets, session.start)])
    return [of_sessions(found.get(number, ())) for number in range(len(buckets))]


def by_channel(sessions: Iterable[Session]) -> dict[str, Service]:
    """Return what became of the sessions of each channel, the accounts of WeChat one by one."""
    found = _grouped(sessions, lambda session: [session.channel])
    return {channel: of_sessions(those) for channel, those in found.items()}


def by_category(sessions: Iterable[Session]) -> dict[str, Service]:
    """Return what became of sessions by what was asked; each counts for all its categories."""
    found = _grouped(sessions, lambda session: session.categories)
    return {category: of_sessions(those) for category, those in found.items()}


def of_sessions(sessions: Iterable[Session]) -> Service:
    """Return what became of sessions."""
    count = asked = unreached = 0
    reasons: Counter[str] = Counter()
    called: list[Session] = []
    for session in sessions:
        count += 1
        asked += session.asked
        unreached += session.asked and not session.reached
        if session.requests:
            reasons[session.requests[0].reason] += 1
            called.append(session)
    return Service(Share(len(called), count), reasons, Share(unreached, asked), _waits(called))


def _grouped(
    sessions: Iterable[Session], keys: Callable[[Session], Iterable[_Key]]
) -> dict[_Key, list[Session]]:
    found: defaultdict[_Key, list[Session]] = defaultdict(list)
    for session in sessions:
        for key in keys(session):
            found[key].append(session)
    return found


def _waits(called: list[Session]) -> Waits:
    hours, seconds, tickets, asked = schedule(), [], 0, 0
    for request in (request for session in called for request in session.requests):
        if not request.last:
            continue
        if not hours.is_open(request.at):
            tickets += 1
            continue
        asked += 1
        if request.answered_at is not None:
            seconds.append(max(0.0, request.answered_at - request.at))
    seconds.sort()
    answered = Share(len(seconds), asked)
    return Waits(answered, percentile(seconds, 50), percentile(seconds, 95), tickets)
