"""What operators did with the list: a file that only grows, by which an act is taken back.

Wordings of customers are masked and encrypted in it; nothing says who asked.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from kefu.environment import environment
from kefu.line_file import LineFile
from kefu.loop.sealing import Stamp, opened, sealed, stamp

FILE = "loop_acts.jsonl"

Kind = Literal["add", "new", "dismiss", "move", "merge"]
KINDS: dict[Kind, str] = {
    "add": "加为相似问法",
    "new": "新建条目",
    "dismiss": "不再显示",
    "move": "移到别的分类",
    "merge": "合并条目",
}
# A group of very many wordings is known by these.
_MOST_KEYS = 50


@dataclass(frozen=True)
class Act:
    """What was done with a group, or with two entries that are mixed up.

    Attributes:
        id: Eight hex digits.
        kind: What was done.
        by: Login.
        at: UTC seconds.
        label: The entry that it was done to; "" where none was.
        group: Id of the group; "" where it was none.
        texts: The wordings: those added, or those put away.
        keys: Grouping keys of what customers asked.
        changes: Its numbers in the history of the knowledge base, in their order.
        count, customers: How often the group was asked, and by how many.
        undone_by: Login of who took it back, None while it stands.
    """

    id: str
    kind: Kind
    by: str
    at: float
    label: str = ""
    group: str = ""
    texts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    count: int = 0
    customers: int = 0
    undone_by: str | None = None

    @property
    def title(self) -> str:
        """Return what people call it."""
        return KINDS[self.kind]


def new_act(kind: Kind, by: str, now: float, keys: Iterable[str] = (), **more: Any) -> Act:
    """Return an act with an id of its own; nothing is written."""
    return Act(secrets.token_hex(4), kind, by, now, keys=tuple(sorted(keys))[:_MOST_KEYS], **more)


def note(act: Act) -> None:
    """Write an act down. Raises LineFileProblem."""
    line = {
        "act": act.id, "kind": act.kind, "by": act.by, "at": act.at, "label": act.label,
        "group": act.group, "texts": sealed(act.texts), "keys": sealed(act.keys),
        "changes": list(act.changes), "count": act.count, "customers": act.customers,
    }  # fmt: skip
    _file().append(line)


def note_undone(act: str, by: str, now: float) -> None:
    """Write down that an act was taken back."""
    _file().append({"undone": act, "by": by, "at": now})


def acts() -> tuple[Act, ...]:
    """Return all acts, the newest first, also those that were taken back.

    Raises:
        DecryptionError, LineFileProblem: The file does not fit the data key, or is broken.
    """
    file = _file()
    return _read(file, stamp(file.path))


def standing_acts() -> tuple[Act, ...]:
    """Return the acts that were not taken back, the newest first."""
    return tuple(act for act in acts() if act.undone_by is None)


def find(act: str) -> Act | None:
    """Return an act by its id."""
    return next((one for one in acts() if one.id == act), None)


def last_of(group: str) -> Act | None:
    """Return what was last done with a group and stands."""
    return next((act for act in standing_acts() if act.group == group), None)


@lru_cache(maxsize=2)
def _read(file: LineFile, _as_of: Stamp) -> tuple[Act, ...]:
    found: dict[str, Act] = {}
    for line in file.read():
        if "act" in line:
            found[line["act"]] = _act(line)
        elif line["undone"] in found:
            act = found[line["undone"]]
            found[act.id] = replace(act, undone_by=line["by"])
    return tuple(reversed(found.values()))


def _act(line: dict[str, Any]) -> Act:
    texts, keys = opened(line["texts"]), opened(line["keys"])
    return Act(
        line["act"], line["kind"], line["by"], line["at"], line["label"], line["group"],
        texts, keys, tuple(line["changes"]), line["count"], line["customers"],
    )  # fmt: skip


@lru_cache(maxsize=2)
def _line_file(path: Path) -> LineFile:
    return LineFile(path)


def _file() -> LineFile:
    return _line_file(environment().var / FILE)
