"""A file that is read again when somebody has changed it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from kefu.errors import FileProblems, Problem

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
# What a change is told by: the file itself, when it was written, how long it is.
_Signature = tuple[int, int, int]
# How long what was read counts as fresh; a call within it costs a fraction of a microsecond.
LOOK_SECONDS = 1.0


class FollowedFile(Generic[_T]):
    """What a file says, at most `LOOK_SECONDS` old; with mistakes in it, what it said before.

    Threads may share it: one looks at the file while the others go on with what is known.
    """

    def __init__(
        self,
        where: Callable[[], Path],
        read: Callable[[Path], _T],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take where the file is, what reads it, and a clock in seconds."""
        self._where = where
        self._read = read
        self._clock = clock
        self._lock = threading.RLock()
        self.cache_clear()

    def __call__(self) -> _T:
        """Return what the file says. Raises FileProblems where it never said anything right."""
        known = self._known
        if known is None:
            with self._lock:
                return self._read_first()
        if self._clock() >= self._look_at and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
            return self._known or known
        return known

    @property
    def problem(self) -> FileProblems | None:
        """Return what is wrong with the file since what is in use was read."""
        return self._problem

    def look(self) -> None:
        """Look at the file now, for whoever has just written it."""
        with self._lock:
            if self._known is not None:
                self._look()

    def cache_clear(self) -> None:
        """Forget the file, as `functools.lru_cache` would."""
        with self._lock:
            self._known: _T | None = None
            self._signature: _Signature | None = None
            self._problem: FileProblems | None = None
            self._look_at = 0.0

    def _read_first(self) -> _T:
        if self._known is None:
            file = self._where()
            self._signature = _signature(file)
            self._known = self._read(file)
            self._look_at = self._clock() + LOOK_SECONDS
        return self._known

    def _look(self) -> None:
        self._look_at = self._clock() + LOOK_SECONDS
        file = self._where()
        signature = _signature(file)
        if signature == self._signature:
            return
        self._signature = signature
        try:
            self._known = self._read(file)
            self._problem = None
            logger.info("%s was changed and read again", file.name)
        except FileProblems as problem:
            self._refuse(file, problem)
        except OSError as error:
            text = f"无法读取（{error.strerror or type(error).__name__}），请检查权限"
            self._refuse(file, FileProblems([Problem(file, 0, text)]))

    def _refuse(self, file: Path, problem: FileProblems) -> None:
        self._problem = problem
        logger.error("%s has mistakes, the former stays in use: %s", file.name, problem)


def _signature(file: Path) -> _Signature | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
