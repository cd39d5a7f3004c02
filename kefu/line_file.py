"""A file of JSON lines that only grows: several processes write it, none leaves half a line."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kefu.errors import KefuError


class LineFileProblem(KefuError):
    """Raised when the file cannot be read or written; nothing was added."""


@dataclass(frozen=True)
class Mark:
    """How far a reader has come: in which file (its inode), and at which byte."""

    file: int = 0
    place: int = 0
    again: bool = True


class LineFile:
    """One JSON object a line, the oldest first. The file is for its owner alone (0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, *lines: Mapping[str, Any]) -> None:
        """Add lines; when this returns they survive a crash of the machine.

        Raises:
            LineFileProblem: There is no room, or no right to write.
        """
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        with self._failing("写入"), self._open() as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            end = _whole_lines(descriptor)
            os.ftruncate(descriptor, end)
            _write(descriptor, text.encode(), end)
            os.fsync(descriptor)

    def read(self) -> list[dict[str, Any]]:
        """Return all lines; one that a crash cut short was never there.

        Raises:
            LineFileProblem: The file cannot be read, or a line is not JSON.
        """
        return self.read_on(Mark())[0]

    def read_on(self, mark: Mark) -> tuple[list[dict[str, Any]], Mark]:
        """Return the lines since a mark, and the mark for the next time; raises as `read`.

        Where another file has come in its place (a backup was restored), all lines are
        returned with a mark whose `again` is true.
        """
        with self._failing("读取"), self._existing() as descriptor:
            if descriptor is None:
                return [], Mark(again=mark.place > 0)
            status = os.fstat(descriptor)
            same = status.st_ino == mark.file and status.st_size >= mark.place
            start = mark.place if same else 0
            content = _read(descriptor, start, status.st_size - start)
        whole = content[: content.rfind(b"\n") + 1]
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
        except ValueError:
            raise LineFileProblem(f"{self.path} 不是有效的 JSON 行，请从备份恢复它") from None
        return lines, Mark(status.st_ino, start + len(whole), not same)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep out all others who ask for the same; reading and adding lines stays free.

        The lock goes with the process, however it ends.
        """
        with self._failing("写入"):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @contextmanager
    def _existing(self) -> Iterator[int | None]:
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _open(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _failing(self, act: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise LineFileProblem(
                f"无法{act} {self.path}（{reason}）：请检查权限和磁盘空间"
            ) from None


def _whole_lines(descriptor: int) -> int:
    """Return where the last complete line ends."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - 4096)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _read(descriptor: int, place: int, size: int) -> bytes:
    parts = []
    while size > 0 and (part := os.pread(descriptor, size, place)):
        parts.append(part)
        place, size = place + len(part), size - len(part)
    return b"".join(parts)


def _write(descriptor: int, content: bytes, place: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, place)
        content, place = content[written:], place + written
