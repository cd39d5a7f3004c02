"""What is wrong with an entry while it is being written, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kefu.errors import Problem
from kefu.knowledge import checks
from kefu.knowledge.content import Content
from kefu.knowledge.library import Library, library
from kefu.knowledge.model import Entry, Phrasing
from kefu.masking import Masker
from kefu.normalise import match_key

# Lines that stand for the fields, so that `checks` says which of them it means.
_QUESTION, _ANSWER, _BUTTONS, _SIMILAR = 1, 2, 3, 100

# Numbers of orders and goods look alike, and some questions are about the latter.
_WHOSE = ("手机号", "证件号", "银行卡号", "邮箱", "账号", "地址", "姓名")


@dataclass(frozen=True)
class FieldProblem:
    """One thing that is wrong with an entry, in the operator's words.

    Attributes:
        field: Key of the field, or `id`.
        text: What is wrong and what to do about it (Chinese).
        other_label: Label of the other entry that it is about, for showing both.
        item: Which of a list's items, from 0; None where the field as a whole is meant.
        blocks: Whether the entry cannot be saved like this; otherwise it only cannot be
            published yet.
    """

    field: str
    text: str
    other_label: str | None = None
    item: int | None = None
    blocks: bool = True


def problems_of(home: Path, label: str, content: Content) -> list[FieldProblem]:
    """Return what is wrong with an entry that is being written, in the order of the form.

    Args:
        home: Project directory.
        label: `category/id`; the entry need not exist yet.
        content: What it says at the moment.

    Raises:
        FileProblems: The knowledge base cannot be read.
    """
    return problems_in(library(home), label, content)


def problems_in(
    known: Library, label: str, content: Content, questions: Iterable[str] = ()
) -> list[FieldProblem]:
    """Do what `problems_of` does with a knowledge base that was read already.

    `questions` are standard questions that come with the same change.
    """
    found = own_problems(known.home, label, content)
    found += _repeated(known, label, content)
    found += _unknown_buttons(known, content, {content.question, *questions})
    found += _personal(content)
    return sorted(found, key=_place)


def own_problems(home: Path, label: str, content: Content) -> list[FieldProblem]:
    """Return what is wrong with an entry whatever else the knowledge base says."""
    entry = _with_lines(home, label, content)
    return [_field_problem(problem) for problem in checks.entry_problems(entry)]


def problems_of_removing(known: Library, label: str) -> list[FieldProblem]:
    """Return why an entry cannot go: buttons of others that ask its question."""
    entry = known.entry(label)
    if entry is None:
        return []
    question = entry.question.text
    what = f"的按钮「{question}」指向它，请先改那个按钮"
    return [
        FieldProblem("question", f"{_name(known, other)}{what}", other)
        for other in dict.fromkeys(known.pressers(question))
        if other != label
    ]


def _with_lines(home: Path, label: str, content: Content) -> Entry:
    entry = content.entry(home, label)
    similar = enumerate(content.similar)
    return replace(
        entry,
        question=Phrasing(content.question, _QUESTION),
        answer=Phrasing(content.answer, _ANSWER),
        similar=tuple(Phrasing(text, _SIMILAR + number) for number, text in similar),
        buttons=tuple(Phrasing(text, _BUTTONS) for text in content.buttons),
    )


def _field_problem(problem: Problem) -> FieldProblem:
    line = problem.line
    if line >= _SIMILAR:
        return FieldProblem("similar", problem.text, item=line - _SIMILAR)
    named = {_QUESTION: "question", _ANSWER: "answer", _BUTTONS: "buttons"}
    if line in named:
        return FieldProblem(named[line], problem.text)
    if "相似问法" in problem.text:
        # Whose they are is plain where one writes them.
        return FieldProblem("similar", problem.text.rpartition("」")[2], blocks=False)
    return FieldProblem("id", problem.text)


def _repeated(known: Library, label: str, content: Content) -> Iterator[FieldProblem]:
    mine: dict[str, str] = {}
    for field, item, text in _phrasings(content):
        key = match_key(text)
        if not key:
            continue
        if key in mine:
            yield FieldProblem(field, f"与「{mine[key]}」重复，请删去一条", item=item)
            continue
        mine[key] = text
        for other, written in known.askers(key):
            if other != label:
                name = _name(known, other)
                what = f"{name}里已有「{written}」，同一问法只能属于一个条目"
                yield FieldProblem(field, what, other, item)
                break


def _phrasings(content: Content) -> Iterator[tuple[str, int | None, str]]:
    yield "question", None, content.question
    for number, text in enumerate(content.similar):
        yield "similar", number, text


def _unknown_buttons(
    known: Library, content: Content, questions: set[str]
) -> Iterator[FieldProblem]:
    for number, text in enumerate(content.buttons):
        if text not in questions and not known.is_question(text):
            what = f"「{text}」不是任何条目的标准问题，也不是内置功能，点了会听不懂"
            yield FieldProblem("buttons", what, item=number)


def _personal(content: Content) -> Iterator[FieldProblem]:
    masker = Masker()
    for field, item, text in _phrasings(content):
        for kind in (found for found in masker.found(text) if found in _WHOSE):
            yield FieldProblem(field, f"问法里有{kind}，请删去：知识库里不放顾客的信息", item=item)


def _name(known: Library, label: str) -> str:
    entry = known.entry(label)
    category = known.category(label.split("/", 1)[0])
    title = category.title if category else ""
    return f"「{entry.question.text if entry else label}」（{title}）"


def _place(problem: FieldProblem) -> tuple[int, int]:
    order = ("id", "question", "answer", "similar", "buttons")
    return order.index(problem.field), -1 if problem.item is None else problem.item
