"""Questions and how they ended: the recognition rate, and what is asked most.

A question is a customer's message while the bot holds, other than greetings, thanks, yes
and no, form input, button presses and a request for a person. It is recognised when it was
answered directly, or when the customer picked one of the options next.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, func, or_, select

from kefu.insight.filters import Filters, bucket_of, turns_of
from kefu.insight.period import Bucket, Period, Step, place
from kefu.insight.share import NOTHING, Share
from kefu.labels import TASKS, category_of, is_entry
from kefu.storage.engine import reading
from kefu.storage.erasure import ERASED
from kefu.storage.tables import turns

# A pick that comes later than this is no answer to the options.
PICK_SECONDS = 3600.0
# The small talk that asks something; the rest is greetings, thanks, yes and no.
CHAT = ("bot_challenge", "chitchat", "insult")
_DIRECT = ("answered", "task")
_UNSURE = ("options", "not_recognised", "failed")
TASK, OTHER = "task", "other"


@dataclass(frozen=True)
class Asked:
    """How often something was asked: in words, and by pressing a button."""

    label: str
    words: int = 0
    buttons: int = 0

    @property
    def times(self) -> int:
        """Return how often in all."""
        return self.words + self.buttons


@dataclass(frozen=True)
class Questions:
    """The questions of a period: those recognised of all, by day, channel and outcome."""

    days: list[Bucket]
    counts: dict[tuple[int, str, str], Share]

    @property
    def recognised(self) -> Share:
        """Return questions recognised of questions."""
        return sum(self.counts.values(), NOTHING)

    @property
    def endings(self) -> Counter[str]:
        """Return how many questions ended in which way.

        Ways: answered, picked, not_picked, not_recognised, failed.
        """
        found: Counter[str] = Counter()
        for (_, _, outcome), share in self.counts.items():
            if outcome == "options":
                found["picked"] += share.numerator
                found["not_picked"] += share.denominator - share.numerator
            else:
                found[outcome if outcome in _UNSURE else "answered"] += share.denominator
        return found

    def by_time(self, buckets: list[Bucket]) -> list[Share]:
        """Return the share recognised for each bucket of whole days."""
        found: defaultdict[int | None, Share] = defaultdict(Share)
        for (day, _, _), share in self.counts.items():
            found[place(buckets, self.days[day].start)] += share
        return [found[number] for number in range(len(buckets))]

    def by_channel(self) -> dict[str, Share]:
        """Return the share recognised for each channel, the accounts of WeChat one by one."""
        found: defaultdict[str, Share] = defaultdict(Share)
        for (_, channel, _), share in self.counts.items():
            found[channel] += share
        return dict(found)


def questions(period: Period, filters: Filters) -> Questions:
    """Count the questions of a period."""
    days = period.buckets(Step.DAY)
    rows = _counted(
        period, filters, lambda said: (bucket_of(said.c.at, days), said.c.channel, said.c.outcome)
    )
    counts = {(day, channel, outcome): share for day, channel, outcome, share in rows}
    return Questions(days, counts)


def recognition(period: Period, filters: Filters) -> Share:
    """Return questions recognised of questions."""
    return questions(period, filters).recognised


def recognition_by_time(period: Period, filters: Filters, buckets: list[Bucket]) -> list[Share]:
    """Return the share recognised for each bucket, which may be an hour."""
    found = dict(_counted(period, filters, lambda said: (bucket_of(said.c.at, buckets),)))
    return [found.get(number, NOTHING) for number in range(len(buckets))]


def recognition_by_category(period: Period, filters: Filters) -> dict[str, Share]:
    """Return it for each category; TASK for look-ups, OTHER for what fits nowhere.

    What was not recognised counts for the category that was nearest.
    """
    found: defaultdict[str, Share] = defaultdict(Share)
    for label, share in _counted(period, filters, lambda said: (said.c.label,)):
        found[group_of(label)] += share
    return dict(found)


def busiest(period: Period, filters: Filters, limit: int = 20) -> list[Asked]:
    """Return what was asked and answered most, the most often first."""
    answered = turns.c.outcome.in_((*_DIRECT, "picked"))
    query = (
        select(turns.c.label, turns.c.outcome, func.count().label("times"))
        .where(turns_of(filters, period.start, period.end), answered)
        .where(filters.of_category(turns.c.label), turns.c.label.is_not(None))
        .group_by(turns.c.label, turns.c.outcome)
    )
    found: dict[str, Asked] = {}
    with reading() as connection:
        for label, outcome, times in connection.execute(query):
            before = found.get(label, Asked(label))
            kind = "buttons" if outcome == "picked" else "words"
            found[label] = replace(before, **{kind: getattr(before, kind) + times})
    return sorted(found.values(), key=lambda asked: (-asked.times, asked.label))[:limit]


def group_of(label: str | None) -> str:
    """Return the category of a label, TASK for a look-up, OTHER for the rest."""
    if label is None:
        return OTHER
    if is_entry(label):
        return category_of(label)
    return TASK if label in TASKS else OTHER


def _said(period: Period, filters: Filters) -> Any:
    """Return the turns of the period, each with the one that came next."""
    next_one = {"partition_by": turns.c.conversation, "order_by": (turns.c.started_at, turns.c.id)}
    return (
        select(
            turns.c.conversation,
            turns.c.channel,
            turns.c.started_at.label("at"),
            turns.c.outcome,
            turns.c.label,
            func.lead(turns.c.outcome).over(**next_one).label("next"),
            func.lead(turns.c.started_at).over(**next_one).label("next_at"),
        )
        # A chat that is opened again is not said by the customer.
        .where(turns_of(filters, period.start, period.end + PICK_SECONDS))
        .where(turns.c.outcome != "welcome")
        .subquery("said")
    )


def _counted(
    period: Period, filters: Filters, keys: Callable[[Any], tuple[Any, ...]]
) -> Iterator[Any]:
    """Yield rows of keys and which share of the questions was recognised."""
    said = _said(period, filters)
    direct = or_(
        said.c.outcome.in_(_DIRECT),
        and_(said.c.outcome == "small_talk", said.c.label.in_(CHAT)),
    )
    in_time = said.c.next_at - said.c.at <= PICK_SECONDS
    picked = and_(said.c.outcome == "options", said.c.next == "picked", in_time)
    # Whose picks those of erased customers were cannot be told any more.
    unsure = and_(
        said.c.outcome.in_(_UNSURE),
        or_(said.c.outcome != "options", said.c.conversation != ERASED),
    )
    grouped = [key.label(f"key{number}") for number, key in enumerate(keys(said))]
    query = (
        select(*grouped, func.count().filter(or_(direct, picked)), func.count())
        .select_from(said)
        .where(said.c.at < period.end, or_(direct, unsure), filters.of_category(said.c.label))
        .group_by(*(key.name for key in grouped))
    )
    with reading() as connection:
        rows = connection.execute(query).all()
    for *found, recognised, asked in rows:
        yield (*found, Share(recognised, asked))
