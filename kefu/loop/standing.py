"""The operator's list as pages show it: at once, and as the knowledge base is now.

Reading and grouping a period takes seconds and happens in the background. What becomes of
a group by a change of the knowledge base or by being put away is seen at once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from kefu.environment import environment
from kefu.knowledge.library import Library, Shelf, library
from kefu.loop.acts import standing_acts
from kefu.loop.background import PATIENCE_SECONDS, Kept
from kefu.loop.dismissals import dismissed_keys
from kefu.loop.effects import handled
from kefu.loop.groups import as_it_is_now
from kefu.loop.listing import Listing, listing, listing_of
from kefu.publishing.history import publications

# So long new questions may take to be listed; many, which take long to read, rest longer.
_SECONDS = 15.0
_MOST = 6

_listings: Kept[Listing] = Kept(_MOST)


@dataclass(frozen=True)
class Standing:
    """The list of a period.

    Attributes:
        listing: None while it is made for the first time.
        made_at: When its questions were read, UTC seconds.
        working: Whether they are being read.
    """

    listing: Listing | None
    made_at: float
    working: bool


def standing(
    home: Path, since: float, until: float, patience: float = PATIENCE_SECONDS
) -> Standing:
    """Return the list of a period without waiting for more than a moment.

    Raises:
        FileProblems: The knowledge base cannot be read.
        DecryptionError, LineFileProblem: What was put away cannot be read.
    """
    key = (home, environment().var, since, until)
    found = _listings.get(
        key, lambda: listing(home, since, until), seconds=_SECONDS, patience=patience
    )
    if found.value is None:
        return Standing(None, found.made_at, found.working)
    now = _adjusted.get(found.value, library(home), _settled())
    return Standing(now, found.made_at, found.working)


def expire() -> None:
    """Let all lists be read anew, since a reviewer has found answers wrong."""
    _listings.expire()


_Settled = tuple[frozenset[str], dict[str, float]]


def _settled() -> _Settled:
    return dismissed_keys(), handled(standing_acts(), publications())


@dataclass(frozen=True)
class _AsOf:
    """What a list was adjusted to; the shelves are compared by identity."""

    made: Listing
    shelves: tuple[Shelf, ...]
    settled: _Settled
    now: Listing

    def fits(self, made: Listing, known: Library, settled: _Settled) -> bool:
        same = len(self.shelves) == len(known.shelves) and all(
            a is b for a, b in zip(self.shelves, known.shelves, strict=False)
        )
        return same and self.made is made and self.settled == settled


class _Adjusted:
    """Lists as the knowledge base is now, each computed once for each state of it."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, _AsOf] = OrderedDict()
        self._lock = Lock()

    def get(self, made: Listing, known: Library, settled: _Settled) -> Listing:
        with self._lock:
            before = self._known.get(id(made))
            if before is not None and before.fits(made, known, settled):
                return before.now
        groups = (*made.groups, *made.settled)
        now = listing_of([as_it_is_now(g, known, *settled) for g in groups], made.questions)
        with self._lock:
            self._known[id(made)] = _AsOf(made, known.shelves, settled, now)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return now


_adjusted = _Adjusted()
