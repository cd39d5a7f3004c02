"""How often the systems that we call fail: counted by whoever notices, kept in the database.

Counting costs a caller nothing: a thread writes at most once a second what has come together.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from kefu.storage.engine import reading, writing
from kefu.storage.tables import troubles

logger = logging.getLogger(__name__)

MINUTE = 60.0
_EVER = 0.0  # the row of the sum of all time
_KEPT_SECONDS = 30 * 86400.0
_PAUSE = 1.0
_ADD = text(
    "INSERT INTO troubles (source, minute, times) VALUES (:source, :minute, :times)"
    " ON CONFLICT (source, minute) DO UPDATE SET times = troubles.times + excluded.times"
)

_keeping = False
_counted: ContextVar[bool] = ContextVar("troubles_counted", default=True)
_lock = threading.Lock()
_noted: Counter[tuple[str, float]] = Counter()
_timer: threading.Timer | None = None


def keep() -> None:
    """Let this process keep what it counts; tests and commands only look."""
    global _keeping
    if not _keeping:
        _keeping = True
        atexit.register(_write_at_the_end)


def note(source: str, now: float | None = None) -> None:
    """Count one failure of a system, such as `shop:orders` or `wechat:<account>`."""
    global _timer
    if not _keeping or not _counted.get():
        return
    at = time.time() if now is None else now
    with _lock:
        _noted[source, at // MINUTE * MINUTE] += 1
        if _timer is None:
            _timer = threading.Timer(_PAUSE, _write)
            _timer.daemon = True
            _timer.start()


@contextmanager
def uncounted() -> Iterator[None]:
    """Let what fails within be nobody's trouble: we only look whether a system is there."""
    before = _counted.set(False)
    try:
        yield
    finally:
        _counted.reset(before)


def flush() -> None:
    """Write what has been counted. Raises SQLAlchemyError; nothing is lost then."""
    with _lock:
        taken = _noted.copy()
        _noted.clear()
    if not taken:
        return
    try:
        _add(taken)
    except SQLAlchemyError:
        with _lock:
            _noted.update(taken)
        raise


def since(start: float) -> dict[str, int]:
    """Return how often each system has failed since then, to the minute."""
    when = troubles.c.minute > max(start - MINUTE, _EVER)
    query = select(troubles.c.source, func.sum(troubles.c.times)).where(when)
    with reading() as connection:
        rows = connection.execute(query.group_by(troubles.c.source)).all()
    return {source: int(times) for source, times in rows}


def ever() -> dict[str, int]:
    """Return how often each system has failed since counting began."""
    query = select(troubles.c.source, troubles.c.times).where(troubles.c.minute == _EVER)
    with reading() as connection:
        return {row.source: row.times for row in connection.execute(query)}


def _write() -> None:
    global _timer
    with _lock:
        _timer = None
    try:
        flush()
    except SQLAlchemyError as error:
        # The next failure tries again, with this one.
        logger.error("failures of other systems are not counted (%s)", type(error).__name__)


def _add(counted: Counter[tuple[str, float]]) -> None:
    rows = Counter(counted)
    for (source, _), times in counted.items():
        rows[source, _EVER] += times
    values = [{"source": s, "minute": m, "times": times} for (s, m), times in sorted(rows.items())]
    oldest = min(minute for _, minute in counted) - _KEPT_SECONDS
    old = troubles.c.minute.between(_EVER + MINUTE, oldest)
    with writing() as connection:
        connection.execute(_ADD, values)
        connection.execute(delete(troubles).where(old))


def _write_at_the_end() -> None:
    try:
        flush()
    except SQLAlchemyError:
        logger.error("the last failures of other systems are not counted")
