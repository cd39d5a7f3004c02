"""What came of what was done: is it in service, and is it understood since then."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kefu.bursts import joined
from kefu.insight.share import NOTHING, Share
from kefu.loop import records
from kefu.loop.acts import Act
from kefu.loop.grouping import grouping_key
from kefu.loop.sampling import answers_between
from kefu.masking import Masker
from kefu.publishing.history import Publication

# How an effect that is older is looked at: the last days only.
DAYS = 30
_DAY = 86400.0
# The changes of an entry become heard with the next model; the rest needs none.
_OF_A_MODEL = ("add", "new", "move", "merge")
_ASKS = frozenset({"answered", "options", "not_recognised", "task"})
# What has no number of any kind in it needs no masking.
_NUMBER = re.compile(r"\d{4}")


@dataclass(frozen=True)
class Effect:
    """What came of an act.

    Attributes:
        act: What was done.
        published_at: When the first model that knows of it came into service, and still is
            in service, UTC seconds; None where there is none.
        needs_model: Whether it takes a model at all.
        asked: Since then, how often customers asked this, and how many of them were
            answered from the entry; None while it is counted.
    """

    act: Act
    published_at: float | None
    needs_model: bool
    asked: Share | None = None


def published_at(act: Act, publications: Sequence[Publication]) -> float | None:
    """Return since when the model in service knows of an act, None where it does not.

    Args:
        act: What was done.
        publications: The oldest first.
    """
    carrying = [
        one
        for one in publications
        if one.kind != "rollback"
        and one.at > act.at
        and any(change.label == act.label for change in one.changes)
    ]
    if not carrying:
        return None
    since = carrying[0].at
    knowing = {p.model for p in publications if p.at >= since and p.kind != "rollback"}
    return since if publications[-1].model in knowing else None


def effects(acts: Iterable[Act], publications: Sequence[Publication]) -> list[Effect]:
    """Return the acts with whether they are in service."""
    return [Effect(act, published_at(act, publications), act.kind in _OF_A_MODEL) for act in acts]


def handled(acts: Iterable[Act], publications: Sequence[Publication]) -> dict[str, float]:
    """Return what something was done about, by grouping keys.

    The values are the times up to which customers could not notice it: when it came into
    service, infinity where it has not.
    """
    found: dict[str, float] = {}
    for act in acts:
        if act.kind in ("add", "new"):
            at = published_at(act, publications)
            until = math.inf if at is None else at
            found.update({key: max(until, found.get(key, 0.0)) for key in act.keys})
    return found


def asked_since(found: Iterable[Effect], now: float) -> dict[str, Share]:
    """Return how often each act's words were asked since it is in service, and answered.

    Words that differ in spelling, courtesy and numbers only are the same; test traffic is
    left out. The keys are ids of acts.
    """
    begun = {e.act: max(e.published_at, now - DAYS * _DAY) for e in found if e.published_at}
    if not begun:
        return {}
    by_key: dict[str, list[Act]] = defaultdict(list)
    for act in begun:
        for key in act.keys:
            by_key[key].append(act)
    since = min(begun.values())
    answered = {answer.asked: answer.label for answer in answers_between(since, now)}
    counted: dict[str, Share] = {act.id: NOTHING for act in begun}
    for turn, at, key in _asked(since, now):
        for act in by_key.get(key, ()):
            if at >= begun[act]:
                counted[act.id] += Share(int(answered.get(turn) == act.label), 1)
    return counted


def _asked(since: float, until: float) -> Iterable[tuple[int, float, str]]:
    turns = [turn for turn in records.turns_between(since, until) if turn.outcome in _ASKS]
    texts: Mapping[int, list[str]] = records.texts_of(turns)
    masker = Masker()
    for turn in turns:
        text = joined(texts.get(turn.id, ())).strip()
        if text:
            masked = masker.mask(text) if _NUMBER.search(text) else text
            yield turn.id, turn.at, grouping_key(masked)
