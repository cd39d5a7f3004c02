"""What a knowledge file holds, and how it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu import marked_yaml
from kefu.errors import FileProblems, Problem
from kefu.knowledge import journal
from kefu.marked_yaml import MarkedYaml

FOLDER = Path("data") / "knowledge"
_CATEGORY_KEYS: dict[str, type] = {"category": str, "title": str, "entries": list}
_ENTRY_KEYS: dict[str, type] = {"id": str, "question": str, "answer": str, "similar": list}
_OPTIONAL_KEYS: dict[str, type] = {"buttons": list, "keywords": list, "page": str}


@dataclass(frozen=True)
class Phrasing:
    """One way to ask, and the line where it stands."""

    text: str
    line: int


@dataclass(frozen=True)
class Entry:
    """One question of the knowledge base with its answer.

    Attributes:
        label: `category/id`, the name used everywhere else.
        question: The standard question.
        answer: Standard answer, at most 100 characters.
        similar: Other phrasings of the question.
        buttons: Texts the customer sends by pressing.
        keywords: Words an operator searches for.
        page: Path of a mini-program page that helps, or empty.
        file, line: Where the entry begins.
    """

    label: str
    question: Phrasing
    answer: Phrasing
    similar: tuple[Phrasing, ...]
    buttons: tuple[Phrasing, ...]
    keywords: tuple[str, ...]
    page: str
    file: Path
    line: int

    @property
    def phrasings(self) -> tuple[Phrasing, ...]:
        """Return the standard question and all similar ones."""
        return (self.question, *self.similar)


@dataclass(frozen=True)
class Category:
    """One knowledge file."""

    id: str
    title: str
    entries: tuple[Entry, ...]
    file: Path


def read_knowledge(home: Path) -> tuple[Category, ...]:
    """Read every knowledge file of the project at `home`, in the order of their names.

    Raises:
        FileProblems: Files that cannot be read as knowledge, with all their places.
    """
    with journal.steady(home / FOLDER):
        files = sorted((home / FOLDER).glob("*.yml"))
        if not files:
            hint = "没有知识库文件，请放入至少一个 .yml 文件"
            raise FileProblems([Problem(home / FOLDER, 0, hint)])
        return read_files(files)


def read_files(files: list[Path]) -> tuple[Category, ...]:
    """Read the given knowledge files. Raises FileProblems with the mistakes of all of them."""
    categories: list[Category] = []
    problems: list[Problem] = []
    for file in files:
        try:
            categories.append(_category(marked_yaml.read(file)))
        except FileProblems as error:
            problems.extend(error.problems)
    if problems:
        raise FileProblems(problems)
    return tuple(categories)


def _category(source: MarkedYaml) -> Category:
    problems = list(_shape_problems(source))
    if problems:
        raise FileProblems(problems)
    data = source.data
    entries = tuple(
        _entry(source, data["category"], number, item)
        for number, item in enumerate(data["entries"])
    )
    return Category(data["category"], data["title"], entries, source.file)


def _entry(source: MarkedYaml, category: str, number: int, item: dict[str, Any]) -> Entry:
    where = ("entries", number)

    def one(key: str) -> Phrasing:
        return Phrasing(item[key].strip(), source.line(*where, key))

    def many(key: str) -> tuple[Phrasing, ...]:
        texts = item.get(key) or []
        return tuple(
            Phrasing(text.strip(), source.line(*where, key, index))
            for index, text in enumerate(texts)
        )

    return Entry(
        label=f"{category}/{item['id']}",
        question=one("question"),
        answer=one("answer"),
        similar=many("similar"),
        buttons=many("buttons"),
        keywords=tuple(keyword.text for keyword in many("keywords")),
        page=item.get("page", ""),
        file=source.file,
        line=source.line(*where),
    )


def _shape_problems(source: MarkedYaml) -> Iterator[Problem]:
    """Yield what keeps the file from being read: wrong types, missing and unknown keys."""
    if not isinstance(source.data, dict):
        yield source.problem("文件应以 category、title、entries 三项组成")
        return
    yield from _key_problems(source, source.data, (), _CATEGORY_KEYS, {})
    entries = source.data.get("entries")
    if not isinstance(entries, list):
        return
    for number, item in enumerate(entries):
        where = ("entries", number)
        if not isinstance(item, dict):
            yield source.problem("每个条目应以「- id: …」开头", *where)
            continue
        yield from _key_problems(source, item, where, _ENTRY_KEYS, _OPTIONAL_KEYS)


def _key_problems(
    source: MarkedYaml,
    item: dict[str, Any],
    where: tuple[str | int, ...],
    required: dict[str, type],
    optional: dict[str, type],
) -> Iterator[Problem]:
    known = {**required, **optional}
    for key, value in item.items():
        if key not in known:
            yield source.problem(f"不认识「{key}」，可用的有：{'、'.join(known)}", *where, str(key))
        elif not isinstance(value, known[key]):
            yield source.problem(f"「{key}」{_TYPE_HINTS[known[key]]}", *where, key)
        elif isinstance(value, list) and key != "entries":
            for index, text in enumerate(value):
                if not isinstance(text, str):
                    hint = f"「{key}」的第 {index + 1} 项不是文字，请加上引号"
                    yield source.problem(hint, *where, key, index)
    for key in required:
        if key not in item:
            yield source.problem(f"缺少「{key}」", *where)


_TYPE_HINTS: dict[type, str] = {str: "应为文字，请加上引号", list: "应为列表，每行以「- 」开头"}
