"""The SQL adapter against PostgreSQL: it reads, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text

from kefu.settings import Gateway
from kefu.shop.errors import ShopUnavailable
from kefu.shop.records import OrderState
from kefu.shop.sql import Database, SqlOrders
from tests.databases import postgres_schema

from .conftest import ZONE

ORDERS = (
    "SELECT *, to_char(made, 'YYYY-MM-DD HH24:MI:SS') AS created_at FROM shop_orders"
    " WHERE openid = :customer"
)


@pytest.fixture
def url() -> Iterator[str]:
    with postgres_schema() as address:
        engine = create_engine(address, future=True)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "CREATE TABLE shop_orders"
                    " (order_no text, openid text, state text, made timestamptz, amount numeric)"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO shop_orders VALUES ('A1', 'o_a', 'paid', now(), 12.5),"
                    " ('B1', 'o_b', 'paid', now(), 99)"
                )
            )
        engine.dispose()
        yield address


def _gateway(**changes: object) -> Gateway:
    queries = {
        "recent_orders": f"{ORDERS} ORDER BY made DESC LIMIT :limit",
        "find_order": f"{ORDERS} AND order_no = :number::text",
    }
    return Gateway(**{"adapter": "sql", "queries": queries, **changes})


def test_reads_the_customers_own_orders(url: str) -> None:
    orders = SqlOrders(_gateway(), url, ZONE)
    (order,) = orders.recent_orders("o_a")
    assert (order.state, order.amount) == (OrderState.PAID, Decimal("12.50"))
    assert orders.find_order("o_a", "A1") == order
    assert orders.find_order("o_a", "B1") is None
    assert orders.find_order("o_a", "' OR '1'='1") is None


def test_nothing_can_be_written(url: str) -> None:
    with pytest.raises(ShopUnavailable), Database(_gateway(), url).reading() as connection:
        connection.execute(text("DELETE FROM shop_orders"))
    assert SqlOrders(_gateway(), url, ZONE).recent_orders("o_b")


def test_a_long_query_is_stopped(url: str) -> None:
    slow = f"{ORDERS} AND pg_sleep(10) IS NOT NULL LIMIT :limit"
    queries = {**_gateway().queries, "recent_orders": slow}
    started = time.monotonic()
    with pytest.raises(ShopUnavailable):
        SqlOrders(_gateway(queries=queries, timeout=0.2), url, ZONE).recent_orders("o_a")
    assert time.monotonic() - started < 3
