"""Very many rows of the database, read without running out of memory or of patience."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from threading import Lock
from typing import Any

from sqlalchemy.engine import Connection

_AT_A_TIME = 5000
_lock = Lock()
_readers = 0


def streamed(connection: Connection, query: Any) -> Iterator[Any]:
    """Return the rows of a query, of which a few thousand are held at a time."""
    rows = connection.execution_options(stream_results=True).execute(query)
    return chain.from_iterable(rows.partitions(_AT_A_TIME))


@contextmanager
def no_collecting() -> Iterator[None]:
    """Put off the search for reference cycles.

    Rows make none; looking through all that was just made takes a third of the time of a read.
    """
    global _readers
    with _lock:
        _readers += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if not _readers:
                gc.enable()
