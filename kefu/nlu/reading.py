"""What a message asks, from the scores of the whole of it and of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kefu.labels import TASKS, is_entry

Array = npt.NDArray[Any]

# A clause of a story has to be this sure to speak for a whole that is less sure than that.
_CLAUSE_SURE = 0.8
_WHOLE_SURE = 0.3
# Each of two questions has to be this sure, and the other one not be likely in it.
_QUESTION_SURE = 0.75
_LIKELY = 0.05
# A message that leans on the one before: how much the two together say.
_FOLLOW_UP_SHARE = 0.7
_TINY = 1e-9


@dataclass(frozen=True)
class Scored:
    """Scores of a text, one a label, all between 0 and 1; their sum is at most 1."""

    text: str
    scores: Array


@dataclass(frozen=True)
class Reading:
    """What a message asks.

    Attributes:
        scores: One a label.
        questions: Indices of the labels of two clauses that ask different things.
        because: Why the scores are not those of the whole message, for `kefu explain`.
    """

    scores: Array
    questions: tuple[int, ...] = ()
    because: str = ""


def of_story(labels: Sequence[str], whole: Scored, clauses: Sequence[Scored]) -> Reading:
    """Read a message of several clauses.

    A clause that is surer than the whole speaks for it: the question inside a story.
    Two clauses that are sure of different questions are two questions.
    """
    asking = [clause for clause in clauses if _is_question(labels, clause.scores)]
    if not asking:
        return Reading(whole.scores)
    questions = _different_questions(asking)
    if questions:
        return Reading(_mean(whole, *asking), questions, "一句话里有两个问题")
    best = max(asking, key=lambda clause: float(clause.scores.max()))
    whole_speaks = _is_question(labels, whole.scores) and whole.scores.max() >= _WHOLE_SURE
    if best.scores.max() >= _CLAUSE_SURE and not whole_speaks:
        return Reading(_mean(whole, best, best), (), f"主要按「{best.text}」这一句理解")
    return Reading(whole.scores)


def _different_questions(asking: Sequence[Scored]) -> tuple[int, ...]:
    """Return the labels of clauses that surely ask different things, if there are."""
    sure = [clause.scores for clause in asking if clause.scores.max() >= _QUESTION_SURE]
    found = list(dict.fromkeys(int(scores.argmax()) for scores in sure))
    overlap = any(
        scores[other] > _LIKELY for scores in sure for other in found if other != scores.argmax()
    )
    return tuple(found[:3]) if len(found) > 1 and not overlap else ()


def of_follow_up(alone: Reading, together: Scored, topic: int | None) -> Reading:
    """Read a message together with the question before it.

    That question itself is meant only where the message alone already says so.
    """
    if topic is not None and int(alone.scores.argmax()) == topic:
        return alone
    both = together.scores.copy()
    if topic is not None:
        both[topic] = 0
        both *= together.scores.sum() / max(both.sum(), _TINY)
    scores = (1 - _FOLLOW_UP_SHARE) * alone.scores + _FOLLOW_UP_SHARE * both
    return Reading(scores, (), f"接着上一个问题理解：{together.text}")


def without_denied(rest: Scored) -> Reading:
    """Read what a message asks beside what it denies (不是退款，我要换货)."""
    return Reading(rest.scores, (), f"不按被否定的部分，按「{rest.text}」理解")


def _is_question(labels: Sequence[str], scores: Array) -> bool:
    best = labels[int(scores.argmax())]
    return is_entry(best) or best in TASKS


def _mean(*scored: Scored) -> Array:
    result: Array = np.mean([each.scores for each in scored], axis=0)
    return result
