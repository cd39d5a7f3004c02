"""Where publishing keeps what it needs: everything below `var/publishing`."""

from __future__ import annotations

from pathlib import Path

from kefu.environment import environment
from kefu.training import MODELS

LOG = "publishing.log"


def folder() -> Path:
    """Return the folder of publishing; it is made when it is missing."""
    place = environment().var / "publishing"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def below(name: str) -> Path:
    """Return a folder in it; it is made when it is missing."""
    place = folder() / name
    place.mkdir(exist_ok=True, mode=0o700)
    return place


def log() -> Path:
    """Return the file that takes what Rasa and the job say."""
    place = environment().var / "log"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place / LOG


def work() -> Path:
    """Return the folder in which the files of a publication lie while a model is made of them."""
    return folder() / "work"


def models() -> Path:
    """Return the folder of the models that may be served."""
    return environment().home / MODELS


def beside() -> Path:
    """Return the folder of models that were not brought into service, or not yet."""
    return below("models")


def find_model(name: str) -> Path | None:
    """Return the file of a model by its name, wherever it lies; None when it is gone."""
    # Looked for among those that are there: a name from outside may be no file's at all.
    there = (file for place in (models(), beside()) for file in place.glob("[!.]*.tar.gz"))
    return next((file for file in there if file.name == name), None)
