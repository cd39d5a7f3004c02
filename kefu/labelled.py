"""Questions with the labels that would be right, for measuring recognition."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu import marked_yaml
from kefu.errors import FileProblems, Problem
from kefu.labels import OUT_OF_SCOPE


@dataclass(frozen=True)
class Question:
    """One line of the file: a text and every label that would be right."""

    text: str
    labels: frozenset[str]

    @property
    def in_scope(self) -> bool:
        """Return whether the assistant should know an answer."""
        return OUT_OF_SCOPE not in self.labels


def read_questions(file: Path) -> list[Question]:
    """Read labelled questions.

    A file has lines of {"text", "labels": [...]}; `label` with one text does as well. Of
    a folder, the files are read that mirror the knowledge base (`tests/knowledge`).

    Raises:
        FileProblems: With every line that cannot be read.
    """
    questions = _of_folder(file) if file.is_dir() else _of_lines(file)
    if not questions:
        raise FileProblems([Problem(file, 0, "里面没有问题")])
    return questions


def _of_lines(file: Path) -> list[Question]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "不是 UTF-8 编码"
        raise FileProblems([Problem(file, 0, f"读不了：{reason}")]) from None
    questions, problems = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            questions.append(_question(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError):
            hint = '每行应为 {"text": "…", "labels": ["分类/条目"]}'
            problems.append(Problem(file, number, hint))
    if problems:
        raise FileProblems(problems)
    return questions


def _of_folder(folder: Path) -> list[Question]:
    questions: list[Question] = []
    for file in sorted(folder.glob("*.yml")):
        source = marked_yaml.read(file)
        try:
            questions += _of_category(source.data)
        except (KeyError, TypeError, AttributeError):
            hint = "应为 category 和 entries，每个条目有 id 和 phrasings"
            raise FileProblems([source.problem(hint)]) from None
    return questions


def _of_category(data: dict[str, Any]) -> list[Question]:
    return [
        Question(text.strip(), frozenset({f"{data['category']}/{entry['id']}"}))
        for entry in data["entries"]
        for text in entry["phrasings"]
    ]


def _question(data: dict[str, Any]) -> Question:
    labels = data["labels"] if "labels" in data else [data["label"]]
    if isinstance(labels, str) or not labels or not data["text"].strip():
        raise ValueError
    return Question(data["text"], frozenset(map(str, labels)))
