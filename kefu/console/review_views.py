"""The next answer to look at, and how far the week's sample is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kefu.bursts import joined
from kefu.console.loop_cards import Choice, choice, likeness, title_of
from kefu.console.loop_likely import index
from kefu.console.loop_period import week_of
from kefu.environment import environment
from kefu.insight.figures import REVIEWED
from kefu.insight.filters import EVERYTHING
from kefu.insight.period import Period
from kefu.insight.reviewed import reviewed
from kefu.insight.share import NOTHING, Share
from kefu.knowledge.library import Library
from kefu.loop import records
from kefu.loop.background import Kept
from kefu.loop.claims import Claims
from kefu.loop.reviews import Review, reviews_between
from kefu.loop.sampling import SAMPLE, Answered, answers_between, in_random_order, turn_of
from kefu.masking import Masker, without_masks
from kefu.settings import settings

WEEKS = 5
_SECONDS = 120.0
_SUGGESTED = 3
_LONGEST_GOAL = 4
# Usually the first will do; where the words are kept no longer, all are looked at.
_AT_A_TIME = 100

_drawn: Kept[list[Answered]] = Kept(WEEKS)
_claims = Claims()


@dataclass(frozen=True)
class Shown:
    """The next answer to look at, and how far the week's sample is.

    Attributes:
        answer: None where there is none left, or none at all.
        question: What the customer asked, masked.
        entry: What was answered; None where it is a task or an entry that is gone.
        given: What was answered, in words.
        seen: How many answers of the week were looked at, also those nobody could judge.
        goal: How many should be.
        answers: How many the assistant gave.
        accuracy: Right answers of those that could be judged.
        waiting: Whether the sample is still being drawn.
        others: Whether what is left is on other reviewers' screens.
        lost: Whether the words of what is left are gone: kept no longer, or erased.
        suggested: Entries that may have been right instead.
        last: The reviewer's last verdict, which can be taken back.
    """

    answer: Answered | None
    question: str
    entry: Choice | None
    given: str
    seen: int
    goal: int
    answers: int
    accuracy: Share
    waiting: bool = False
    others: bool = False
    lost: bool = False
    suggested: tuple[Choice, ...] = ()
    last: Review | None = None

    @property
    def good(self) -> bool:
        """Tell whether the accuracy is as it should be."""
        return self.accuracy.value is not None and REVIEWED.met(self.accuracy.value)


def weeks(now: float) -> list[Period]:
    """Return this week and those before, the newest first."""
    today = datetime.fromtimestamp(now, settings().assistant.zone).date()
    return [week_of(today - timedelta(days=7 * back)) for back in range(WEEKS)]


def week_asked_for(given: str, now: float) -> Period:
    """Return the week from the Monday that is named; without one the last that had answers."""
    known = weeks(now)
    try:
        wanted = date.fromisoformat(given)
    except ValueError:
        return known[0] if _sample(known[1]) == [] else known[1]
    return next((week for week in known if week.first <= wanted <= week.last), known[0])


def goal_of(given: str) -> int:
    """Return how many answers shall be looked at: a multiple of the usual sample."""
    wanted = int(given) if given.isdecimal() and len(given) <= _LONGEST_GOAL else SAMPLE
    return max(SAMPLE, -(-wanted // SAMPLE) * SAMPLE)


def shown(week: Period, login: str, known: Library, goal: int = SAMPLE, again: int = 0) -> Shown:
    """Return what a reviewer sees.

    Args:
        week: What is looked at.
        login: The reviewer.
        known: The knowledge base.
        goal: How many answers shall be looked at.
        again: The turn to be shown first, where one was taken back.
    """
    answers = _sample(week)
    verdicts = reviews_between(week.start, week.end)
    mine = [review for review in verdicts if review.reviewer == login]
    if answers is None:
        return Shown(None, "", None, "", 0, goal, 0, NOTHING, waiting=True)
    seen = {review.turn for review in verdicts}
    goal = max(goal, -(-len(seen) // SAMPLE) * SAMPLE) if len(seen) < len(answers) else goal
    left = [a for a in answers if a.turn not in seen]
    if again:
        left.sort(key=lambda answer: answer.turn != again)
    answer, question, others = _next(left, login) if len(seen) < goal else (None, "", False)
    label = answer.label if answer else ""
    return Shown(
        answer,
        question,
        choice(known, label) if answer else None,
        title_of(known, label) if answer else "",
        len(seen),
        min(goal, len(answers)),
        len(answers),
        reviewed(week, EVERYTHING),
        others=answer is None and others,
        lost=answer is None and bool(left) and not others and len(seen) < goal,
        suggested=_suggested(question, label, known) if answer else (),
        last=mine[-1] if mine else None,
    )


def answer_of(week: Period, turn: str) -> Answered | None:
    """Return an answer of a week's by its turn."""
    answers = _sample(week, patience=10.0) or []
    return next((answer for answer in answers if str(answer.turn) == turn), None)


def _sample(week: Period, patience: float = 0.4) -> list[Answered] | None:
    """Return a week's answers in the order of the draw; None while it is drawn."""

    def made() -> list[Answered]:
        return in_random_order(answers_between(week.start, week.end))

    key = (environment().home, environment().var, week.start)
    return _drawn.get(key, made, seconds=_SECONDS, patience=patience).value


def _next(left: Sequence[Answered], login: str) -> tuple[Answered | None, str, bool]:
    """Return the next answer with its question, masked, and whether others have some.

    Of what is left, the first that nobody else has on the screen and whose words are known.
    """
    masker, now, others = Masker(), time.time(), False
    var = environment().var
    for first in range(0, len(left), _AT_A_TIME):
        some = left[first : first + _AT_A_TIME]
        texts = records.texts_of([turn_of(answer) for answer in some])
        for answer in some:
            question = masker.mask(joined(texts.get(answer.asked, ()))).strip()
            if not question:
                continue
            if _claims.claim((var, answer.turn), login, now):
                return answer, question, others
            others = True
    return None, "", others


def _suggested(question: str, given: str, known: Library) -> tuple[Choice, ...]:
    found = index(known)
    hits = found.find(without_masks(question), _SUGGESTED + 1) if found else []
    choices = [
        (choice(known, hit.entry.label), likeness(hit.score))
        for hit in hits
        if hit.entry.label != given
    ]
    return tuple(Choice(one.entry, one.category, like) for one, like in choices[:_SUGGESTED] if one)
