"""What a trial showed, kept as a file for those who look later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kefu.publishing import jobs, kept
from kefu.publishing.comparison import Case, Comparison, Said
from kefu.publishing.entries import EntryDifference
from kefu.publishing.floor import Verdict

_CASES = ("better", "worse", "wrong", "caught")


@dataclass(frozen=True)
class Named:
    """An entry: its label, and its standard question."""

    label: str
    title: str


@dataclass(frozen=True)
class Result:
    """What a trial showed.

    Attributes:
        compared: The figures, and the questions behind them.
        verdict: What the floor says.
        changes: What became of the entries since the model in service.
        untested: Entries without a test question.
        gone: Number of test questions that were left out because their entry is gone.
        trained: Number of those that are a phrasing of the knowledge base by now.
    """

    compared: Comparison
    verdict: Verdict
    changes: tuple[EntryDifference, ...]
    untested: tuple[Named, ...]
    gone: int
    trained: int


def save(job: str, result: Result) -> None:
    """Keep the result of a job."""
    kept.write(jobs.result_file(job), asdict(result))


def load(job: str) -> Result | None:
    """Return the result of a job, None where it has none."""
    given = kept.read(jobs.result_file(job))
    if given is None:
        return None
    return Result(
        compared=_comparison(given["compared"]),
        verdict=Verdict(tuple(given["verdict"]["reasons"]), tuple(given["verdict"]["remarks"])),
        changes=tuple(EntryDifference.from_dict(change) for change in given["changes"]),
        untested=tuple(Named(**entry) for entry in given["untested"]),
        gone=given["gone"],
        trained=given["trained"],
    )


def _comparison(given: Mapping[str, Any]) -> Comparison:
    cases: dict[str, Any] = {name: tuple(map(_case, given[name])) for name in _CASES}
    return Comparison(**{**given, **cases})


def _case(given: Mapping[str, Any]) -> Case:
    before = given["before"] and Said(**given["before"])
    return Case(**{**given, "before": before, "after": Said(**given["after"])})
