"""What the pages of publishing show, put together from its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge.library import library
from kefu.publishing import contents, decisions, history, launching, models, places, result
from kefu.publishing.entries import Contents, EntryDifference, differences
from kefu.publishing.history import Publication
from kefu.publishing.jobs import Job
from kefu.publishing.models import Model
from kefu.publishing.pending import served_model
from kefu.publishing.result import Result
from kefu.running.serving import Serving, serving
from kefu.staff import people

MOST_SHOWN = 100
MOST_CASES = 300
_MOST_MODELS = 12
_MOST_PUBLICATIONS = 50


@dataclass(frozen=True)
class Pending:
    """What is not published: the entries, whether phrasings are known, or what is wrong."""

    entries: tuple[EntryDifference, ...] = ()
    exact: bool = True
    problem: str = ""


@dataclass(frozen=True)
class Overview:
    """The page itself.

    Attributes:
        serving: What is known of the model in service.
        model: The model in service, None without one.
        pending: What is not published.
        job: The job that is under way, or was the last.
        tried: What the last job showed, None where it showed nothing.
        models: The newest models.
        publications: The newest publications.
        kept: Jobs whose result can be looked at.
        names: What people are called, by their logins.
    """

    serving: Serving
    model: Model | None
    pending: Pending
    job: Job | None
    tried: Result | None
    models: tuple[Model, ...]
    publications: tuple[Publication, ...]
    kept: frozenset[str]
    names: Mapping[str, str]


@dataclass(frozen=True)
class JobView:
    """The page of one job.

    Attributes:
        job: The job.
        tried: What it showed, None where it showed nothing.
        in_service_since: When its model came into service, None where it never did.
        can_use: Whether its model can be brought into service.
        needs_reason: Whether an administrator has to say why.
        names: What people are called, by their logins.
    """

    job: Job
    tried: Result | None
    in_service_since: float | None
    can_use: bool
    needs_reason: bool
    names: Mapping[str, str]


def overview() -> Overview:
    """Return what the page shows."""
    job, known = launching.latest(), models.models()
    return Overview(
        serving=serving(),
        model=next((model for model in known if model.served), None),
        pending=_pending(),
        job=job,
        tried=result.load(job.id) if job else None,
        models=tuple(known[:_MOST_MODELS]),
        publications=tuple(reversed(history.publications()[-_MOST_PUBLICATIONS:])),
        kept=frozenset(file.stem for file in places.below("results").glob("*.json")),
        names=_names(),
    )


def job_view(job_id: str) -> JobView:
    """Return what the page of a job shows. Raises NoSuchJob."""
    job = launching.current(job_id)
    published = history.publication_of(job.model) if job.model else None
    there = job.model is not None and places.find_model(job.model) is not None
    return JobView(
        job=job,
        tried=result.load(job.id),
        in_service_since=published.at if published else None,
        can_use=there and job.ended and published is None,
        needs_reason=there and job.model is not None and decisions.is_refused(job.model),
        names=_names(),
    )


def _pending() -> Pending:
    home = environment().home
    try:
        model, now = served_model(home), contents.of_library(library(home))
        before = (contents.of_model(model, home) if model else None) or Contents({})
        return Pending(tuple(differences(before, now)), before.exact)
    except FileProblems as error:
        first = error.problems[0]
        return Pending(problem=f"{first.file.name} 第 {first.line} 行：{first.text}")


def _names() -> dict[str, str]:
    return {person.login: person.nickname for person in people.everybody()}
