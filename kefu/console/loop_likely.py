"""Which entries are like a group, without making a page wait for a large knowledge base."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock

from kefu.environment import environment
from kefu.knowledge.library import Library
from kefu.knowledge.search import Found, KnowledgeSearch, search
from kefu.loop.background import PATIENCE_SECONDS, Kept
from kefu.loop.groups import Group, suggest

_MOST_KNOWN = 2000

_Key = tuple[Path, str, tuple[str, ...], str | None]

_searches: Kept[KnowledgeSearch] = Kept(2)


def index(known: Library, patience: float = PATIENCE_SECONDS) -> KnowledgeSearch | None:
    """Return the search of the knowledge base, of a former state of it while it is renewed.

    Returns None while it is made for the first time.
    """
    stamp = hash(tuple(shelf.content for shelf in known.shelves))
    key = (known.home, environment().var)
    return _searches.get(key, search, stamp, patience=patience).value


def likely(group: Group, found: KnowledgeSearch | None) -> list[Found] | None:
    """Return the entries that are like a group, the best first.

    Without a search, as they were found before; None where they were not.
    """
    return _likely.get(group, found)


class _Likely:
    """The entries that are like each group: looking takes long in a large knowledge base."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, tuple[KnowledgeSearch, list[Found]]] = OrderedDict()
        self._lock = Lock()

    def get(self, group: Group, found: KnowledgeSearch | None) -> list[Found] | None:
        key = (environment().var, group.id, group.examples, group.should_be)
        with self._lock:
            before = self._known.get(key)
        if found is None or (before is not None and before[0] is found):
            return before[1] if before else None
        hits = suggest(found, group)
        with self._lock:
            self._known[key] = (found, hits)
            self._known.move_to_end(key)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return hits


_likely = _Likely()
