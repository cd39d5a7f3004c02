"""Sheets that were uploaded and are not imported yet: kept until they are, or too old."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from kefu.environment import environment
from kefu.errors import KefuError
from kefu.knowledge.exchange import Mode

KINDS = (".xlsx", ".csv")
KEPT_SECONDS = 2 * 3600.0
_FOLDER = "imports"
_FACTS = "upload.json"
_LONGEST_NAME = 80
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16}")


class SheetRefused(KefuError):
    """Raised when a file is not even looked at; the text says what to upload instead."""


@dataclass(frozen=True)
class Upload:
    """One sheet: its token in addresses, its name on the person's machine, what to do with it.

    Attributes:
        at: When it came, UTC seconds.
    """

    token: str
    name: str
    mode: Mode
    by: str
    at: float

    @property
    def file(self) -> Path:
        """Return where it lies."""
        return _folder() / self.token / f"sheet{Path(self.name).suffix.lower()}"


def keep(name: str, content: bytes, mode: Mode, by: str, now: float) -> Upload:
    """Keep a sheet, readable for this program alone. Raises SheetRefused."""
    name = _plain(name)
    if not name or not content:
        raise SheetRefused(
            "请先选择一个表格文件" if not name else f"「{name}」是空的，请换一个文件"
        )
    if Path(name).suffix.lower() not in KINDS:
        raise SheetRefused(f"「{name}」不是 .xlsx 或 .csv：请用 Excel 或 WPS 另存为 .xlsx 后再上传")
    sweep(now)
    made = Upload(secrets.token_urlsafe(12), name, mode, by, now)
    try:
        made.file.parent.mkdir(parents=True, mode=0o700)
        _write(made.file, content)
        _write(made.file.with_name(_FACTS), json.dumps(asdict(made)).encode())
    except OSError as error:
        shutil.rmtree(made.file.parent, ignore_errors=True)
        raise SheetRefused(f"保存不了上传的文件（{error.strerror}）：请检查磁盘空间") from None
    return made


def find(token: str) -> Upload | None:
    """Return a sheet; None when there is none, or none any more."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        facts = json.loads((_folder() / token / _FACTS).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return Upload(**{**facts, "mode": Mode(facts["mode"])})


def discard(upload: Upload) -> None:
    """Delete a sheet."""
    shutil.rmtree(upload.file.parent, ignore_errors=True)


def sweep(now: float) -> None:
    """Delete what nobody came back for."""
    for place in _folder().glob("*"):
        found = find(place.name)
        if found is None or now - found.at > KEPT_SECONDS:
            shutil.rmtree(place, ignore_errors=True)


def _plain(name: str) -> str:
    """Return the last part of a file's name, without what no screen shows."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(letter for letter in last if letter.isprintable())
    stem, dot, ending = shown.rpartition(".")
    return f"{stem[:_LONGEST_NAME]}{dot}{ending}" if len(shown) > _LONGEST_NAME else shown


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as opened:
        opened.write(content)


def _folder() -> Path:
    return environment().var / _FOLDER
