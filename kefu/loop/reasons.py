"""Why a customer's question belongs on the operator's list: pure functions over turns."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Literal

from kefu.labels import NONE_OF_THESE, is_entry

Reason = Literal[
    "not_recognised", "none_of_these", "not_picked", "wrong_answer", "reasked", "badly_rated",
    "to_person", "asked_person",
]  # fmt: skip
NAMES: dict[Reason, str] = {
    "not_recognised": "没听懂",
    "none_of_these": "以上都不是",
    "not_picked": "没选选项",
    "wrong_answer": "答错了",
    "reasked": "又问了一次",
    "badly_rated": "评价不满意",
    "to_person": "转了人工",
    "asked_person": "问了人工",
}
# What says that the words were not understood; the others say that the answer did not help.
OF_RECOGNITION: frozenset[Reason] = frozenset(
    {"not_recognised", "none_of_these", "not_picked", "wrong_answer", "asked_person"}
)

# Beyond this, one message has nothing to do with the one before.
TOGETHER_SECONDS = 1800.0
# Turns in which the customer asked for something that a knowledge base may answer.
_QUESTIONS = frozenset({"answered", "picked", "task", "options", "not_recognised"})


@dataclass(frozen=True)
class AskedTurn:
    """One turn; as in `tables.turns`."""

    id: int
    conversation: str
    at: float
    outcome: str
    label: str | None
    messages: int = 1


@dataclass(frozen=True)
class Called:
    """One handoff: when it was asked for and closed, and whether the customer was dissatisfied."""

    id: int
    conversation: str
    at: float
    closed_at: float | None
    dissatisfied: bool


def reasons_of(
    turns: Sequence[AskedTurn], handoffs: Iterable[Called]
) -> dict[int, frozenset[Reason]]:
    """Return the reasons of the turns of one conversation that have any.

    Args:
        turns: In the order of time.
        handoffs: Of the same conversation.
    """
    found: dict[int, set[Reason]] = defaultdict(set)
    for turn in turns:
        if turn.outcome == "not_recognised":
            found[turn.id].add("not_recognised")
        elif turn.outcome == "held":
            found[turn.id].add("asked_person")
    for turn in _not_picked([turn for turn in turns if turn.outcome != "welcome"]):
        found[turn.id].add("not_picked")
    for before, turn in pairwise(turns):
        if turn.at - before.at > TOGETHER_SECONDS:
            continue
        if turn.label == NONE_OF_THESE and before.outcome == "options":
            found[before.id].add("none_of_these")
        if _same_question(before, turn):
            found[turn.id].add("reasked")
    for handoff in handoffs:
        asked = question_before(turns, handoff)
        if asked is not None:
            found[asked.id].add("to_person")
            if handoff.dissatisfied:
                found[asked.id].add("badly_rated")
    return {turn: frozenset(reasons) for turn, reasons in found.items()}


def question_before(turns: Sequence[AskedTurn], handoff: Called) -> AskedTurn | None:
    """Return the last question that the bot was asked before a person was called."""
    end = bisect_right([turn.at for turn in turns], handoff.at)
    for turn in reversed(turns[:end]):
        if handoff.at - turn.at > TOGETHER_SECONDS or turn.outcome == "held":
            return None
        if turn.outcome in _QUESTIONS:
            return turn
    return None


def handoff_of(turn: AskedTurn, handoffs: Iterable[Called]) -> Called | None:
    """Return the handoff that a turn falls into or led to, where there is one.

    Args:
        turn: What the customer said.
        handoffs: Of the same conversation, in the order of time.
    """
    for handoff in handoffs:
        is_open = handoff.closed_at is None or handoff.closed_at >= turn.at
        if is_open and handoff.at - turn.at <= TOGETHER_SECONDS:
            return handoff
    return None


def _not_picked(turns: Sequence[AskedTurn]) -> Iterator[AskedTurn]:
    """Yield the questions whose options the customer passed over without a word about them."""
    for turn, following in zip_longest(turns, turns[1:]):
        if turn.outcome != "options":
            continue
        if following is None or not _is_about_options(following):
            yield turn


def _is_about_options(turn: AskedTurn) -> bool:
    return turn.outcome == "picked" or turn.label == NONE_OF_THESE


def _same_question(before: AskedTurn, turn: AskedTurn) -> bool:
    asked_both = before.outcome == turn.outcome == "answered"
    return asked_both and turn.label == before.label and is_entry(turn.label or "")
