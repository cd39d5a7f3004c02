"""Mistakes of the knowledge base, each with the entry that it stands in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kefu.errors import FileProblems, Problem
from kefu.knowledge.model import read_files
from kefu.publishing.jobs import FoundProblem


def found_problems(problems: Iterable[Problem], home: Path) -> tuple[FoundProblem, ...]:
    """Return problems of the project at `home` as a page shows them."""
    labels: dict[Path, list[tuple[int, str]]] = {}
    found = []
    for problem in problems:
        if problem.file not in labels:
            labels[problem.file] = _lines(problem.file)
        before = [label for line, label in labels[problem.file] if line <= problem.line]
        label = before[-1] if before else ""
        found.append(FoundProblem(_name(problem.file, home), problem.line, problem.text, label))
    return tuple(found)


def _lines(file: Path) -> list[tuple[int, str]]:
    """Return where the entries of a file begin; none where it cannot be read as knowledge."""
    try:
        return [(e.line, e.label) for c in read_files([file]) for e in c.entries]
    except (FileProblems, OSError):
        return []


def _name(file: Path, home: Path) -> str:
    return file.relative_to(home).as_posix() if file.is_relative_to(home) else file.name
