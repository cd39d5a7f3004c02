"""Errors whose text an operator can act on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class KefuError(Exception):
    """Base of all errors that carry their own remedy; shown without a trace."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a file, in the operator's words.

    Attributes:
        file: The file that has to be changed.
        line: 1-based line, 0 where the whole file is meant.
        text: What is wrong and what to do about it (Chinese).
    """

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.text}"


class FileProblems(KefuError):
    """Raised when a file that people edit cannot be used; holds every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
