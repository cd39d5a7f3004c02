"""What the knowledge base says by now and the model in service does not know."""

from __future__ import annotations

from pathlib import Path

from kefu.knowledge.library import library
from kefu.publishing import contents
from kefu.publishing.entries import Contents, EntryDifference, differences
from kefu.running.serving import model_to_start, serving
from kefu.training import MODELS

__all__ = ["EntryDifference", "served_model", "unpublished"]


def unpublished(home: Path) -> list[EntryDifference]:
    """Return the entries that differ from the model in service, in the order of their labels.

    Without a model all are new. Where a model of the bot team is older than the files, the
    phrasings that were changed in between are not known, and not told.

    Raises:
        FileProblems: The knowledge base cannot be read.
    """
    model = served_model(home)
    before = contents.of_model(model, home) if model else None
    now = contents.of_library(library(home))
    return differences(before or Contents({}), now)


def served_model(home: Path) -> Path | None:
    """Return the model in service; where nothing watches, the one that a start would take."""
    name = serving().model
    if name and (home / MODELS / name).is_file():
        return home / MODELS / name
    return model_to_start(home)
