"""Making the demo shop's data: the same for everybody, with dates counted back from today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from kefu.shop.demo.goods import GOODS, LEVELS, REASONS
from kefu.shop.demo.parcels import ON_THE_WAY, Sent, send
from kefu.shop.records import AfterSalesKind, OrderState, ParcelState, RefundState

CUSTOMERS = 200
ORDERS = 2000
_AT_LEAST = 3
_SEED = 20_260_101
FIRST_CUSTOMER = "o_demo_0001"

# Every state that the first customer has an order in, the newest order first.
_SHOWN = (
    OrderState.PENDING_PAYMENT,
    OrderState.PAID,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
    OrderState.REFUNDING,
    OrderState.REFUNDED,
    OrderState.COMPLETED,
    OrderState.CANCELLED,
    OrderState.CLOSED,
)
# State -> share of all orders in per cent, and age of such an order in days.
_STATES = {
    OrderState.PENDING_PAYMENT: (4, (0.01, 0.9)),
    OrderState.PAID: (8, (0.1, 1.9)),
    OrderState.SHIPPED: (14, (1.5, 6)),
    OrderState.DELIVERED: (12, (4, 12)),
    OrderState.COMPLETED: (42, (12, 300)),
    OrderState.CANCELLED: (6, (1, 200)),
    OrderState.CLOSED: (4, (1, 200)),
    OrderState.REFUNDING: (5, (3, 14)),
    OrderState.REFUNDED: (5, (8, 120)),
}
_UNDER_WAY = (
    RefundState.APPLIED,
    RefundState.APPROVED,
    RefundState.RETURNING,
    RefundState.PROCESSING,
)
_ENDED = (RefundState.REJECTED, RefundState.WITHDRAWN)
_RETURNED_MONEY = (OrderState.REFUNDING, OrderState.REFUNDED)
_UNPAID = (OrderState.PENDING_PAYMENT, OrderState.CANCELLED, OrderState.CLOSED)


@dataclass(frozen=True)
class Case:
    """An after-sales case: number, kind, state, amount in cents, reason and its two times."""

    refund_no: str
    kind: AfterSalesKind
    state: RefundState
    amount: int
    reason: str
    applied_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Sale:
    """An order; items are (title, quantity, cents), amounts are in cents."""

    order_no: str
    openid: str
    state: OrderState
    created_at: datetime
    paid_at: datetime | None
    amount: int
    items: tuple[tuple[str, int, int], ...]
    parcels: tuple[Sent, ...]
    case: Case | None


@dataclass(frozen=True)
class Card:
    """Membership of one customer."""

    openid: str
    level: str
    points: int
    points_expiring: int
    expires_on: str | None
    growth: int
    next_level: str | None
    next_level_growth: int | None


def customers(now: datetime) -> Iterator[Card]:
    """Yield the members, from nearly new ones to the best."""
    random = Random(_SEED)
    for index in range(1, CUSTOMERS + 1):
        growth = int(random.paretovariate(0.7) * 150) % 40_000
        rank = max(rank for rank, (_, begins) in enumerate(LEVELS) if begins <= growth)
        above = LEVELS[rank + 1] if rank + 1 < len(LEVELS) else (None, None)
        points = random.randrange(0, growth + 200)
        expiring = random.choice((0, points // 3, points // 5))
        day = (now + timedelta(days=random.randrange(5, 60))).date().isoformat()
        yield Card(
            openid=f"o_demo_{index:04d}",
            level=LEVELS[rank][0],
            points=points,
            points_expiring=expiring,
            expires_on=day if expiring else None,
            growth=growth,
            next_level=above[0],
            next_level_growth=above[1],
        )


def sales(now: datetime) -> Iterator[Sale]:
    """Yield the orders; every customer has at least three, a few have dozens."""
    random = Random(_SEED + 1)
    shares = [share for share, _ in _STATES.values()]
    for index, openid in enumerate(_buyers(random)):
        state = random.choices(list(_STATES), shares)[0]
        yield _sale(random, openid, _SHOWN[index] if index < len(_SHOWN) else state, now)


def _buyers(random: Random) -> Iterator[str]:
    openids = [f"o_demo_{index:04d}" for index in range(1, CUSTOMERS + 1)]
    fixed = [FIRST_CUSTOMER] * len(_SHOWN) + openids[1:] * _AT_LEAST
    weights = [random.paretovariate(1.2) for _ in openids]
    yield from fixed
    yield from random.choices(openids[1:], weights[1:], k=ORDERS - len(fixed))


def _sale(random: Random, openid: str, state: OrderState, now: datetime) -> Sale:
    newest, oldest = _STATES[state][1]
    created = (now - timedelta(days=random.uniform(newest, oldest))).replace(microsecond=0)
    paid = None if state in _UNPAID else created + timedelta(seconds=random.randrange(20, 1200))
    goods = random.sample(GOODS, random.choice((1, 1, 1, 2, 2, 3)))
    items = tuple((title, random.choice((1, 1, 1, 2)), price) for title, price in goods)
    amount = sum(quantity * price for _, quantity, price in items)
    case = _case(random, state, amount, created, now)
    return Sale(
        order_no=f"{created:%Y%m%d}{_digits(random, 10)}",
        openid=openid,
        state=state,
        created_at=created,
        paid_at=paid,
        amount=amount,
        items=items,
        parcels=_parcels(random, state, case, created, now),
        case=case,
    )


def _case(
    random: Random, state: OrderState, amount: int, created: datetime, now: datetime
) -> Case | None:
    if state is OrderState.REFUNDING:
        how = random.choice(_UNDER_WAY)
    elif state is OrderState.REFUNDED:
        how = RefundState.DONE
    elif state in (OrderState.COMPLETED, OrderState.DELIVERED) and random.random() < 0.08:
        how = random.choice(_ENDED)
    else:
        return None
    kind = random.choice((AfterSalesKind.REFUND, AfterSalesKind.RETURN))
    if how is RefundState.RETURNING:
        kind = AfterSalesKind.RETURN
    span = min(now - created, timedelta(days=9))
    applied = (created + span * random.uniform(0.5, 0.7)).replace(microsecond=0)
    updated = applied if how is RefundState.APPLIED else applied + span * random.uniform(0.1, 0.25)
    return Case(
        refund_no=f"TK{applied:%Y%m%d}{_digits(random, 8)}",
        kind=kind,
        state=how,
        amount=amount,
        reason=random.choice(REASONS),
        applied_at=applied,
        updated_at=updated.replace(microsecond=0),
    )


def _parcels(
    random: Random, state: OrderState, case: Case | None, created: datetime, now: datetime
) -> tuple[Sent, ...]:
    if state in (*_UNPAID, OrderState.PAID):
        return ()
    if case and case.kind is AfterSalesKind.REFUND and state in _RETURNED_MONEY:
        return ()
    sent_at = created + timedelta(hours=random.uniform(5, 24))
    count = 2 if random.random() < 0.06 else 1
    return tuple(
        send(random, _parcel_state(random, state), sent_at.replace(microsecond=0), now)
        for _ in range(count)
    )


def _parcel_state(random: Random, state: OrderState) -> ParcelState:
    if state is OrderState.SHIPPED:
        return random.choice(ON_THE_WAY)
    if state is OrderState.REFUNDED and random.random() < 0.3:
        return ParcelState.RETURNED
    return ParcelState.SIGNED


def _digits(random: Random, count: int) -> str:
    return "".join(random.choice("0123456789") for _ in range(count))
