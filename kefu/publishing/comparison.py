"""What got better and what got worse, question by question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kefu.evaluation import Recognised
from kefu.labelled import Question
from kefu.labels import is_entry

Answers = Mapping[str, Recognised]
Name = Callable[[str], str]
"""Returns what an operator calls a label."""


@dataclass(frozen=True)
class Said:
    """What a model made of a question.

    Attributes:
        words: As an operator reads it (Chinese).
        label: The entry that was the answer, "" when none was.
    """

    words: str
    label: str = ""


@dataclass(frozen=True)
class Case:
    """One question, the entry that is right, and what the models said.

    Attributes:
        text: The question.
        label, title: The entry that should answer.
        before: What the model in service says, None without one.
        after: What the new model says.
    """

    text: str
    label: str
    title: str
    before: Said | None
    after: Said


@dataclass(frozen=True)
class Comparison:
    """Two models, asked the same.

    Attributes:
        questions: Number of test questions.
        right, right_before: How many have the right entry first; the second is None
            without a model in service.
        direct, direct_before: How many of them are answered at once.
        better, worse, wrong: The questions that are handled better or worse than before,
            and those that neither model gets right.
        standard: Number of standard questions.
        caught: Standard questions that another entry, or none, answers.
    """

    questions: int
    right: int
    right_before: int | None
    direct: int
    direct_before: int | None
    better: tuple[Case, ...]
    worse: tuple[Case, ...]
    wrong: tuple[Case, ...]
    standard: int
    caught: tuple[Case, ...]

    @property
    def accuracy(self) -> float | None:
        """Return the share of test questions with the right entry first; None without any."""
        return self.right / self.questions if self.questions else None

    @property
    def accuracy_before(self) -> float | None:
        """Return the same of the model in service."""
        if self.right_before is None or not self.questions:
            return None
        return self.right_before / self.questions

    @property
    def standard_accuracy(self) -> float | None:
        """Return the share of standard questions that their own entry answers."""
        return 1 - len(self.caught) / self.standard if self.standard else None


def compare(
    tests: Sequence[Question],
    standard: Sequence[Question],
    before: Answers | None,
    after: Answers,
    name: Name,
) -> Comparison:
    """Compare what two models said.

    Args:
        tests: Questions that count.
        standard: Standard questions.
        before: Answers of the model in service by their questions, None without one.
        after: Answers of the new one.
        name: Names labels.
    """
    cases = [_case(question, before, after, name) for question in tests]
    # Without a model to compare with, nothing is better or worse.
    grades = [(_grade(q, after if before is None else before), _grade(q, after)) for q in tests]
    graded = list(zip(cases, grades, strict=True))
    return Comparison(
        questions=len(tests),
        right=_count(tests, after, _is_right),
        right_before=None if before is None else _count(tests, before, _is_right),
        direct=_count(tests, after, _is_direct),
        direct_before=None if before is None else _count(tests, before, _is_direct),
        better=tuple(case for case, (old, new) in graded if new > old),
        worse=tuple(case for case, (old, new) in graded if new < old),
        wrong=tuple(case for case, (old, new) in graded if new == old and new < _RIGHT_OFFERED),
        standard=len(standard),
        caught=tuple(
            _case(question, before, after, name)
            for question in standard
            if after[question.text].best not in question.labels
        ),
    )


# What a customer gets, from bad to good: a wrong answer, none, a choice with the right one
# in it, the right answer.
_WRONG, _NOTHING, _RIGHT_OFFERED, _RIGHT = range(4)


def _grade(question: Question, answers: Answers) -> int:
    said = answers[question.text]
    if said.outcome == "answer":
        return _RIGHT if said.best in question.labels else _WRONG
    return _RIGHT_OFFERED if question.labels & set(said.options) else _NOTHING


def _is_right(question: Question, said: Recognised) -> bool:
    return said.best in question.labels


def _is_direct(question: Question, said: Recognised) -> bool:
    return said.outcome == "answer" and said.best in question.labels


def _count(
    questions: Iterable[Question], answers: Answers, holds: Callable[[Question, Recognised], bool]
) -> int:
    return sum(holds(question, answers[question.text]) for question in questions)


def _case(question: Question, before: Answers | None, after: Answers, name: Name) -> Case:
    label = sorted(question.labels)[0]
    old = None if before is None else _said(before[question.text], name)
    return Case(question.text, label, name(label), old, _said(after[question.text], name))


def _said(recognised: Recognised, name: Name) -> Said:
    if recognised.outcome == "answer":
        best = recognised.best
        return Said(f"回答「{name(best)}」", best if is_entry(best) else "")
    if recognised.outcome == "options":
        return Said(f"给出选项：{'、'.join(map(name, recognised.options))}")
    return Said("没听懂")
