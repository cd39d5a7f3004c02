"""`kefu evaluate`: how well labelled questions are recognised."""

from __future__ import annotations

import asyncio
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from kefu.labelled import Question, read_questions
from kefu.labels import DIALOGUE, OUT_OF_SCOPE, SMALL_TALK, TASKS, category_of, is_entry
from kefu.loaded_model import LoadedModel, load
from kefu.progress import counting


@dataclass(frozen=True)
class Recognised:
    """What recognition gave: the outcome and the labels, best first."""

    outcome: str
    ranking: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def best(self) -> str:
        """Return the first label, or that nothing was recognised."""
        return self.ranking[0] if self.ranking else OUT_OF_SCOPE


@dataclass(frozen=True)
class Report:
    """The figures; every share is between 0 and 1, None where nothing could be counted.

    Attributes:
        questions, out_of_scope: Number of lines of each kind.
        top1, top3: Share of questions whose label is first, or among the first three.
        answered, options, not_recognised: Shares of the three outcomes.
        wrong: Share of questions that were answered with a wrong label.
        false_answers: Share of out-of-scope lines that got an entry or a task.
        false_options: Share of them that were offered options.
        categories: For each category, its number of questions, top1 and top3.
    """

    questions: int
    out_of_scope: int
    top1: float | None
    top3: float | None
    answered: float | None
    options: float | None
    not_recognised: float | None
    wrong: float | None
    false_answers: float | None
    false_options: float | None
    categories: dict[str, dict[str, float]]

    def to_json(self) -> str:
        """Return the report for machines."""
        return json.dumps(self.__dict__, ensure_ascii=False, indent=2)

    def print(self, console: Console) -> None:
        """Print the report for people."""
        console.print(f"问题 {self.questions} 条，超出范围 {self.out_of_scope} 条")
        for title, value in self._rows():
            if value is not None:
                console.print(f"{title:　<10} {value:6.1%}")
        table = Table("分类", "条数", "首选正确", "前三正确")
        for name, row in self.categories.items():
            table.add_row(
                name, f"{row['questions']:.0f}", f"{row['top1']:.1%}", f"{row['top3']:.1%}"
            )
        console.print(table)

    def _rows(self) -> Iterator[tuple[str, float | None]]:
        yield "首选正确", self.top1
        yield "前三正确", self.top3
        yield "直接回答", self.answered
        yield "给出选项", self.options
        yield "没有听懂", self.not_recognised
        yield "答错", self.wrong
        yield "范围外误答", self.false_answers
        yield "范围外给选项", self.false_options


def evaluate_file(file: Path, model: Path | None, confusion: Path, console: Console) -> Report:
    """Evaluate labelled questions with a model and write the confusion table as CSV.

    Raises:
        FileProblems: Lines that cannot be read.
        NoModel: There is no model.
    """
    questions = read_questions(file)
    recognised = recognise(questions, model, console)
    _write_confusion(confusion, questions, recognised)
    return report(questions, recognised)


def recognise(
    questions: Sequence[Question], model: Path | None, console: Console
) -> list[Recognised]:
    """Recognise every question with the model, newest by default, showing progress."""
    loaded = load(model)
    with counting(console) as progress:
        task = progress.add_task("识别", total=len(questions))
        return answers(loaded, [q.text for q in questions], lambda: progress.advance(task))


def answers(
    loaded: LoadedModel, texts: Sequence[str], told: Callable[[], None]
) -> list[Recognised]:
    """Return what a model recognises in each text; `told` is called after each."""

    async def all_of_them() -> list[Recognised]:
        found = []
        for text in texts:
            found.append(_recognised(await loaded.parse(text)))
            told()
        return found

    return asyncio.run(all_of_them())


def _recognised(parsed: dict[str, Any]) -> Recognised:
    decision = parsed.get("decision") or {}
    ranking = tuple(c["label"] for c in decision.get("candidates") or [])
    options = tuple(c["label"] for c in decision.get("options") or [])
    return Recognised(decision.get("outcome", "not_recognised"), ranking, options)


def report(questions: Sequence[Question], recognised: Sequence[Recognised]) -> Report:
    """Compute the figures."""
    pairs = list(zip(questions, recognised, strict=True))
    inside = [(q, r) for q, r in pairs if q.in_scope]
    outside = [r for q, r in pairs if not q.in_scope]
    answered_wrong = [r.outcome == "answer" and r.best not in q.labels for q, r in inside]
    return Report(
        questions=len(inside),
        out_of_scope=len(outside),
        top1=_share([r.best in q.labels for q, r in inside]),
        top3=_share([_in_top3(q, r) for q, r in inside]),
        answered=_share([r.outcome == "answer" for _, r in inside]),
        options=_share([r.outcome == "options" for _, r in inside]),
        not_recognised=_share([r.outcome == "not_recognised" for _, r in inside]),
        wrong=_share(answered_wrong),
        false_answers=_share([_speaks_of_shop(r) for r in outside]),
        false_options=_share([r.outcome == "options" for r in outside]),
        categories=_categories(inside),
    )


def _in_top3(question: Question, recognised: Recognised) -> bool:
    return bool(question.labels & set(recognised.ranking[:3]))


def _speaks_of_shop(recognised: Recognised) -> bool:
    label = recognised.best
    return recognised.outcome == "answer" and (is_entry(label) or label in TASKS)


def _categories(pairs: Sequence[tuple[Question, Recognised]]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[tuple[Question, Recognised]]] = defaultdict(list)
    for question, recognised in pairs:
        groups[_group(sorted(question.labels)[0])].append((question, recognised))
    return {
        name: {
            "questions": len(group),
            "top1": sum(r.best in q.labels for q, r in group) / len(group),
            "top3": sum(_in_top3(q, r) for q, r in group) / len(group),
        }
        for name, group in sorted(groups.items())
    }


def _group(label: str) -> str:
    if is_entry(label):
        return category_of(label)
    return "small_talk" if label in SMALL_TALK | DIALOGUE else "tasks"


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _write_confusion(
    file: Path, questions: Sequence[Question], recognised: Sequence[Recognised]
) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for question, found in zip(questions, recognised, strict=True):
        if found.best not in question.labels:
            pair = (sorted(question.labels)[0], found.best)
            counts[pair] += 1
            examples.setdefault(pair, question.text)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["应为", "识别为", "次数", "例子"])
        for (gold, found_label), count in counts.most_common():
            # A leading quote keeps a spreadsheet from running a customer's text as a formula.
            example = examples[gold, found_label]
            safe = f"'{example}" if example[:1] in "=+-@\t\r" else example
            writer.writerow([gold, found_label, count, safe])
