"""Groups that the operator has put away for good.

What is kept are the masked words, encrypted with the data key, so that another wording of
the same is recognised. Nothing in it says who asked.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from kefu.environment import environment
from kefu.line_file import LineFile
from kefu.loop.groups import Group
from kefu.storage.encryption import data_cipher

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
    keys = [_sealed(key) for key in sorted(group.keys)[:_MOST_KEYS]]
    _file().append({"dismiss": group.id, "by": by, "at": now, "keys": keys})


def bring_back(group: str, by: str, now: float) -> None:
    """Take a dismissal back; a group that was not put away stays as it is."""
    _file().append({"bring_back": group, "by": by, "at": now})


def dismissals() -> list[Dismissal]:
    """Return what is put away, oldest first.

    Raises:
        DecryptionError, LineFileProblem: The file does not fit the data key, or is broken.
    """
    found: dict[str, Dismissal] = {}
    for line in _file().read():
        if "bring_back" in line:
            found.pop(line["bring_back"], None)
        else:
            keys = tuple(_opened(key) for key in line["keys"])
            found[line["dismiss"]] = Dismissal(line["dismiss"], line["by"], line["at"], keys)
    return list(found.values())


def dismissed_keys(found: Iterable[Dismissal] | None = None) -> frozenset[str]:
    """Return the grouping keys that are put away."""
    chosen = dismissals() if found is None else found
    return frozenset(key for dismissal in chosen for key in dismissal.keys)


def _sealed(key: str) -> str:
    return base64.b64encode(data_cipher().encrypt(key)).decode("ascii")


def _opened(sealed: str) -> str:
    return data_cipher().decrypt(base64.b64decode(sealed))


def _file() -> LineFile:
    return LineFile(environment().var / FILE)
