"""Which entries have problems, for the list: what `kefu knowledge check` finds, in a word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock, Thread

from kefu.knowledge.content import Content
from kefu.knowledge.library import Library, Shelf
from kefu.knowledge.live_checks import FieldProblem, own_problems

Faults = Mapping[str, tuple[str, ...]]

_CONFLICT = "与别的条目冲突"
_TWICE = "问法重复"
_BUTTON = "按钮失效"
_FEW = "问法太少"
_NAMES = {
    "id": "编号有误",
    "question": "标准问题有误",
    "answer": "答案有误",
    "similar": "问法有误",
    "buttons": "按钮有误",
}

# As long as this a page waits.
_PATIENCE = 0.3

_own: dict[Path, tuple[Shelf, dict[str, list[str]]]] = {}
_all: dict[Path, tuple[tuple[Shelf, ...], frozenset[str], Faults]] = {}
_lock = Lock()


def faults(known: Library) -> Faults:
    """Return what is wrong with each entry that has problems, by its label."""
    with _lock:
        kept = _all.get(known.home)
        if kept is None or not _same(kept[0], known.shelves) or kept[1] != known.tasks:
            kept = _all[known.home] = (known.shelves, known.tasks, _faults(known))
        return kept[2]


def faults_in_time(known: Library) -> Faults:
    """Return the same, or what was wrong before where a large knowledge base takes longer."""
    kept = _all.get(known.home)
    if kept is None or not _same(kept[0], known.shelves):
        work = Thread(target=faults, args=(known,), name="faults", daemon=True)
        work.start()
        work.join(_PATIENCE)
        kept = _all.get(known.home)
    return {} if kept is None else kept[2]


def _same(old: tuple[Shelf, ...], new: tuple[Shelf, ...]) -> bool:
    # By identity: comparing what they say would take as long as looking anew.
    return len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))


def _faults(known: Library) -> Faults:
    found: dict[str, list[str]] = defaultdict(list)
    for shelf in known.shelves:
        for label, names in _of_shelf(known.home, shelf).items():
            found[label] += names
    _add_conflicts(known, found)
    _add_dead_buttons(known, found)
    return {label: tuple(dict.fromkeys(names)) for label, names in found.items()}


def _of_shelf(home: Path, shelf: Shelf) -> dict[str, list[str]]:
    kept = _own.get(shelf.category.file)
    if kept is not None and kept[0] is shelf:
        return kept[1]
    found = {}
    for label, entry in shelf.entries.items():
        content = Content.of(entry)
        former = kept[0].entries.get(label) if kept is not None else None
        if kept is not None and former is not None and Content.of(former) == content:
            names = kept[1].get(label, [])
        else:
            names = [_name(problem) for problem in own_problems(home, label, content)]
        if names:
            found[label] = names
    _own[shelf.category.file] = (shelf, found)
    return found


def _add_conflicts(known: Library, found: dict[str, list[str]]) -> None:
    first: dict[str, str] = {}
    for shelf in known.shelves:
        for key, askers in shelf.asked.items():
            for label, _ in askers if key else ():
                other = first.setdefault(key, label)
                if other != label:
                    found[other].append(_CONFLICT)
                    found[label].append(_CONFLICT)
            labels = [label for label, _ in askers]
            if key and len(set(labels)) < len(labels):
                found[labels[0]].append(_TWICE)


def _add_dead_buttons(known: Library, found: dict[str, list[str]]) -> None:
    for shelf in known.shelves:
        for text, labels in shelf.pressed.items():
            if not known.is_question(text):
                for label in labels:
                    found[label].append(_BUTTON)


def _name(problem: FieldProblem) -> str:
    return _NAMES[problem.field] if problem.blocks else _FEW
