"""Small writes of many callers in one transaction, where a transaction costs more than a write.

A lone write waits for nobody. What comes while a transaction runs shares the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from kefu.errors import KefuError
from kefu.storage.engine import writing

MOST_TOGETHER = 50

_T = TypeVar("_T")
_Work = Callable[[Connection], Any]
_FAILED = (SQLAlchemyError, KefuError)


class GroupWriter:
    """Runs writes off the event loop; used from one loop."""

    def __init__(self) -> None:
        """Begin with nothing to write."""
        self._waiting: list[tuple[_Work, asyncio.Future[Any]]] = []
        self._worker: asyncio.Future[None] | None = None

    async def run(self, work: Callable[[Connection], _T]) -> _T:
        """Run a write and return its result once it is committed.

        It may be run a second time, after a rollback, when one beside it fails. Raises
        what it raises.
        """
        done: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._worker is None:
            self._worker = asyncio.ensure_future(self._work())
        return await done

    async def _work(self) -> None:
        try:
            while self._waiting:
                group = self._waiting[:MOST_TOGETHER]
                del self._waiting[:MOST_TOGETHER]
                results = await asyncio.to_thread(_together, [work for work, _ in group])
                for (_, done), result in zip(group, results, strict=True):
                    _settle(done, result)
        finally:
            self._worker = None


def _together(works: Sequence[_Work]) -> list[Any]:
    """Run all in one transaction; where that fails, each in its own. Errors are results."""
    try:
        with writing() as connection:
            return [work(connection) for work in works]
    except _FAILED as error:
        return [error] if len(works) == 1 else [_alone(work) for work in works]


def _alone(work: _Work) -> Any:
    try:
        with writing() as connection:
            return work(connection)
    except _FAILED as error:
        return error


def _settle(done: asyncio.Future[Any], result: Any) -> None:
    if done.done():
        return  # its caller no longer waits
    if isinstance(result, _FAILED):
        done.set_exception(result)
    else:
        done.set_result(result)
