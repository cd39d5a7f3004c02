"""Bringing a model into service as a job, and writing that down."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from kefu.environment import environment
from kefu.errors import KefuError
from kefu.publishing import history, models, places, result, service, trying
from kefu.publishing.history import Kind, Publication
from kefu.publishing.pending import served_model
from kefu.publishing.worker import Worker
from kefu.settings import settings


@dataclass(frozen=True)
class _Accuracy:
    questions: int = 0
    share: float | None = None


def bring(worker: Worker, model: str, kind: Kind, made_here: bool) -> None:
    """Bring the model that a job tried into service, and end the job.

    Raises:
        SwapFailed: It did not work; the former model goes on.
        LineFileProblem: That could not be written down, and nothing was changed.
    """
    _bring(worker, model, kind, made_here, _accuracy_of(worker.job.id))


def bring_again(worker: Worker, model: Path) -> None:
    """Bring a model into service that was made before, and end the job; raises as `bring`."""
    name, last = model.name, history.publication_of(model.name)
    accuracy = _accuracy_of(worker.job.tried_in)
    if accuracy.share is None and last is not None:
        accuracy = _Accuracy(last.questions, last.accuracy)
    kind: Kind = "rollback" if history.was_in_service(name) else "publish"
    kind = "forced" if worker.job.reason else kind
    made_here = model.parent == places.beside() or (last is not None and last.made_here)
    _bring(worker, name, kind, made_here, accuracy)


def _bring(worker: Worker, model: str, kind: Kind, made_here: bool, accuracy: _Accuracy) -> None:
    served = served_model(environment().home)
    former = served.name if served else None
    file = places.find_model(model)
    changes = trying.changes_since_served(file) if file else []
    worker.knows(former=former)
    worker.tell("swap")
    job = worker.job
    publication = Publication(
        at=time.time(), by=job.by, kind=kind, model=model, former=former,
        made_here=made_here, questions=accuracy.questions, accuracy=accuracy.share,
        changes=tuple(changes), reason=job.reason, job=job.tried_in or job.id,
    )  # fmt: skip
    # Before it happens: a process killed meanwhile must not leave a model without a line.
    history.note(publication)
    try:
        text = service.bring(model, former, job.by, lambda words: worker.tell("swap", words=words))
    except KefuError:
        history.take_back(publication)
        raise
    models.rotate(settings().publishing.keep_models)
    worker.end("done", text)


def _accuracy_of(job: str) -> _Accuracy:
    tried = result.load(job) if job else None
    if tried is None:
        return _Accuracy()
    return _Accuracy(tried.compared.questions, tried.compared.accuracy)
