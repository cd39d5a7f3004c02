"""What a backup consists of, and which file belongs to which part of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from kefu.environment import environment

KNOWLEDGE = "knowledge"
SETTINGS = "settings"
DATABASE = "database"
MODEL = "model"
TITLES = {KNOWLEDGE: "知识库", SETTINGS: "设置", DATABASE: "数据库", MODEL: "模型"}
# A backup that can bring everything back: the model can be trained again.
WHOLE = frozenset({KNOWLEDGE, SETTINGS, DATABASE})

SETTINGS_FILES = (
    "settings.yml",
    "config.yml",
    "domain.yml",
    "credentials.yml",
    "endpoints.yml",
)
SQLITE_FILE = "database/kefu.db"
POSTGRESQL_FILE = "database/kefu.dump"
DATABASE_FILES = (SQLITE_FILE, POSTGRESQL_FILE)
# What is noted beside the knowledge base, of `var`: files that only grow (kefu.line_file).
RECORDS = "records/"
_RECORD = ".jsonl"


def part_of(name: str) -> str | None:
    """Return the part that a file of a backup belongs to, None when it belongs to none.

    A name that could lead out of the folder belongs to none, so that restoring never
    writes anywhere but to the places of the parts.
    """
    path = PurePosixPath(name)
    plain = all(step not in ("..", ".") and not step.startswith(".") for step in path.parts)
    if not plain or str(path) != name or "\\" in name or not name.isprintable():
        return None
    if name in SETTINGS_FILES:
        return SETTINGS
    if name in DATABASE_FILES:
        return DATABASE
    if len(path.parts) == 2 and path.parts[0] == "models" and name.endswith(".tar.gz"):
        return MODEL
    if len(path.parts) == 2 and name.startswith(RECORDS):
        return KNOWLEDGE if name.endswith(_RECORD) else None
    return KNOWLEDGE if len(path.parts) > 1 and path.parts[0] == "data" else None


def place_of(name: str) -> Path:
    """Return where a file of a backup belongs here; the database has its own ways."""
    if name.startswith(RECORDS):
        return environment().var / name.removeprefix(RECORDS)
    return environment().home / name


def project_files(parts: Iterable[str]) -> list[str]:
    """Return the names of the files here that belong to knowledge base and settings."""
    home, found = environment().home, list[str]()
    if SETTINGS in parts:
        found += [name for name in SETTINGS_FILES if (home / name).is_file()]
    if KNOWLEDGE in parts:
        found += sorted(_data_files(home))
        found += sorted(RECORDS + file.name for file in environment().var.glob(f"*{_RECORD}"))
    return found


def _data_files(home: Path) -> Iterator[str]:
    for path in (home / "data").rglob("*"):
        name = path.relative_to(home).as_posix()
        # Hidden files are drafts of a program that writes one.
        if path.is_file() and part_of(name) == KNOWLEDGE:
            yield name
