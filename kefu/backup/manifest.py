"""The list of what is in a backup, sealed with the data key of the installation."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from kefu.backup.errors import BackupError
from kefu.backup.parts import DATABASE, part_of
from kefu.environment import secret_bytes

NAME = "manifest.json"
FORMAT = 1
REASONS = {"manual": "手动", "scheduled": "定时", "before_restore": "恢复前"}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KEYS = ("data_key", "pseudonym_key")


@dataclass(frozen=True)
class File:
    """One file of a backup: its name (with "/"), its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Facts:
    """What a database holds.

    Attributes:
        kind: sqlite or postgresql.
        revision: Of the schema; None before the first.
        counts: Rows of the tables that people know about.
        schema: Where PostgreSQL keeps the tables; "" for SQLite.
    """

    kind: str
    revision: str | None
    counts: dict[str, int]
    schema: str = ""


@dataclass(frozen=True)
class Manifest:
    """What is in a backup.

    Attributes:
        created_at: UTC seconds.
        kefu: Version of the program that made it.
        reason: manual, scheduled or before_restore.
        files: All files but the manifest itself.
        keys: Fingerprint of each key, by its name in the secrets file.
        database: Of the database in it, None without one.
        model_is_current: The model in it was trained from what is in it.
    """

    created_at: float
    kefu: str
    reason: str
    files: tuple[File, ...]
    keys: dict[str, str]
    database: Facts | None = None
    model_is_current: bool = False
    format: int = field(default=FORMAT)

    @property
    def parts(self) -> frozenset[str]:
        """Return the parts that are in it."""
        return frozenset(part for file in self.files if (part := part_of(file.name)))

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(file.size for file in self.files)

    def of(self, part: str) -> list[File]:
        """Return the files of one part."""
        return [file for file in self.files if part_of(file.name) == part]


def fingerprints() -> dict[str, str]:
    """Return what tells this installation's keys from others, and nothing else of them."""
    return {name: _keyed(name, b"kefu backup: which key is this")[:16] for name in _KEYS}


def to_json(manifest: Manifest) -> str:
    """Return the text of the manifest's file, sealed with this installation's data key."""
    data = asdict(manifest)
    return json.dumps({**data, "seal": _seal(data)}, ensure_ascii=False, indent=1)


def from_json(text: str) -> tuple[Manifest, bool]:
    """Return a manifest, and whether its seal is that of this installation's data key.

    Raises:
        BackupError: It is none, is of a newer version, or was altered after it was sealed
            with this installation's data key.
    """
    try:
        data = json.loads(text)
        seal = str(data.pop("seal"))
        _require_known_format(data["format"])
        manifest = _manifest(data)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupError("备份的清单（manifest.json）读不懂，备份不完整或被改动") from None
    sealed = hmac.compare_digest(seal.encode(), _seal(data).encode())
    if not sealed and manifest.keys.get("data_key") == fingerprints()["data_key"]:
        raise BackupError("备份的清单（manifest.json）被改动过，请用另一个备份")
    return manifest, sealed


def _require_known_format(number: Any) -> None:
    if isinstance(number, int) and number > FORMAT:
        raise BackupError("备份由更新的程序制作，请先升级程序，或用另一个备份")
    if number != FORMAT:
        raise ValueError(number)


def _manifest(data: Mapping[str, Any]) -> Manifest:
    files = tuple(_file(item) for item in data["files"])
    if len({file.name for file in files}) != len(files) or data["reason"] not in REASONS:
        raise ValueError("files")
    database = None if data["database"] is None else _facts(data["database"])
    made = Manifest(
        created_at=float(data["created_at"]),
        kefu=str(data["kefu"]),
        reason=data["reason"],
        files=files,
        keys={str(name): str(value) for name, value in data["keys"].items()},
        database=database,
        model_is_current=bool(data["model_is_current"]),
    )
    if (database is None) != (DATABASE not in made.parts) or len(made.of(DATABASE)) > 1:
        raise ValueError("database")
    return made


def _facts(item: Mapping[str, Any]) -> Facts:
    counts = {str(name): int(count) for name, count in item["counts"].items()}
    revision = None if item["revision"] is None else str(item["revision"])
    return Facts(str(item["kind"]), revision, counts, str(item["schema"]))


def _file(item: Mapping[str, Any]) -> File:
    file = File(str(item["name"]), int(item["size"]), str(item["sha256"]))
    if part_of(file.name) is None or not _DIGEST.fullmatch(file.sha256) or file.size < 0:
        raise BackupError(f"备份的清单里有不该有的文件「{file.name[:80]}」，请用另一个备份")
    return file


def _seal(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _keyed("data_key", b"kefu backup: manifest\x1f" + text.encode())


def _keyed(key: str, message: bytes) -> str:
    return hmac.new(secret_bytes(key), message, hashlib.sha256).hexdigest()
