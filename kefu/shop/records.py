"""What a shop tells us, in our own terms. Amounts in yuan, times with a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum


class Labelled(str, Enum):
    """A word of ours and what customers read for it."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Labelled:
        """Make a member from its value and its Chinese label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class OrderState(Labelled):
    """Where an order stands."""

    PENDING_PAYMENT = "pending_payment", "待付款"
    PAID = "paid", "待发货"
    SHIPPED = "shipped", "运输中"
    DELIVERED = "delivered", "已签收"
    COMPLETED = "completed", "已完成"
    CANCELLED = "cancelled", "已取消"
    CLOSED = "closed", "已关闭"
    REFUNDING = "refunding", "退款处理中"
    REFUNDED = "refunded", "已退款"


class ParcelState(Labelled):
    """Where a parcel stands."""

    WAITING = "waiting", "等待揽收"
    COLLECTED = "collected", "已揽收"
    IN_TRANSIT = "in_transit", "运输中"
    DELIVERING = "delivering", "派送中"
    SIGNED = "signed", "已签收"
    PROBLEM = "problem", "派送异常"
    RETURNED = "returned", "已退回"


class RefundState(Labelled):
    """Where a refund, return or exchange stands."""

    APPLIED = "applied", "待审核"
    APPROVED = "approved", "审核通过"
    RETURNING = "returning", "等待寄回商品"
    PROCESSING = "processing", "处理中"
    DONE = "done", "已完成"
    REJECTED = "rejected", "未通过"
    WITHDRAWN = "withdrawn", "已撤销"


class AfterSalesKind(Labelled):
    """What a customer can apply for."""

    REFUND = "refund", "仅退款"
    RETURN = "return", "退货退款"
    EXCHANGE = "exchange", "换货"


@dataclass(frozen=True)
class Item:
    """One line of an order; `price` is that of one piece."""

    title: str
    quantity: int
    price: Decimal


@dataclass(frozen=True)
class Trace:
    """One event on a parcel's way."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Parcel:
    """One parcel of an order; traces are sorted, the newest first."""

    tracking_no: str
    courier: str
    state: ParcelState
    traces: tuple[Trace, ...] = ()


@dataclass(frozen=True)
class Refund:
    """The latest after-sales case of an order."""

    refund_no: str
    kind: AfterSalesKind
    state: RefundState
    amount: Decimal
    reason: str
    applied_at: datetime
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Order:
    """One order of the customer who asked; `amount` is what was or is to be paid."""

    order_no: str
    state: OrderState
    created_at: datetime
    amount: Decimal
    paid_at: datetime | None = None
    items: tuple[Item, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    refund: Refund | None = None


@dataclass(frozen=True)
class AfterSales:
    """The receipt of an after-sales request."""

    service_no: str
    order_no: str
    kind: AfterSalesKind
    state: RefundState


@dataclass(frozen=True)
class Member:
    """Level and points of a customer.

    Attributes:
        level: Name of the level as the shop calls it.
        points: Points that can be spent now.
        points_expiring: Those of them that lapse on `expires_on`.
        expires_on: The day on which they lapse; None where nothing lapses.
        growth: Growth value that decides the level; None where the shop has none.
        next_level: Name of the level above; None at the top.
        next_level_growth: Growth value that level begins at.
    """

    level: str
    points: int
    points_expiring: int = 0
    expires_on: date | None = None
    growth: int | None = None
    next_level: str | None = None
    next_level_growth: int | None = None
