"""The lock of a conversation: order, promptness, and no lock for ever."""

from __future__ import annotations

import asyncio
import time

import pytest
from rasa.core.lock_store import LockError, LockStore
from rasa.utils.endpoints import EndpointConfig

from kefu.storage.lock_store import KefuLockStore


def test_messages_of_a_burst_follow_each_other_in_order_and_at_once() -> None:
    async def burst() -> tuple[list[int], float]:
        store, order = KefuLockStore(), list[int]()

        async def work(number: int) -> None:
            async with store.lock("c1"):
                await asyncio.sleep(0.02)
                order.append(number)

        began = time.monotonic()
        await asyncio.gather(*(work(number) for number in range(5)))
        return order, time.monotonic() - began

    order, seconds = asyncio.run(burst())
    assert order == [0, 1, 2, 3, 4]
    assert seconds < 0.5


def test_another_conversation_does_not_wait() -> None:
    async def use() -> None:
        store = KefuLockStore()
        async with store.lock("c1"), store.lock("c2"):
            assert store.is_someone_waiting("c1") and store.is_someone_waiting("c2")
        assert not store.is_someone_waiting("c1")

    asyncio.run(use())


def test_a_failed_turn_releases_the_lock() -> None:
    async def use() -> None:
        store = KefuLockStore()
        with pytest.raises(ValueError):
            async with store.lock("c1"):
                raise ValueError
        async with store.lock("c1", lock_lifetime=0.1):
            pass

    asyncio.run(use())


def test_a_cancelled_one_does_not_hold_up_the_next() -> None:
    async def use() -> None:
        store, release = KefuLockStore(), asyncio.Event()

        async def hold() -> None:
            async with store.lock("c1"):
                await release.wait()

        async def pass_through() -> str:
            async with store.lock("c1"):
                return "served"

        holder, quitter = (asyncio.create_task(hold()), asyncio.create_task(pass_through()))
        last = asyncio.create_task(pass_through())
        await asyncio.sleep(0)
        quitter.cancel()
        release.set()
        assert await last == "served"
        await holder

    asyncio.run(use())


def test_a_holder_that_never_ends_loses_its_place() -> None:
    async def use() -> None:
        store = KefuLockStore()
        async with store.lock("c1", lock_lifetime=0.05):
            async with store.lock("c1", lock_lifetime=5):
                pass
            # The late end of the first holder must not free the place of a third.
            assert not store.is_someone_waiting("c1")

    asyncio.run(use())


def test_who_waits_too_long_gives_up() -> None:
    async def use() -> None:
        store = KefuLockStore()
        async with store.lock("c1", lock_lifetime=5):
            with pytest.raises(LockError):
                async with store.lock("c1", lock_lifetime=0.05):
                    raise AssertionError("two turns at once")

    asyncio.run(use())


def test_rasa_makes_it_from_endpoints() -> None:
    endpoint = EndpointConfig(type="kefu.storage.lock_store.KefuLockStore")
    assert isinstance(LockStore.create(endpoint), KefuLockStore)
