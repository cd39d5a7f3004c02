"""The whole way from the database to the operator's list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kefu.knowledge.library import library
from kefu.loop.acts import standing_acts
from kefu.loop.collecting import collect
from kefu.loop.dismissals import dismissed_keys
from kefu.loop.effects import handled
from kefu.loop.groups import Group, groups_of, most_asked_first
from kefu.publishing.history import publications


@dataclass(frozen=True)
class Listing:
    """What was asked in a period and not settled.

    Attributes:
        groups: What is to be looked at, the most asked first.
        settled: Groups put away, or in the knowledge base by now.
        questions: How many messages there are in all of them.
    """

    groups: tuple[Group, ...]
    settled: tuple[Group, ...]
    questions: int


def listing(home: Path, since: float, until: float) -> Listing:
    """Return the list of a period.

    Args:
        home: Project directory.
        since, until: UTC seconds, the end not included.

    Raises:
        FileProblems: The knowledge base cannot be read.
        DecryptionError, LineFileProblem: What was done or put away cannot be read.
    """
    questions = collect(since, until)
    handled_keys = handled(standing_acts(), publications())
    found = groups_of(questions, library(home), dismissed_keys(), handled_keys)
    return listing_of(found, len(questions))


def listing_of(groups: Iterable[Group], questions: int) -> Listing:
    """Return groups as a list, the most asked first, of so many questions."""
    ordered = sorted(groups, key=most_asked_first)
    return Listing(
        tuple(group for group in ordered if not group.settled),
        tuple(group for group in ordered if group.settled),
        questions,
    )


def find(shown: Listing, group: str) -> Group | None:
    """Return a group by its id, or by the beginning of it where only one begins so."""
    every = (*shown.groups, *shown.settled)
    fitting = [one for one in every if group and one.id.startswith(group)]
    return fitting[0] if len(fitting) == 1 else None
