"""The project as it is at one moment: what is published is what was saved then."""

from __future__ import annotations

import shutil
from pathlib import Path

from kefu.environment import environment
from kefu.knowledge import journal
from kefu.knowledge.model import FOLDER

# Copied; all else that Rasa may need is linked to.
_COPIED = ("config.yml", "domain.yml", "domain", "settings.yml", "data")
TESTS = Path("tests") / "knowledge"
_LEFT_OUT = frozenset({"models", "var", "tests", ".git", ".venv"})


def freeze(home: Path, to: Path) -> Path:
    """Copy what a model is made of into a folder, which is a project then; return it.

    An edit of several knowledge files is in the copy as a whole or not at all.
    """
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True, mode=0o700)
    with journal.steady(home / FOLDER):
        for name in _COPIED:
            _copy(home / name, to / name)
    _copy(home / TESTS, to / TESTS)
    # What Rasa learnt before from the same data is taken again; it notes relative paths.
    (home / ".rasa").mkdir(exist_ok=True)
    for entry in home.iterdir():
        linked = entry.name not in _LEFT_OUT and entry.resolve() != environment().var
        if linked and not (to / entry.name).exists():
            (to / entry.name).symlink_to(entry.resolve())
    return to


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        # Drafts of a change are hidden.
        shutil.copytree(source, to, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    elif source.is_file():
        shutil.copy2(source, to)
