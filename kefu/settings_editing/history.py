"""Who changed which setting, and when: a file of lines that only grows.

A line is written before the settings are, so that no change is without its author; where
they could not be written after all, another line takes it back.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from kefu.environment import environment
from kefu.line_file import LineFile

FILE = "settings_history.jsonl"


@dataclass(frozen=True)
class Difference:
    """What became of one setting; None is one that was not there, or is no more."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One act of a person.

    Attributes:
        id: Eleven characters.
        at: UTC seconds.
        author: Login.
        settings: What became of each setting.
        undoes: The change that this one takes back.
        undone: Whether another has taken this one back.
    """

    id: str
    at: float
    author: str
    settings: tuple[Difference, ...]
    undoes: str | None = None
    undone: bool = False


def new_change(
    settings: Iterable[Difference], author: str, now: float, undoes: str | None = None
) -> Change:
    """Return a change with an id of its own; nothing is written."""
    return Change(secrets.token_urlsafe(8), now, author, tuple(settings), undoes)


def one_at_a_time() -> AbstractContextManager[None]:
    """Let nobody else change the settings with a history meanwhile. Raises LineFileProblem."""
    return _file().alone()


def keep(change: Change) -> None:
    """Write a change down. Raises LineFileProblem."""
    _file().append(
        {
            "change": change.id,
            "at": change.at,
            "author": change.author,
            "undoes": change.undoes,
            "settings": [[d.path, d.before, d.after] for d in change.settings],
        }
    )


def take_back(change: Change) -> None:
    """Write down that a change could not be made. Raises LineFileProblem."""
    _file().append({"void": change.id})


def all_changes() -> list[Change]:
    """Return the changes that were made, the newest first. Raises LineFileProblem."""
    lines = _file().read()
    void = {line["void"] for line in lines if "void" in line}
    made = [_read(line) for line in lines if "change" in line and line["change"] not in void]
    undone = {change.undoes for change in made}
    return [replace(change, undone=change.id in undone) for change in reversed(made)]


def _read(line: dict[str, Any]) -> Change:
    settings = tuple(Difference(*one) for one in line["settings"])
    return Change(line["change"], line["at"], line["author"], settings, line["undoes"])


def _file() -> LineFile:
    return LineFile(environment().var / FILE)
