"""The list of a period for its page: filtered by reason, a few groups at a time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from kefu.console.loop_cards import Card, card
from kefu.console.loop_likely import index
from kefu.console.loop_period import Days, days_of
from kefu.environment import environment
from kefu.knowledge.library import Library, library
from kefu.loop.groups import Group
from kefu.loop.listing import Listing
from kefu.loop.reasons import NAMES, Reason
from kefu.loop.standing import Standing, standing

A_PAGE = 15
# Looking for like entries in a large knowledge base takes its time: what is not found
# within this is looked for after the page is shown.
_SECONDS = 0.15
# How long an act waits for a list that is not there, as after a restart.
_PATIENCE = 20.0


@dataclass(frozen=True)
class Asked:
    """What an address asks for: days, a reason ("" for all), and which page of groups."""

    days: Days
    reason: str
    page: int

    @property
    def fields(self) -> dict[str, str]:
        """Return it as the hidden fields of a form."""
        return {**self.days.fields, **({"reason": self.reason} if self.reason else {})}

    @property
    def query(self) -> str:
        """Return it as an address says it."""
        return urlencode(self.fields)

    @property
    def url(self) -> str:
        """Return the address of the first page."""
        return f"/unrecognised?{self.query}"

    def page_url(self, page: int) -> str:
        """Return the address of another page."""
        return f"{self.url}&page={page}"


@dataclass(frozen=True)
class Shown:
    """What the page shows of a list.

    Attributes:
        cards: The groups of this page.
        groups: How many groups there are with this reason.
        every: How many there are in all that are not settled, and how many are.
        pages: How many pages.
        reasons: How many groups there are for each reason.
        standing: Whether it is being read anew, and when it was read.
    """

    cards: tuple[Card, ...]
    groups: int
    every: tuple[int, int]
    pages: int
    reasons: tuple[tuple[Reason, str, int], ...]
    standing: Standing

    @property
    def questions(self) -> int:
        """Return how many questions the list is of."""
        return self.standing.listing.questions if self.standing.listing else 0


def asked_of(given: Mapping[str, str], now: float) -> Asked:
    """Return what an address or a form asks for."""
    page = given.get("page", "")
    number = int(page) if page.isdecimal() and len(page) < 6 else 1
    reason = given.get("reason", "")
    return Asked(days_of(given, now), reason if reason in NAMES else "", max(1, number))


def shown(asked: Asked) -> Shown:
    """Return what the page shows. Raises FileProblems, DecryptionError, LineFileProblem."""
    home = environment().home
    period = asked.days.period
    found = standing(home, period.start, period.end)
    listing = found.listing or Listing((), (), 0)
    groups = [g for g in listing.groups if not asked.reason or asked.reason in dict(g.reasons)]
    pages = max(1, -(-len(groups) // A_PAGE))
    begin = (min(asked.page, pages) - 1) * A_PAGE
    return Shown(
        _cards(groups[begin : begin + A_PAGE], library(home)),
        len(groups),
        (len(listing.groups), len(listing.settled)),
        pages,
        _reasons(listing.groups),
        found,
    )


def group_of(asked: Asked, group: str) -> Group | None:
    """Return a group of the list by its id, also one that is settled."""
    period = asked.days.period
    found = standing(environment().home, period.start, period.end, _PATIENCE).listing
    every = (*found.groups, *found.settled) if found else ()
    return next((one for one in every if one.id == group), None)


def card_of(group: Group) -> Card:
    """Return a group's card; its entries may still have to be looked for."""
    known = library(environment().home)
    return card(group, known, index(known))


def _cards(groups: Sequence[Group], known: Library) -> tuple[Card, ...]:
    # A page without groups has waited for its list already.
    found = index(known) if groups else None
    end = time.monotonic() + _SECONDS
    return tuple(card(group, known, found, time.monotonic() < end) for group in groups)


def _reasons(groups: Sequence[Group]) -> tuple[tuple[Reason, str, int], ...]:
    counted = Counter(reason for group in groups for reason, _ in group.reasons)
    return tuple((reason, name, counted[reason]) for reason, name in NAMES.items())
