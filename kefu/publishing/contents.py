"""What a model knows of the knowledge base, and what the knowledge base says now.

Publishing writes it down when it makes a model. Of a model that the bot team made it is
written down as soon as somebody looks, while the knowledge files are still older than the
model. Later only the archive is left, which holds the questions and answers, but not how
the phrasings were written.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from kefu.knowledge.content import Content
from kefu.knowledge.library import Library, Shelf, library
from kefu.knowledge.model import FOLDER
from kefu.publishing import archive, kept, places
from kefu.publishing.entries import Contents, Known, differences, known_of


def of_library(known: Library) -> Contents:
    """Return what the knowledge base holds now."""
    entries: dict[str, Known] = {}
    for shelf in known.shelves:
        entries.update(_of_shelf(shelf))
    return Contents(entries)


def of_model(model: Path, home: Path) -> Contents | None:
    """Return what a model holds; None where it is no model of ours.

    Raises:
        FileProblems: The knowledge base cannot be read.
    """
    noted = _noted(model)
    if noted is not None:
        return noted
    archived = archive.read(model)
    if archived is None or not _is_newer(model, home):
        return archived
    now = of_library(library(home))
    if not _is_newer(model, home) or differences(archived, now):
        return archived
    note(model.name, now)
    return now


def note(model: str, contents: Contents) -> None:
    """Write down what a model holds."""
    entries = {label: [one.title, one.digests] for label, one in contents.entries.items()}
    kept.write(_file(model), {"entries": entries})


def forget(model: str) -> None:
    """Remove what was written down of a model that is gone."""
    _file(model).unlink(missing_ok=True)


_shelves: dict[Path, tuple[bytes, dict[str, Known]]] = {}


def _of_shelf(shelf: Shelf) -> dict[str, Known]:
    done = _shelves.get(shelf.category.file)
    # The library gives the very same bytes until the file is another.
    if done is None or done[0] is not shelf.content:
        entries = {label: known_of(Content.of(entry)) for label, entry in shelf.entries.items()}
        done = _shelves[shelf.category.file] = (shelf.content, entries)
    return done[1]


def _noted(model: Path) -> Contents | None:
    file = _file(model.name)
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=8)
def _read(file: Path, _changed_at: int) -> Contents | None:
    stored = kept.read(file)
    if stored is None:
        return None
    entries = stored["entries"].items()
    return Contents({label: Known(title, digests) for label, (title, digests) in entries})


def _is_newer(model: Path, home: Path) -> bool:
    """Tell whether nothing of the knowledge base was changed since a model was made."""
    folder = home / FOLDER
    changed = [path.stat().st_mtime for path in (folder, *folder.glob("*.yml")) if path.exists()]
    return model.is_file() and max(changed, default=0.0) <= model.stat().st_mtime


def _file(model: str) -> Path:
    return places.below("contents") / f"{model}.json"
