"""Groups that the operator has put away for good.

What is kept are the masked words, encrypted with the data key, so that another wording of
the same is recognised. Nothing in it says who asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kefu.environment import environment
from kefu.line_file import LineFile
from kefu.loop.groups import Group
from kefu.loop.sealing import Stamp, opened, sealed, stamp

FILE = "dismissed_questions.jsonl"
# A group of very many wordings is known by these.
_MOST_KEYS = 50


@dataclass(frozen=True)
class Dismissal:
    """A group that was put away: its id, by whom, when, and its grouping keys."""

    group: str
    by: str
    at: float
    keys: tuple[str, ...]


def dismiss(group: Group, by: str, now: float) -> None:
    """Put a group away for good. Raises LineFileProblem.

    Args:
        group: As the list has it.
        by: Login of who does it.
        now: UTC seconds.
    """
    keys = sealed(sorted(group.keys)[:_MOST_KEYS])
    _file().append({"dismiss": group.id, "by": by, "at": now, "keys": keys})


def bring_back(group: str, by: str, now: float) -> None:
    """Take a dismissal back; a group that was not put away stays as it is."""
    _file().append({"bring_back": group, "by": by, "at": now})


def dismissals() -> list[Dismissal]:
    """Return what is put away, oldest first.

    Raises:
        DecryptionError, LineFileProblem: The file does not fit the data key, or is broken.
    """
    file = _file()
    return list(_read(file, stamp(file.path)))


def dismissed_keys(found: Iterable[Dismissal] | None = None) -> frozenset[str]:
    """Return the grouping keys that are put away."""
    chosen = dismissals() if found is None else found
    return frozenset(key for dismissal in chosen for key in dismissal.keys)


# Every page asks, and each key costs the time of decrypting it.
@lru_cache(maxsize=2)
def _read(file: LineFile, _as_of: Stamp) -> tuple[Dismissal, ...]:
    found: dict[str, Dismissal] = {}
    for line in file.read():
        if "bring_back" in line:
            found.pop(line["bring_back"], None)
        else:
            keys = opened(line["keys"])
            found[line["dismiss"]] = Dismissal(line["dismiss"], line["by"], line["at"], keys)
    return tuple(found.values())


@lru_cache(maxsize=2)
def _line_file(path: Path) -> LineFile:
    return LineFile(path)


def _file() -> LineFile:
    return _line_file(environment().var / FILE)
