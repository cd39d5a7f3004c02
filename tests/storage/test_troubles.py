"""Failures of other systems: counted cheaply, kept, and never lost to a database that is busy."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from kefu.settings import Gateway
from kefu.shop.errors import ShopError, ShopRefused
from kefu.storage import troubles
from kefu.storage.engine import reading
from kefu.storage.tables import troubles as table
from tests.shop.conftest import ZONE, HttpOrders

pytestmark = pytest.mark.usefixtures("database")
NOON = 1_764_216_000.0
DAY = 86400.0


@pytest.fixture(autouse=True)
def keeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Count as a process does that serves customers."""
    monkeypatch.setattr(troubles, "_keeping", True)
    troubles._noted.clear()
    yield
    troubles._noted.clear()


def test_failures_are_summed_by_system_and_time() -> None:
    for at in (NOON, NOON + 1, NOON + 3600):
        troubles.note("shop:orders", at)
    troubles.note("wechat:official", NOON)
    troubles.flush()
    assert troubles.since(NOON) == {"shop:orders": 3, "wechat:official": 1}
    assert troubles.since(NOON + 600) == {"shop:orders": 1}
    assert troubles.ever() == {"shop:orders": 3, "wechat:official": 1}


def test_several_processes_add_up() -> None:
    for _ in range(3):
        troubles.note("shop:orders", NOON)
        troubles.flush()
    assert troubles.since(NOON) == {"shop:orders": 3}


def test_many_threads_lose_nothing() -> None:
    def fail() -> None:
        for _ in range(200):
            troubles.note("shop:orders", NOON)

    threads = [threading.Thread(target=fail) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    troubles.flush()
    deadline = time.monotonic() + 20
    # What a thread of its own took is written a moment later.
    while troubles.ever() != {"shop:orders": 800}:
        assert time.monotonic() < deadline, troubles.ever()
        time.sleep(0.05)


def test_what_is_old_goes_but_stays_in_the_sum() -> None:
    troubles.note("shop:orders", NOON)
    troubles.flush()
    troubles.note("shop:orders", NOON + 40 * DAY)
    troubles.flush()
    with reading() as connection:
        kept = connection.execute(select(table.c.minute).order_by(table.c.minute)).scalars().all()
    assert kept == [0.0, NOON + 40 * DAY]
    assert troubles.ever() == {"shop:orders": 2}


def test_a_database_that_is_away_delays_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("", {}, Exception())

    troubles.note("shop:orders", NOON)
    with monkeypatch.context() as patch:
        patch.setattr(troubles, "writing", away)
        with pytest.raises(OperationalError):
            troubles.flush()
    troubles.flush()
    assert troubles.ever() == {"shop:orders": 1}


def test_looking_whether_a_system_is_there_counts_nothing() -> None:
    with troubles.uncounted():
        troubles.note("shop:orders", NOON)
    troubles.flush()
    assert troubles.ever() == {}


def test_process_that_only_looks_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "_keeping", False)
    troubles.note("shop:orders", NOON)
    troubles.flush()
    assert troubles.ever() == {}


def test_each_look_up_at_a_shop_that_is_away_counts() -> None:
    orders = HttpOrders(Gateway(retries=0), "http://127.0.0.1:1", ZONE)
    for _ in range(2):
        with pytest.raises(ShopError):
            orders.recent_orders("o_1")
    with pytest.raises(ShopRefused):
        orders.request_after_sales("", "1", "refund", "坏了", "r1")
    troubles.flush()
    assert troubles.ever() == {"shop:orders": 2}
