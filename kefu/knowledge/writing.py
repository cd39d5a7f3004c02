"""Writing the knowledge base: all files at once, with a copy of what was there before."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kefu.errors import KefuError
from kefu.knowledge import journal
from kefu.knowledge.category_text import category_text
from kefu.knowledge.model import FOLDER, Category, read_files

BACKUPS = "knowledge_copies"


class KnowledgeChanged(KefuError):
    """Raised when the files were changed by somebody else since they were read."""


@dataclass(frozen=True)
class Base:
    """The knowledge base at one moment.

    Attributes:
        home: Project directory.
        files: Content of each knowledge file by its name.
        categories: The same, understood.
    """

    home: Path
    files: Mapping[str, bytes]
    categories: tuple[Category, ...]


def read_base(home: Path) -> Base:
    """Read content and meaning of all knowledge files; there may be none.

    Raises:
        FileProblems: A file cannot be read as knowledge.
    """
    folder = home / FOLDER
    with journal.steady(folder):
        paths = sorted(folder.glob("*.yml"))
        files = {path.name: path.read_bytes() for path in paths}
        return Base(home, files, read_files(paths))


def changed_files(base: Base, categories: Iterable[Category]) -> dict[Path, bytes | None]:
    """Return the files to write so that the knowledge base says `categories`, and no more.

    None stands for a file that goes. Files whose content stays are left out.
    """
    folder = base.home / FOLDER
    known = {category.file.name: category for category in base.categories}
    changed: dict[Path, bytes | None] = {folder / name: None for name in base.files}
    for category in categories:
        name = f"{category.id}.yml"
        same = known.get(name) == category
        text = base.files[name] if same else category_text(category, base.files.get(name))
        changed[folder / name] = text
    return {path: text for path, text in changed.items() if text != base.files.get(path.name)}


def write_categories(
    home: Path,
    changed: Mapping[Path, str | bytes | None],
    expected: Mapping[str, bytes] | None = None,
) -> None:
    """Write knowledge files, all or none of them, whatever happens meanwhile.

    Args:
        home: Project directory.
        changed: Content by file; None removes the file.
        expected: Content of the whole knowledge base, by file name, from which the
            change was made.

    Raises:
        KnowledgeChanged: The files are not as expected; nothing was written.
        NotWritable: The folder cannot be written.
    """
    folder = home / FOLDER
    contents = {path.name: _bytes(content) for path, content in changed.items()}
    with journal.exclusive(folder):
        if expected is not None and _contents(folder) != dict(expected):
            raise KnowledgeChanged("知识库刚刚被别人修改过，没有写入：请重新执行一次")
        journal.replace(folder, contents)


def keep_copy(home: Path, var: Path, others: Iterable[Path] = ()) -> Path:
    """Copy the knowledge files, and others, to a folder of their own and return it.

    Args:
        home: Project directory.
        var: Data directory; the copy is made in `backup/knowledge-<time>` in it.
        others: Files besides; those that are missing are left out.

    Raises:
        NotWritable: There is no room, or no right to write.
    """
    folder = home / FOLDER
    try:
        with journal.steady(folder):
            return _copied([*sorted(folder.glob("*.yml")), *others], var / BACKUPS)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise journal.NotWritable(
            f"无法备份到 {var / BACKUPS}（{reason}），没有改动：请检查权限和磁盘空间"
        ) from None


def _copied(files: Iterable[Path], place: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place / f".new-{os.getpid()}-{time.time_ns()}"
    draft.mkdir(mode=0o700)
    for file in files:
        if file.is_file():
            copy = Path(shutil.copy2(file, draft / file.name))
            with open(copy, "rb") as handle:
                os.fsync(handle.fileno())
    journal.sync(draft)
    kept = _named(draft, place / time.strftime("knowledge-%Y%m%d-%H%M%S"))
    journal.sync(place)
    return kept


def _named(draft: Path, wanted: Path) -> Path:
    """Give the copy its name, another one where that is taken."""
    number, target = 1, wanted
    while True:
        if not target.exists():
            try:
                return draft.rename(target)
            except OSError:
                if not target.exists():
                    raise
        number += 1
        target = wanted.with_name(f"{wanted.name}-{number}")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.yml"))}


def _bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content
