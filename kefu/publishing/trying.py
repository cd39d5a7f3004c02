"""Trying a model on the questions, beside the one in service."""

from __future__ import annotations

from pathlib import Path

from kefu.environment import environment
from kefu.explanation.subjects import Subjects
from kefu.knowledge.library import Library
from kefu.loaded_model import NoModel
from kefu.publishing import contents, result
from kefu.publishing.comparison import Answers, compare
from kefu.publishing.entries import Contents, EntryDifference, differences
from kefu.publishing.floor import judge
from kefu.publishing.pending import served_model
from kefu.publishing.questions import Questions, questions_for
from kefu.publishing.result import Named, Result
from kefu.publishing.trial import all_known, try_model
from kefu.publishing.worker import Worker
from kefu.settings import settings


def try_against_served(worker: Worker, model: Path, home: Path, known: Library) -> Result:
    """Try a model, compare it with the one in service, and keep the result.

    Args:
        worker: Told of the progress.
        model: The model's file.
        home: The project whose questions are asked, frozen or not.
        known: Its knowledge base.

    Raises:
        Cancelled: Somebody asked to stop.
        FileProblems: Test questions cannot be read.
        NoModel: The file is no model that can be loaded.
    """
    questions = questions_for(home, known)
    worker.tell("load")
    after = try_model(
        model, questions.texts, lambda _: worker.tell("try"), lambda f: worker.tell("try", f)
    )
    before = _before(worker, model, questions, after)
    worker.tell("compare")
    names = Subjects.read(home)
    compared = compare(
        questions.tests, questions.standard, before, after, lambda label: names.of(label).name
    )
    tried = Result(
        compared=compared,
        verdict=judge(compared, settings().publishing),
        changes=tuple(changes_since_served(model)),
        untested=tuple(Named(label, names.of(label).name) for label in questions.untested),
        gone=questions.gone,
        trained=questions.trained,
    )
    result.save(worker.job.id, tried)
    return tried


def changes_since_served(model: Path) -> list[EntryDifference]:
    """Return what a model has otherwise than the one in service; all where there is none."""
    home, served = environment().home, served_model(environment().home)
    new = contents.of_model(model, home) or Contents({})
    old = contents.of_model(served, home) if served else None
    return differences(old or Contents({}), new)


def _before(worker: Worker, model: Path, questions: Questions, after: Answers) -> Answers | None:
    served = served_model(environment().home)
    if served is None or served == model:
        worker.steps.skip("try_former")
        return after if served else None
    if all_known(served, questions.texts):
        worker.steps.skip("try_former")
    else:
        worker.tell("try_former")
    try:
        return try_model(
            served, questions.texts, lambda _: None, lambda f: worker.tell("try_former", f)
        )
    except NoModel:
        # One of another version of Rasa, say: there is nothing to compare with.
        return None
