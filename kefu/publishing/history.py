"""Which model came into service when, and through whom: a file that only grows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from kefu.environment import environment
from kefu.line_file import LineFile
from kefu.publishing.entries import EntryDifference

FILE = "publications.jsonl"

Kind = Literal["publish", "rollback", "forced"]
KINDS: dict[Kind, str] = {"publish": "发布", "rollback": "换回", "forced": "管理员放行"}


@dataclass(frozen=True)
class Publication:
    """A model that was brought into service.

    Attributes:
        at: UTC seconds.
        by: Who did it: a login.
        kind: publish, rollback (it had been in service before) or forced (an administrator
            let a refused one through).
        model: File name of the model.
        former: File name of the model before it, None at first or where it is not known.
        made_here: Whether publishing trained it; else the bot team did.
        questions: Number of test questions that it was tried on, 0 without a trial.
        accuracy: Share of them that it got right, None without.
        changes: What became of the entries of the knowledge base.
        reason: What the administrator said who let it through.
        job: The job that did it.
    """

    at: float
    by: str
    kind: Kind
    model: str
    former: str | None = None
    made_here: bool = True
    questions: int = 0
    accuracy: float | None = None
    changes: tuple[EntryDifference, ...] = ()
    reason: str = ""
    job: str = ""


def publications() -> list[Publication]:
    """Return all publications, the oldest first. Raises LineFileProblem."""
    lines = _file().read()
    void = {line["void"] for line in lines if "void" in line}
    return [_from_dict(line) for line in lines if "model" in line and line["at"] not in void]


def publication_of(model: str) -> Publication | None:
    """Return when a model came into service for the last time, None when it never did."""
    return next((p for p in reversed(publications()) if p.model == model), None)


def was_in_service(model: str) -> bool:
    """Tell whether a model was in service before, be it as the one that another replaced."""
    return any(model in (p.model, p.former) for p in publications())


def note(publication: Publication) -> None:
    """Write down a publication; it survives a crash. Raises LineFileProblem."""
    _file().append(asdict(publication))


def take_back(publication: Publication) -> None:
    """Write down that a publication did not come about. Raises LineFileProblem."""
    _file().append({"void": publication.at})


def _from_dict(line: dict[str, Any]) -> Publication:
    changes = tuple(EntryDifference.from_dict(change) for change in line["changes"])
    return Publication(**{**line, "changes": changes})


def _file() -> LineFile:
    return LineFile(environment().var / FILE)
