"""What the demo shop's API answers: orders and members as JSON, and after-sales requests."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime
from typing import Any

from kefu.shop.demo.goods import ZONE
from kefu.shop.demo.store import add_refund
from kefu.shop.records import AfterSalesKind, OrderState, RefundState

Json = dict[str, Any]

_OPEN = tuple(
    state.value
    for state in (
        RefundState.APPLIED,
        RefundState.APPROVED,
        RefundState.RETURNING,
        RefundState.PROCESSING,
    )
)
_RECEIVED = (OrderState.DELIVERED.value, OrderState.COMPLETED.value)
_REFUNDABLE = (OrderState.PAID.value, OrderState.SHIPPED.value, *_RECEIVED)


class Refused(Exception):
    """Raised with the reason why the shop does not take a request."""


def recent(db: sqlite3.Connection, openid: str, limit: int) -> list[Json]:
    """Return the latest orders of a customer, the newest first."""
    rows = db.execute(
        "SELECT * FROM orders WHERE openid = ? ORDER BY created_at DESC, order_no LIMIT ?",
        (openid, limit),
    )
    return [_order(db, row) for row in rows.fetchall()]


def find(db: sqlite3.Connection, openid: str, number: str) -> Json | None:
    """Return the customer's order with this order or tracking number."""
    row = db.execute(
        "SELECT * FROM orders WHERE openid = :openid AND (order_no = :number OR order_no IN"
        " (SELECT order_no FROM parcels WHERE tracking_no = upper(:number)))",
        {"openid": openid, "number": number},
    ).fetchone()
    return _order(db, row) if row else None


def member(db: sqlite3.Connection, openid: str) -> Json | None:
    """Return level and points of a customer."""
    row = db.execute("SELECT * FROM customers WHERE openid = ?", (openid,)).fetchone()
    return dict(row) if row else None


def apply(
    db: sqlite3.Connection, openid: str, order_no: str, kind: str, reason: str, request_id: str
) -> Json | None:
    """Take an after-sales request; None when the customer has no such order.

    Raises:
        Refused: The order's state does not allow it, or a case is open already.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        receipt = _apply(db, openid, order_no, AfterSalesKind(kind), reason, request_id)
    except BaseException:  # whatever it was, the transaction must not stay open
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
    return receipt


def _apply(
    db: sqlite3.Connection,
    openid: str,
    order_no: str,
    kind: AfterSalesKind,
    reason: str,
    request_id: str,
) -> Json | None:
    known = db.execute(
        "SELECT * FROM refunds WHERE openid = ? AND request_id = ?", (openid, request_id)
    ).fetchone()
    if known:
        if (known["order_no"], known["kind"]) != (order_no, kind.value):
            raise Refused("这个请求编号已经用于另一个申请")
        return _refund(known)
    order = db.execute(
        "SELECT * FROM orders WHERE openid = ? AND order_no = ?", (openid, order_no)
    ).fetchone()
    if order is None:
        return None
    _check(db, order, kind)
    now = datetime.now(ZONE).isoformat(timespec="seconds")
    refund_no = f"TK{now[:10].replace('-', '')}{secrets.randbelow(10**8):08d}"
    amount = 0 if kind is AfterSalesKind.EXCHANGE else order["amount_cents"]
    state = RefundState.APPLIED.value
    add_refund(
        db,
        (refund_no, order_no, openid, kind.value, state, amount, reason, now, now, request_id),
    )
    if kind is not AfterSalesKind.EXCHANGE:
        refunding = OrderState.REFUNDING.value
        db.execute("UPDATE orders SET state = ? WHERE order_no = ?", (refunding, order_no))
    return _refund(_latest_refund(db, order_no))


def _check(db: sqlite3.Connection, order: sqlite3.Row, kind: AfterSalesKind) -> None:
    latest = _latest_refund(db, order["order_no"])
    if latest is not None and latest["state"] in _OPEN:
        raise Refused("这个订单已有售后申请正在处理，请勿重复提交")
    allowed = _REFUNDABLE if kind is AfterSalesKind.REFUND else _RECEIVED
    if order["state"] not in allowed:
        label = OrderState(order["state"]).label
        raise Refused(f"订单{label}，暂时不能申请{kind.label}")


def _order(db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    order_no = row["order_no"]
    items = db.execute("SELECT * FROM items WHERE order_no = ?", (order_no,)).fetchall()
    parcels = db.execute("SELECT * FROM parcels WHERE order_no = ?", (order_no,)).fetchall()
    refund = _latest_refund(db, order_no)
    return {
        "order_no": order_no,
        "openid": row["openid"],
        "state": row["state"],
        "created_at": row["created_at"],
        "paid_at": row["paid_at"],
        "amount": _yuan(row["amount_cents"]),
        "items": [
            {"title": i["title"], "quantity": i["quantity"], "price": _yuan(i["price_cents"])}
            for i in items
        ],
        "parcels": [_parcel(db, parcel) for parcel in parcels],
        "refund": _refund(refund) if refund else None,
    }


def _parcel(db: sqlite3.Connection, row: sqlite3.Row) -> Json:
    traces = db.execute(
        "SELECT at, text FROM traces WHERE tracking_no = ? ORDER BY at DESC", (row["tracking_no"],)
    )
    return {
        "tracking_no": row["tracking_no"],
        "courier": row["courier"],
        "state": row["state"],
        "traces": [dict(trace) for trace in traces.fetchall()],
    }


def _latest_refund(db: sqlite3.Connection, order_no: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM refunds WHERE order_no = ? ORDER BY applied_at DESC LIMIT 1", (order_no,)
    ).fetchone()
    return row


def _refund(row: sqlite3.Row | None) -> Json:
    if row is None:
        return {}
    names = ("refund_no", "order_no", "kind", "state", "reason", "applied_at", "updated_at")
    return {**{name: row[name] for name in names}, "amount": _yuan(row["amount_cents"])}


def _yuan(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
