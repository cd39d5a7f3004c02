"""Copying files so that they are on the disk, and the same, when it is said that they are."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

_BLOCK = 1 << 20

Count = Callable[[int], None]


def copy(source: Path, target: Path, count: Count, *, follow: bool = False) -> str:
    """Copy a file to a new one of mode 0600 that survives a crash; return its SHA-256.

    Args:
        source: A regular file; a link only with `follow`.
        target: Must not exist; its folder is made.
        count: Is told the bytes as they are copied.
        follow: Whether `source` may be a link.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        for block in blocks(source, follow=follow):
            digest.update(block)
            out.write(block)
            count(len(block))
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def digest_of(file: Path, count: Count) -> str:
    """Return the SHA-256 of a regular file."""
    digest = hashlib.sha256()
    for block in blocks(file):
        digest.update(block)
        count(len(block))
    return digest.hexdigest()


def blocks(file: Path, *, follow: bool = False) -> Iterator[bytes]:
    """Yield what is in a file; a link is refused as the system does, with an OSError."""
    # Without O_NONBLOCK a pipe in the place of a file would wait for ever.
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    with os.fdopen(os.open(file, flags), "rb") as handle:
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            raise OSError(0, "不是普通文件", str(file))
        while block := handle.read(_BLOCK):
            yield block


def write(file: Path, text: str) -> None:
    """Write a file of mode 0600 in one step that survives a crash."""
    draft = file.with_name(f".{file.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)
    sync_folder(file.parent)


def own_like(file: Path, like: Path) -> None:
    """Give a file the owner of another, so that programs of that owner go on using it.

    Only where the administrator of the machine restores what belongs to another user.
    """
    if os.geteuid() == 0:
        owner = (like if like.exists() else like.parent).stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def sync_file(file: Path) -> None:
    """Bring what another program wrote to the disk."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    sync_file(folder)


def sync_tree(folder: Path) -> None:
    """Bring the names in a folder and in those below it to the disk."""
    for place, _, _ in os.walk(folder):
        sync_folder(Path(place))
