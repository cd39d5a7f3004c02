"""A backup as one file to save elsewhere: a tar, made while it is sent."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from kefu.backup import durable, manifest
from kefu.backup.checking import Backup


def archived(backup: Backup) -> Iterator[bytes]:
    """Yield a tar with the folder of a backup; no more than a piece of it is in memory."""
    for name in (*(file.name for file in backup.manifest.files), manifest.NAME):
        yield from _member(backup.folder / name, f"{backup.name}/{name}")
    yield b"\0" * 2 * tarfile.BLOCKSIZE


def _member(file: Path, name: str) -> Iterator[bytes]:
    status = file.stat()
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = status.st_size, status.st_mtime, 0o600
    yield info.tobuf()
    yield from durable.blocks(file)
    yield b"\0" * (-status.st_size % tarfile.BLOCKSIZE)
