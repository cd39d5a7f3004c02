"""The SQL adapter against the demo shop's own file."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text

from kefu.errors import KefuError
from kefu.settings import Gateway, Shop
from kefu.shop.demo.store import open_store
from kefu.shop.errors import ShopAnswerInvalid, ShopRefused, ShopUnavailable
from kefu.shop.records import OrderState
from kefu.shop.sql import Database, SqlMembers, SqlOrders

from .conftest import PROJECT, ZONE

ME, OTHER = "o_demo_0001", "o_demo_0002"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sql") / "demo.db"
    open_store(file).close()
    return file


@pytest.fixture
def file(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "demo.db"))


@pytest.fixture
def shop() -> Shop:
    documented = (PROJECT / "docs" / "shop.md").read_text(encoding="utf-8")
    example = re.findall(r"```yaml\n(.*?)```", documented, re.DOTALL)[1]
    return Shop.parse_obj(yaml.safe_load(example)["shop"])


@pytest.fixture
def orders(file: Path, shop: Shop) -> SqlOrders:
    return SqlOrders(shop.orders, f"sqlite:///{file}", ZONE)


def _changed(shop: Shop, **queries: str) -> Gateway:
    gateway = shop.orders
    return Gateway(**{**gateway.dict(), "queries": {**gateway.queries, **queries}})


def _first(file: Path, sql: str, *values: str) -> str:
    with sqlite3.connect(file) as db:
        return str(db.execute(sql, values).fetchone()[0])


def test_orders_come_whole(orders: SqlOrders, file: Path) -> None:
    recent = orders.recent_orders(ME, limit=9)
    assert {order.state for order in recent} == set(OrderState)
    for order in recent:
        assert order.amount == sum(item.quantity * item.price for item in order.items)
    delivered = next(order for order in recent if order.state is OrderState.DELIVERED)
    assert delivered.parcels[0].traces
    assert next(o for o in recent if o.state is OrderState.REFUNDED).refund is not None
    assert orders.find_order(ME, delivered.parcels[0].tracking_no.lower()) == delivered
    assert len(orders.recent_orders(ME, limit=2)) == 2


def test_other_peoples_numbers_do_not_exist(orders: SqlOrders, file: Path) -> None:
    number = _first(file, "SELECT order_no FROM orders WHERE openid = ?", OTHER)
    assert orders.find_order(OTHER, number) is not None
    assert orders.find_order(ME, number) is None
    assert orders.find_order(ME, "202601010000000000") is None
    for injected in ("' OR '1'='1", f"{number}' --", "x'; DROP TABLE orders; --", "%", "\x00"):
        assert orders.find_order(ME, injected) is None
    assert orders.recent_orders("' OR '1'='1") == []


def test_a_query_that_forgets_the_customer_gives_nothing_away(shop: Shop, file: Path) -> None:
    leaky = "SELECT * FROM orders WHERE order_no = :number OR :customer IS NULL"
    orders = SqlOrders(_changed(shop, find_order=leaky), f"sqlite:///{file}", ZONE)
    number = _first(file, "SELECT order_no FROM orders WHERE openid = ?", OTHER)
    assert orders.find_order(OTHER, number) is not None
    assert orders.find_order(ME, number) is None


def test_a_query_that_answers_something_else_is_caught(shop: Shop, file: Path) -> None:
    wrong = "SELECT * FROM orders WHERE openid = :customer AND :number <> ''"
    with pytest.raises(ShopAnswerInvalid, match="find_order"):
        SqlOrders(_changed(shop, find_order=wrong), f"sqlite:///{file}", ZONE).find_order(ME, "1")


def test_nothing_can_be_written(shop: Shop, file: Path) -> None:
    database = Database(shop.orders, f"sqlite:///{file}")
    with pytest.raises(ShopUnavailable), database.reading() as connection:
        connection.execute(text("DELETE FROM orders"))
    assert _first(file, "SELECT count(*) FROM orders") == "2000"


def test_a_missing_file_is_not_made(shop: Shop, tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    with pytest.raises(ShopUnavailable):
        SqlOrders(shop.orders, f"sqlite:///{missing}", ZONE).recent_orders(ME)
    assert not missing.exists()


def test_an_endless_query_is_stopped(shop: Shop, file: Path) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT count(*) AS order_no FROM n WHERE :customer <> ''"
    )
    gateway = Gateway(**{**_changed(shop, recent_orders=endless).dict(), "timeout": 0.2})
    started = time.monotonic()
    with pytest.raises(ShopUnavailable):
        SqlOrders(gateway, f"sqlite:///{file}", ZONE).recent_orders(ME)
    assert time.monotonic() - started < 2


def test_errors_do_not_quote_what_was_asked(shop: Shop, file: Path) -> None:
    gateway = _changed(shop, find_order="SELECT nothing FROM orders WHERE :customer = :number")
    with pytest.raises(ShopUnavailable) as raised:
        SqlOrders(gateway, f"sqlite:///{file}", ZONE).find_order(ME, "202601010000000000")
    assert "2026" not in str(raised.value)
    assert ME not in str(raised.value)


def test_colons_in_literals_are_no_parameters(shop: Shop, file: Path) -> None:
    query = "SELECT *, 'at 10:customer' AS note FROM orders WHERE openid = :customer LIMIT :limit;"
    gateway = _changed(shop, recent_orders=query)
    assert SqlOrders(gateway, f"sqlite:///{file}", ZONE).recent_orders(ME)


def test_after_sales_is_left_to_a_person(orders: SqlOrders) -> None:
    with pytest.raises(ShopRefused, match="人工客服"):
        orders.request_after_sales(ME, "1", "refund", "x", "1")


def test_an_unknown_member(shop: Shop, file: Path) -> None:
    assert SqlMembers(shop.members, f"sqlite:///{file}", ZONE).member("nobody") is None


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "not an address", "http://x/y"])
def test_addresses_of_other_kinds_are_refused(shop: Shop, url: str) -> None:
    with pytest.raises(KefuError, match="postgresql"):
        SqlOrders(shop.orders, url, ZONE)


def test_missing_queries_are_named(shop: Shop, file: Path) -> None:
    with pytest.raises(KefuError, match="find_order"):
        SqlOrders(Gateway(adapter="sql"), f"sqlite:///{file}", ZONE)
