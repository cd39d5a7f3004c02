"""The questions of a period that the knowledge base did not settle, without who asked them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kefu.bursts import is_opener, joined
from kefu.loop import records
from kefu.loop.agent_words import answer_among
from kefu.loop.reasons import (
    TOGETHER_SECONDS,
    AskedTurn,
    Called,
    Reason,
    handoff_of,
    reasons_of,
)
from kefu.loop.records import Said
from kefu.masking import Masker, without_masks
from kefu.normalise import match_key

# What is shorter is a nod: 好的, 在的, 嗯嗯嗯.
_SHORTEST_TO_PERSON = 4


@dataclass(frozen=True)
class Question:
    """A question that belongs on the operator's list.

    Attributes:
        turn: Message id of the turn.
        conversation: Pseudonym of who asked; only for counting.
        at: UTC seconds.
        text: What was typed, masked.
        reasons: Why it is on the list.
        label: What recognition took it for, if anything.
        answer: What a person answered, masked; "" where none did.
        should_be: Label of the entry that a reviewer thought right, if any.
    """

    turn: int
    conversation: str
    at: float
    text: str
    reasons: frozenset[Reason]
    label: str | None
    answer: str
    should_be: str | None = None


def collect(since: float, until: float) -> list[Question]:
    """Return the questions asked from `since` until before `until` (UTC seconds), oldest first.

    Test traffic and customers who were erased stay out.
    """
    around = (since - TOGETHER_SECONDS, until + TOGETHER_SECONDS)
    turns, handoffs = defaultdict(list), defaultdict(list)
    for turn in records.turns_between(*around):
        turns[turn.conversation].append(turn)
    for handoff in records.handoffs_open_between(*around):
        handoffs[handoff.conversation].append(handoff)
    wrong = records.wrong_answers_between(since, until)
    wanted: dict[AskedTurn, frozenset[Reason]] = {}
    for conversation, theirs in turns.items():
        reasons = reasons_of(theirs, handoffs.get(conversation, ()))
        for turn in theirs:
            found = reasons.get(turn.id, frozenset()) | _reviewed(turn, wrong)
            if since <= turn.at < until and found:
                wanted[turn] = found
    questions = _questions(wanted, handoffs)
    return [replace(question, should_be=wrong.get(question.turn)) for question in questions]


def _reviewed(turn: AskedTurn, wrong: Mapping[int, str | None]) -> frozenset[Reason]:
    return frozenset({"wrong_answer"}) if turn.id in wrong else frozenset()


def _questions(
    wanted: Mapping[AskedTurn, frozenset[Reason]], handoffs: Mapping[str, Sequence[Called]]
) -> list[Question]:
    texts = records.texts_of(wanted)
    answered = {turn.conversation for turn in wanted if turn.conversation in handoffs}
    said = records.said_by_people(answered, min((t.at for t in wanted), default=0.0))
    masker = Masker()
    found = []
    for turn, reasons in wanted.items():
        text = masker.mask(joined(texts.get(turn.id, ()))).strip()
        if not _asks(text):
            continue
        called = handoffs.get(turn.conversation, ())
        answer = _answer(turn, handoff_of(turn, called), said.get(turn.conversation, ()))
        if reasons == {"asked_person"} and not (answer and _is_long(text)):
            continue
        masked = masker.mask(answer)
        whose = (turn.id, turn.conversation, turn.at)
        found.append(Question(*whose, text, reasons, turn.label, masked))
    return sorted(found, key=lambda question: question.turn)


def _answer(turn: AskedTurn, handoff: Called | None, said: Iterable[Said]) -> str:
    if handoff is None:
        return ""
    until = handoff.closed_at
    theirs = [s for s in said if s.message > turn.id and (until is None or s.at <= until)]
    if turn.outcome == "held":
        # To what was said to a person, only what comes next is the answer.
        theirs = theirs[:1] if theirs and theirs[0].after == turn.id else []
    return answer_among(s.text for s in theirs)


def _asks(masked: str) -> bool:
    return bool(match_key(without_masks(masked))) and not is_opener(masked)


def _is_long(masked: str) -> bool:
    return len(match_key(without_masks(masked))) >= _SHORTEST_TO_PERSON
