"""The demo shop's own SQLite file: made at the first start, read and written by its API."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from kefu.errors import KefuError
from kefu.shop.demo.data import Case, Sale, customers, sales
from kefu.shop.demo.goods import ZONE

FILE = "demo_shop.db"
_VERSION = 1
_SCHEMA = """
CREATE TABLE customers (openid TEXT PRIMARY KEY, level TEXT NOT NULL, points INTEGER NOT NULL,
    points_expiring INTEGER NOT NULL, expires_on TEXT, growth INTEGER NOT NULL,
    next_level TEXT, next_level_growth INTEGER);
CREATE TABLE orders (order_no TEXT PRIMARY KEY, openid TEXT NOT NULL REFERENCES customers,
    state TEXT NOT NULL, created_at TEXT NOT NULL, paid_at TEXT, amount_cents INTEGER NOT NULL);
CREATE INDEX orders_openid ON orders (openid, created_at);
CREATE TABLE items (order_no TEXT NOT NULL REFERENCES orders, title TEXT NOT NULL,
    quantity INTEGER NOT NULL, price_cents INTEGER NOT NULL);
CREATE INDEX items_order ON items (order_no);
CREATE TABLE parcels (tracking_no TEXT PRIMARY KEY, order_no TEXT NOT NULL REFERENCES orders,
    courier TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX parcels_order ON parcels (order_no);
CREATE TABLE traces (tracking_no TEXT NOT NULL REFERENCES parcels, at TEXT NOT NULL,
    text TEXT NOT NULL);
CREATE INDEX traces_parcel ON traces (tracking_no, at);
CREATE TABLE refunds (refund_no TEXT PRIMARY KEY, order_no TEXT NOT NULL REFERENCES orders,
    openid TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, amount_cents INTEGER NOT NULL,
    reason TEXT NOT NULL, applied_at TEXT NOT NULL, updated_at TEXT NOT NULL, request_id TEXT,
    UNIQUE (openid, request_id));
CREATE INDEX refunds_order ON refunds (order_no, applied_at);
"""


class DemoDataBroken(KefuError):
    """Raised when the demo shop's file cannot be used."""


def open_store(file: Path) -> sqlite3.Connection:
    """Open the file, making it first when it is missing; rows are sqlite3.Row.

    Raises:
        DemoDataBroken: The file is damaged, not ours, or cannot be written.
    """
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make(file)
        connection = _connect(file)
        sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except (sqlite3.Error, OSError):
        sound, version = False, 0
    if not sound or version != _VERSION:
        raise DemoDataBroken(f"演示商城的数据文件 {file} 无法使用，请删除它再启动，会自动重新生成")
    return connection


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5)
    connection.row_factory = sqlite3.Row
    return connection


def _make(file: Path) -> None:
    # Made under another name, so that a start that is broken off leaves nothing half done.
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    connection = _connect(draft)
    now = datetime.now(ZONE)
    connection.executescript(_SCHEMA)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (tuple(vars(card).values()) for card in customers(now)),
    )
    for sale in sales(now):
        _insert(connection, sale)
    connection.execute("COMMIT")
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.close()
    draft.replace(file)


def _insert(connection: sqlite3.Connection, sale: Sale) -> None:
    no, paid = sale.order_no, sale.paid_at.isoformat() if sale.paid_at else None
    order = (no, sale.openid, sale.state.value, sale.created_at.isoformat(), paid, sale.amount)
    connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", order)
    connection.executemany(
        "INSERT INTO items VALUES (?, ?, ?, ?)", ((no, *item) for item in sale.items)
    )
    for parcel in sale.parcels:
        row = (parcel.tracking_no, no, parcel.courier, parcel.state.value)
        connection.execute("INSERT INTO parcels VALUES (?, ?, ?, ?)", row)
        connection.executemany(
            "INSERT INTO traces VALUES (?, ?, ?)",
            ((parcel.tracking_no, at.isoformat(timespec="seconds"), t) for at, t in parcel.traces),
        )
    if sale.case:
        add_refund(connection, (*_case_row(sale.case, no, sale.openid), None))


def _case_row(case: Case, order_no: str, openid: str) -> tuple[Any, ...]:
    what = (case.kind.value, case.state.value, case.amount, case.reason)
    when = (case.applied_at.isoformat(), case.updated_at.isoformat())
    return (case.refund_no, order_no, openid, *what, *when)


def add_refund(connection: sqlite3.Connection, row: tuple[Any, ...]) -> None:
    """Insert one row of the table `refunds`, its columns in order."""
    connection.execute("INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
