"""What is done with an uploaded sheet in the background: looked through, then brought in."""

from __future__ import annotations

import time
from dataclasses import dataclass

from kefu.backup.progress import Tell
from kefu.console import jobs, uploaded_sheets
from kefu.console.jobs import Job
from kefu.console.uploaded_sheets import Upload
from kefu.environment import environment
from kefu.errors import FileProblems, Problem
from kefu.knowledge.bulk import bring_in
from kefu.knowledge.exchange import Plan, plan_import
from kefu.knowledge.grids import SheetUnreadable
from kefu.knowledge.library import library
from kefu.knowledge.settings_hints import settings_hints
from kefu.knowledge.tasks import task_titles
from kefu.knowledge.undoing import recent_changes
from kefu.knowledge.writing import KnowledgeChanged
from kefu.staff.person import Person

KIND = "sheet"
# Plans of large sheets fill the memory; what is let go can be checked again.
_MOST_KEPT = 5


@dataclass(frozen=True)
class Refused:
    """A sheet with mistakes: nothing was written, and the file is gone."""

    upload: Upload
    problems: tuple[Problem, ...]
    unreadable: str = ""


@dataclass(frozen=True)
class Checked:
    """A sheet that can be brought in, and what that would change.

    Attributes:
        again: Whether it had to be planned anew, because others changed the knowledge base.
    """

    upload: Upload
    plan: Plan
    again: bool = False


@dataclass(frozen=True)
class Imported:
    """A sheet that was brought in.

    Attributes:
        counts: How many entries came, changed and went.
        hints: What the settings say of questions that are not there any more.
    """

    upload: Upload
    counts: str
    hints: tuple[str, ...]


def check(upload: Upload, by: Person) -> Job:
    """Start to look through a sheet. Raises JobRunning."""
    for old in jobs.ended(KIND)[_MOST_KEPT - 1 :]:
        jobs.forget(old)
    return jobs.start(
        KIND, f"检查「{upload.name}」", by, lambda tell: _checked(upload, tell), upload.token
    )


def bring(checked: Checked, by: Person) -> Job:
    """Start to bring in exactly what was shown. Raises JobRunning."""

    def work(tell: Tell) -> Imported | Checked | Refused:
        try:
            return _imported(checked, by.login, tell)
        except KnowledgeChanged:
            return _checked(checked.upload, tell, again=True)

    upload, shown = checked.upload, last(checked.upload.token)
    started = jobs.start(KIND, f"导入「{upload.name}」", by, work, upload.token)
    if shown is not None:
        jobs.forget(shown)
    return started


def last(token: str) -> Job | None:
    """Return what was done last with a sheet."""
    return jobs.latest(KIND, token)


def _imported(checked: Checked, by: str, tell: Tell) -> Imported:
    home = environment().home
    done = bring_in(checked.plan, checked.upload.name, by, time.time(), tell)
    uploaded_sheets.discard(checked.upload)
    # Whoever opens a page next does not wait for the files to be read anew.
    tell("整理", 0, 0)
    library(home)
    recent_changes(home, 1)
    return Imported(
        checked.upload, done.change.counts, tuple(settings_hints(home, task_titles(home)))
    )


def _checked(upload: Upload, tell: Tell, again: bool = False) -> Checked | Refused:
    home = environment().home
    try:
        plan = plan_import(home, upload.file, upload.mode, task_titles(home), tell)
    except SheetUnreadable as error:
        return _refused(upload, (), str(error).replace(str(upload.file), upload.name))
    except FileProblems as error:
        return _refused(upload, tuple(error.problems))
    return Checked(upload, plan, again)


def _refused(upload: Upload, problems: tuple[Problem, ...], unreadable: str = "") -> Refused:
    uploaded_sheets.discard(upload)
    return Refused(upload, problems, unreadable)
