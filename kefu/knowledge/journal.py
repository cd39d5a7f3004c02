"""Replacing several knowledge files at once, so that a crash leaves all old or all new.

New files are laid beside the old ones, then a journal is written: from that moment the
change counts as made. Whoever comes next, reader or writer, finishes what a killed process
left undone. Readers and writers lock the folder itself, which needs no file of its own.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kefu.errors import KefuError

JOURNAL = ".journal.json"
# Staged files end in neither .yml nor .yaml: Rasa reads every such file below data/.
_STAGED, _SUFFIX = ".new-", ".next"


class NotWritable(KefuError):
    """Raised when the knowledge base's folder or a file in it cannot be written."""


@contextmanager
def steady(folder: Path) -> Iterator[None]:
    """Keep the files as they are while they are read; finish an interrupted change first."""
    if not folder.is_dir():
        yield
        return
    while True:
        descriptor = _lock(folder, fcntl.LOCK_SH)
        try:
            if not (folder / JOURNAL).exists():
                yield
                return
        finally:
            os.close(descriptor)
        with exclusive(folder):
            pass


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Keep every other reader and writer out; finish an interrupted change first.

    Raises:
        NotWritable: The folder cannot be made, or the change not be finished.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = _lock(folder, fcntl.LOCK_EX)
    try:
        with _writing(folder):
            _finish(folder)
        yield
    finally:
        os.close(descriptor)


def replace(folder: Path, changed: Mapping[str, bytes | None]) -> None:
    """Write or, where the content is None, remove the named files, all or none of them.

    The caller holds `exclusive`.

    Raises:
        NotWritable: Nothing was changed.
    """
    with _writing(folder):
        _clear(folder)
        staged = folder / f"{_STAGED}{uuid.uuid4().hex[:8]}"
        staged.mkdir()
        put = {name: content for name, content in changed.items() if content is not None}
        for name, content in put.items():
            _write(staged / (name + _SUFFIX), content, _mode(folder / name))
        sync(staged)
        plan = {"staged": staged.name, "put": sorted(put), "remove": sorted({*changed} - {*put})}
        draft = staged / JOURNAL
        _write(draft, json.dumps(plan).encode())
        draft.replace(folder / JOURNAL)
        sync(folder)
        _finish(folder)


def sync(folder: Path) -> None:
    """Make sure that names made or changed in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _finish(folder: Path) -> None:
    """Carry out what the journal says; done twice, it changes nothing more."""
    journal = folder / JOURNAL
    if not journal.exists():
        return
    try:
        plan = json.loads(journal.read_text(encoding="utf-8"))
    except ValueError:
        raise NotWritable(f"{journal} 已损坏：请从备份恢复知识库，再删去这个文件") from None
    staged = folder / plan["staged"]
    for name in plan["put"]:
        source = staged / (name + _SUFFIX)
        if source.exists():
            source.replace(folder / name)
    for name in plan["remove"]:
        (folder / name).unlink(missing_ok=True)
    sync(folder)
    journal.unlink()
    sync(folder)
    shutil.rmtree(staged, ignore_errors=True)


def _clear(folder: Path) -> None:
    for left in folder.glob(f"{_STAGED}*"):
        shutil.rmtree(left, ignore_errors=True)


def _write(file: Path, content: bytes, mode: int | None = None) -> None:
    with open(file, "wb") as handle:
        if mode is not None:
            os.fchmod(handle.fileno(), mode)
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _mode(file: Path) -> int | None:
    return file.stat().st_mode & 0o777 if file.exists() else None


def _lock(folder: Path, kind: int) -> int:
    """Lock a folder and return what has to be closed to unlock it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, kind)
    except OSError as error:
        # Some network file systems lock no folders; a crash still leaves all old or all new.
        if error.errno not in (errno.EBADF, errno.ENOLCK, errno.ENOTSUP, errno.EINVAL):
            os.close(descriptor)
            raise
    return descriptor


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotWritable(f"无法写入 {folder}（{reason}）：请检查权限和磁盘空间") from None
