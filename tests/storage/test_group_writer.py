"""Writes that share a transaction: each has its own result, and its own error."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from kefu.storage import messages
from kefu.storage.engine import reading
from kefu.storage.group_writer import GroupWriter
from kefu.storage.messages import Recorded

pytestmark = pytest.mark.usefixtures("database")


async def record(writer: GroupWriter, key: str) -> Recorded:
    return await writer.run(
        lambda connection: messages.record_in(
            connection, "c1", "customer", "text", "你好", key, 1.0
        )
    )


def count() -> int:
    with reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM messages")).scalar_one())


async def test_many_at_once_are_all_written_each_with_its_own_result() -> None:
    writer = GroupWriter()
    made = await asyncio.gather(*(record(writer, f"m{n % 40}") for n in range(120)))
    assert count() == 40
    assert sum(not recorded.repeat for recorded in made) == 40
    assert len({recorded.id for recorded in made}) == 40


async def test_what_comes_while_one_is_written_shares_the_next_transaction() -> None:
    writer, seen, gate = GroupWriter(), list[Connection](), threading.Event()

    def slow(connection: Connection) -> None:
        seen.append(connection)
        gate.wait(10)

    first = asyncio.ensure_future(writer.run(slow))
    while not seen:
        await asyncio.sleep(0)
    others = [asyncio.ensure_future(writer.run(seen.append)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *others)
    assert seen[0] is not seen[1] and seen[1] is seen[2] is seen[3]


async def test_one_that_fails_takes_nobody_with_it() -> None:
    writer = GroupWriter()

    def broken(connection: Connection) -> None:
        connection.execute(text("SELECT no_such_column FROM messages"))

    results = await asyncio.gather(
        record(writer, "m1"), writer.run(broken), record(writer, "m2"), return_exceptions=True
    )
    assert isinstance(results[1], SQLAlchemyError)
    assert [isinstance(result, Recorded) for result in results] == [True, False, True]
    assert count() == 2


async def test_caller_that_gives_up_disturbs_nobody() -> None:
    writer = GroupWriter()
    impatient = asyncio.ensure_future(record(writer, "m1"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert not (await record(writer, "m2")).repeat
