"""What was decided, in a sentence, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kefu.explanation.numbers import against, written
from kefu.labels import DENY, REQUEST_HUMAN, TASKS, is_entry
from kefu.normalise import words
from kefu.settings import Handoff

if TYPE_CHECKING:
    from kefu.nlu.decision import Outcome, Thresholds

# Below this a message is rather no business of the shop's.
_OUTSIDE = 0.5


@dataclass(frozen=True)
class Candidate:
    """What may be meant.

    Attributes:
        label, name: As the system and as the operator call it.
        score: Between 0 and 1.
        offered: Whether it has a title that can stand on a button.
    """

    label: str
    name: str
    score: float
    offered: bool


@dataclass(frozen=True)
class Decided:
    """What the decision left on a message.

    Attributes:
        outcome: answer, options or not_recognised.
        candidates: Best first.
        options: Names that are offered.
        two_questions: Whether they were both asked in one message.
        because: What recognition said of how it came about, or empty.
    """

    outcome: Outcome
    candidates: Sequence[Candidate]
    options: Sequence[str]
    two_questions: bool
    because: str

    @property
    def certain(self) -> bool:
        """Return whether a rule decided, which leaves no other candidate a score."""
        scores = [candidate.score for candidate in self.candidates]
        return scores[:1] == [1] and not any(scores[1:])


@dataclass(frozen=True)
class Conclusion:
    """What the operator reads first.

    Attributes:
        sentence: What the customer gets.
        compared: Scores and thresholds; empty where no score decided.
        because: Reason that is not the score, or empty.
    """

    sentence: str
    compared: str
    because: str


def conclude(
    decided: Decided, text: str, in_scope: float, handoff: Handoff, thresholds: Thresholds
) -> Conclusion:
    """Put a decision in words.

    Args:
        decided: The decision.
        text: What was read, normalised.
        in_scope: How probable it is that this is the assistant's business, 0 to 1.
        handoff: The operator's settings.
        thresholds: With which the decision was made.
    """
    rule = _rule(decided, text, handoff)
    ruled = (decided.certain and rule) or decided.two_questions
    compared = "" if ruled or not decided.candidates else _compared(decided, thresholds)
    outside = in_scope < _OUTSIDE and decided.outcome != "answer"
    because = rule or ("像是和本店无关的话" if outside else "")
    return Conclusion(_sentence(decided, handoff), compared, because)


def _sentence(decided: Decided, handoff: Handoff) -> str:
    options = "".join(f"「{name}」" for name in decided.options)
    if decided.two_questions:
        return f"一次问了两件事，请顾客选先说哪个：{options}"
    if decided.outcome == "options":
        return f"给出选项：{options}"
    if decided.outcome == "not_recognised":
        return "没有听懂"
    best = decided.candidates[0]
    if best.label == REQUEST_HUMAN:
        return "转人工"
    if is_entry(best.label):
        person = "，答完转人工（投诉）" if best.label in handoff.complaint_entries else ""
        return f"直接回答「{best.name}」{person}"
    return f"办理「{best.name}」" if best.label in TASKS else f"当作「{best.name}」回应"


def _compared(decided: Decided, thresholds: Thresholds) -> str:
    best, *others = decided.candidates
    margin = best.score - (others[0].score if others else 0)
    first = f"首选 {against(best.score, thresholds.answer)}"
    second = f"比第二名多 {against(margin, thresholds.margin)}"
    if decided.outcome == "answer":
        return f"{first}，{second}"
    missed = first if best.score < thresholds.answer else f"{first}，但{second}"
    if decided.outcome == "options":
        return f"{missed}，不直接回答；选项都 ≥ {written(thresholds.option)}"
    offered = max((c.score for c in decided.candidates if c.offered), default=0.0)
    return f"{missed}；能当选项的最高 {against(offered, thresholds.option)}"


def _rule(decided: Decided, text: str, handoff: Handoff) -> str:
    """Return what decided beside the scores, or empty."""
    if not decided.candidates:
        unknown = "认得的字太少" if words(text) else "除了标点和表情，没有文字"
        return decided.because or unknown
    best = decided.candidates[0].label
    keyword = next((word for word in handoff.keywords if word in text), "")
    if decided.certain and best == REQUEST_HUMAN and keyword:
        return f"含有要人工的说法「{keyword}」（settings.yml 的 handoff.keywords）"
    if decided.certain and best == DENY and keyword:
        return f"说的是不要「{keyword}」"
    return decided.because
