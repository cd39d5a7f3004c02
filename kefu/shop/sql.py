"""Orders and members read straight from a shop's database, never written."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import tzinfo
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from kefu.errors import KefuError
from kefu.settings import Gateway
from kefu.shop.checks import statement
from kefu.shop.counted import counted
from kefu.shop.errors import ShopAnswerInvalid, ShopRefused, ShopUnavailable
from kefu.shop.http import askable, same
from kefu.shop.mapping import Reader
from kefu.shop.records import AfterSales, Member, Order

BY_A_PERSON = "这里不能直接提交售后申请，会由人工客服为你办理"
# How often SQLite looks at the clock, in steps of its virtual machine.
_STEPS = 10_000
Row = dict[str, Any]


class Database:
    """A database opened for reading; every statement has a time limit.

    Raises:
        KefuError: The address is not one of SQLite or PostgreSQL.
    """

    def __init__(self, gateway: Gateway, url: str) -> None:
        self._timeout = gateway.timeout
        self._queries = {name: text(statement(q)) for name, q in gateway.queries.items()}
        self._engine = _read_only_engine(url, gateway.timeout)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a read-only transaction. Raises ShopUnavailable when the database cannot answer."""
        try:
            with self._engine.connect() as connection, self._limited(connection):
                yield connection
        except SQLAlchemyError as error:
            # The driver's own text quotes parameters, so only its kind is passed on.
            raise ShopUnavailable(
                f"商家数据库没有应答（{type(error).__name__}），请检查 shop 的 url 和 queries"
            ) from None

    def rows(self, connection: Connection, query: str, **values: str | int) -> list[Row]:
        """Run a query of the settings; no rows where the settings have no such query."""
        if query not in self._queries:
            return []
        wanted = self._queries[query]
        bound = {name: values[name] for name in wanted.compile().params}
        return [dict(row) for row in connection.execute(wanted, bound).mappings()]

    @contextmanager
    def _limited(self, connection: Connection) -> Iterator[None]:
        if self._engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(self._timeout * 1000)}")
            yield
            return
        raw: sqlite3.Connection = connection.connection.dbapi_connection
        deadline = time.monotonic() + self._timeout
        raw.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            yield
        finally:
            raw.set_progress_handler(None, _STEPS)


class SqlOrders:
    """OrderGateway over a database."""

    def __init__(self, gateway: Gateway, url: str, zone: tzinfo) -> None:
        _require(gateway, "recent_orders", "find_order")
        self._reader = Reader.of(_with_nested(gateway.fields), gateway.states, zone)
        self._database = Database(gateway, url)

    @counted("orders")
    def recent_orders(self, customer: str, limit: int = 5) -> list[Order]:
        """Return the customer's latest orders, the newest first."""
        if not askable(customer):
            return []
        with self._database.reading() as connection:
            rows = self._database.rows(connection, "recent_orders", customer=customer, limit=limit)
            orders = [self._order(connection, row, customer) for row in self._own(rows, customer)]
        return sorted(orders, key=lambda order: order.created_at, reverse=True)[:limit]

    @counted("orders")
    def find_order(self, customer: str, number: str) -> Order | None:
        """Return the customer's order with this order or tracking number, None without one."""
        if not askable(customer) or not askable(number):
            return None
        with self._database.reading() as connection:
            rows = self._database.rows(connection, "find_order", customer=customer, number=number)
            own = self._own(rows, customer)
            order = self._order(connection, own[0], customer) if own else None
        if order is None:
            return None
        numbers = (order.order_no, *(parcel.tracking_no for parcel in order.parcels))
        if not any(same(number, known) for known in numbers):
            raise ShopAnswerInvalid("查询 find_order 返回的不是所问的订单，请核对它的条件")
        return order

    @counted("orders")
    def request_after_sales(
        self, customer: str, order_no: str, kind: str, reason: str, request_id: str
    ) -> AfterSales:
        """Refuse: nothing is written into a shop's database."""
        raise ShopRefused(BY_A_PERSON)

    def _own(self, rows: list[Row], customer: str) -> list[Row]:
        return [row for row in rows if self._reader.owner(row, "order") in ("", customer)]

    def _order(self, connection: Connection, row: Row, customer: str) -> Order:
        number = str(row.get(self._reader.fields["order"]["order_no"]))
        parcels = self._rows(connection, "parcels", customer, number)
        tracking = self._reader.fields["parcel"]["tracking_no"]
        for parcel in parcels:
            parcel["traces"] = self._rows(connection, "traces", customer, str(parcel.get(tracking)))
        refunds = self._rows(connection, "refund", customer, number)
        nested = {
            "items": self._rows(connection, "items", customer, number),
            "parcels": parcels,
            "refund": refunds[0] if refunds else None,
        }
        return self._reader.order({**row, **nested})

    def _rows(self, connection: Connection, query: str, customer: str, number: str) -> list[Row]:
        return self._database.rows(connection, query, customer=customer, number=number)


class SqlMembers:
    """MemberGateway over a database."""

    def __init__(self, gateway: Gateway, url: str, zone: tzinfo) -> None:
        _require(gateway, "member")
        self._reader = Reader.of(gateway.fields, gateway.states, zone)
        self._database = Database(gateway, url)

    @counted("members")
    def member(self, customer: str) -> Member | None:
        """Return level and points of the customer, None for somebody the shop does not know."""
        if not askable(customer):
            return None
        with self._database.reading() as connection:
            rows = self._database.rows(connection, "member", customer=customer)
        if not rows or self._reader.owner(rows[0], "member") not in ("", customer):
            return None
        return self._reader.member(rows[0])


def _require(gateway: Gateway, *queries: str) -> None:
    missing = [name for name in queries if name not in gateway.queries]
    if missing:
        raise KefuError(f"settings.yml 的 shop 用了 adapter: sql，但缺少查询 {'、'.join(missing)}")


def _with_nested(fields: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    # Rows of the further queries hang under our own names, whatever the columns are called.
    nested = {"items": "items", "parcels": "parcels", "refund": "refund"}
    return {
        **fields,
        "order": {**fields.get("order", {}), **nested},
        "parcel": {**fields.get("parcel", {}), "traces": "traces"},
    }


def _read_only_engine(url: str, timeout: float) -> Engine:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite" and parsed.database:
            return create_engine(_read_only_file(parsed), future=True)
        if backend == "postgresql":
            seconds = max(1, round(timeout))
            return create_engine(
                parsed, future=True, pool_pre_ping=True, connect_args={"connect_timeout": seconds}
            )
    except (ArgumentError, NoSuchModuleError, ImportError):
        pass
    raise KefuError(
        "shop 的数据库地址应为 sqlite:////文件 或 postgresql://用户@主机/库，"
        "请检查 settings.yml 或 KEFU_SHOP_URL"
    )


def _read_only_file(url: URL) -> URL:
    return url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
