"""Reading a shop's records by the names that the settings give them."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar

from kefu.shop.defaults import FIELDS, STATES, WORDS, Table, laid_over
from kefu.shop.errors import ShopAnswerInvalid
from kefu.shop.records import (
    AfterSales,
    AfterSalesKind,
    Item,
    Labelled,
    Member,
    Order,
    OrderState,
    Parcel,
    ParcelState,
    Refund,
    RefundState,
    Trace,
)

_LONGEST = 500  # characters of one text
_GREATEST = 10**12  # whole numbers: points, pieces
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_log = logging.getLogger(__name__)
_Word = TypeVar("_Word", bound=Labelled)


def pick(record: Any, path: str) -> Any:
    """Return what a dotted path leads to ("data.list.0.no"; "." is the record), else None."""
    if not path:
        return None
    for step in path.split(".") if path != "." else ():
        if isinstance(record, Mapping):
            record = record.get(step)
        elif isinstance(record, Sequence) and not isinstance(record, str) and step.isdigit():
            record = record[int(step)] if int(step) < len(record) else None
        else:
            return None
    return record


def clean(value: str) -> str:
    """Return a text without control characters, at most 500 characters long."""
    return _CONTROL.sub(" ", value).strip()[:_LONGEST]


@dataclass(frozen=True)
class Reader:
    """Makes our records of theirs. Every method raises ShopAnswerInvalid.

    Attributes:
        fields: Group -> our name -> their dotted path.
        states: Group -> their word -> ours.
        zone: Time zone of times that name none.
    """

    fields: Table
    states: Table
    zone: tzinfo

    @classmethod
    def of(cls, fields: Table, states: Table, zone: tzinfo) -> Reader:
        """Lay the settings' names over the built-in ones."""
        return cls(laid_over(FIELDS, fields), laid_over(STATES, states), zone)

    def order(self, record: Any) -> Order:
        """Read one order with its items, parcels and refund."""
        refund = self._raw(record, "order", "refund")
        return Order(
            order_no=self._text(record, "order", "order_no"),
            state=self._word(record, "order", OrderState),
            created_at=self._time(record, "order", "created_at"),
            amount=self._amount(record, "order", "amount"),
            paid_at=self._maybe_time(record, "order", "paid_at"),
            items=tuple(map(self._item, self._list(record, "order", "items"))),
            parcels=tuple(map(self._parcel, self._list(record, "order", "parcels"))),
            refund=self._refund(refund) if refund else None,
        )

    def member(self, record: Any) -> Member:
        """Read level and points of one customer."""
        expires_on = self._maybe_time(record, "member", "expires_on")
        return Member(
            level=self._text(record, "member", "level"),
            points=self._number(record, "member", "points"),
            points_expiring=self._maybe_number(record, "member", "points_expiring") or 0,
            expires_on=expires_on.astimezone(self.zone).date() if expires_on else None,
            growth=self._maybe_number(record, "member", "growth"),
            next_level=self._maybe_text(record, "member", "next_level") or None,
            next_level_growth=self._maybe_number(record, "member", "next_level_growth"),
        )

    def receipt(self, record: Any, order_no: str, kind: AfterSalesKind) -> AfterSales:
        """Read what the shop answers to an after-sales request."""
        state = RefundState.APPLIED
        if self._raw(record, "receipt", "state") is not None:
            state = self._word(record, "receipt", RefundState, words="refund")
        service_no = self._text(record, "receipt", "service_no")
        return AfterSales(service_no, order_no, kind, state)

    def owner(self, record: Any, group: str) -> str:
        """Return whose record it is as the shop says, "" where it does not say."""
        return self._maybe_text(record, group, "customer")

    def their_kind(self, kind: AfterSalesKind) -> str:
        """Return the shop's word for a kind of request, the last one given winning."""
        return {ours: theirs for theirs, ours in self.states["kind"].items()}[kind.value]

    def _item(self, record: Any) -> Item:
        quantity = self._maybe_number(record, "item", "quantity")
        return Item(
            title=self._text(record, "item", "title"),
            quantity=1 if quantity is None else quantity,
            price=self._amount(record, "item", "price"),
        )

    def _parcel(self, record: Any) -> Parcel:
        traces = [
            Trace(self._time(entry, "trace", "at"), self._text(entry, "trace", "text"))
            for entry in self._list(record, "parcel", "traces")
        ]
        return Parcel(
            tracking_no=self._text(record, "parcel", "tracking_no"),
            courier=self._maybe_text(record, "parcel", "courier") or "快递",
            state=self._word(record, "parcel", ParcelState),
            traces=tuple(sorted(traces, key=lambda trace: trace.at, reverse=True)),
        )

    def _refund(self, record: Any) -> Refund:
        kind = AfterSalesKind.REFUND
        if self._raw(record, "refund", "kind") is not None:
            kind = self._word(record, "refund", AfterSalesKind, words="kind", name="kind")
        return Refund(
            refund_no=self._text(record, "refund", "refund_no"),
            kind=kind,
            state=self._word(record, "refund", RefundState),
            amount=self._amount(record, "refund", "amount"),
            reason=self._maybe_text(record, "refund", "reason"),
            applied_at=self._time(record, "refund", "applied_at"),
            updated_at=self._maybe_time(record, "refund", "updated_at"),
        )

    def _raw(self, record: Any, group: str, name: str) -> Any:
        value = pick(record, self.fields[group].get(name, "").partition("|")[0])
        return None if value == "" else value

    def _needed(self, record: Any, group: str, name: str) -> Any:
        value = self._raw(record, group, name)
        if value is None:
            self._wrong(group, name, "没有值")
        return value

    def _wrong(self, group: str, name: str, what: str) -> NoReturn:
        path = self.fields[group].get(name, "")
        raise ShopAnswerInvalid(
            f"商家系统返回的 {group}.{name}（{path}）{what}，请核对 settings.yml 的 shop 字段对应"
        ) from None

    def _list(self, record: Any, group: str, name: str) -> list[Any]:
        value = self._raw(record, group, name)
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong(group, name, "不是列表")
        return list(value)

    def _text(self, record: Any, group: str, name: str) -> str:
        value = self._needed(record, group, name)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            self._wrong(group, name, "不是文字")
        return clean(str(value)) or self._wrong(group, name, "没有值")

    def _maybe_text(self, record: Any, group: str, name: str) -> str:
        if self._raw(record, group, name) is None:
            return ""
        return self._text(record, group, name)

    def _number(self, record: Any, group: str, name: str) -> int:
        value = self._needed(record, group, name)
        try:
            number = Decimal(str(value))
            # To write out 1e999999 would take this machine a quarter of a minute.
            if isinstance(value, bool) or abs(number) > _GREATEST:
                raise ValueError
            return int(number.to_integral_value())
        except (InvalidOperation, ValueError, OverflowError):
            self._wrong(group, name, "不是整数")

    def _maybe_number(self, record: Any, group: str, name: str) -> int | None:
        return None if self._raw(record, group, name) is None else self._number(record, group, name)

    def _amount(self, record: Any, group: str, name: str) -> Decimal:
        value = self._needed(record, group, name)
        cents = self.fields[group][name].endswith("|cents")
        try:
            number = Decimal(str(value)) / (100 if cents else 1)
            if isinstance(value, bool) or number < 0:
                raise ValueError
            return number.quantize(Decimal("0.01"))
        except (InvalidOperation, ValueError):
            self._wrong(group, name, "不是金额")

    def _time(self, record: Any, group: str, name: str) -> datetime:
        value = self._needed(record, group, name)
        try:
            moment = _moment(value, self.zone)
            # The last hours of the year 9999 are none in every zone.
            moment.astimezone(self.zone)
            return moment
        except (ValueError, OverflowError, OSError):
            self._wrong(group, name, "不是时间")

    def _maybe_time(self, record: Any, group: str, name: str) -> datetime | None:
        return None if self._raw(record, group, name) is None else self._time(record, group, name)

    def _word(
        self, record: Any, group: str, kind: type[_Word], words: str = "", name: str = "state"
    ) -> _Word:
        theirs, known = self._text(record, group, name), self.states[words or group]
        ours = known.get(theirs, known.get("*"))
        if ours is None or ours not in WORDS[words or group]:
            # A state's name tells nothing about a customer, and the remedy needs it.
            _log.error(
                "商家系统的状态 %r 没有对应，请写进 shop 的 states.%s", theirs[:40], words or group
            )
            self._wrong(group, name, "是没有对应的状态")
        return kind(ours)


def _moment(value: Any, zone: tzinfo) -> datetime:
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, (int, float)) or (isinstance(value, str) and value.isdigit()):
        # Seconds of our time have ten digits; what has more counts milliseconds.
        seconds = float(value) / (1000 if float(value) > 1e11 else 1)
        return datetime.fromtimestamp(seconds, timezone.utc)
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)
    else:
        moment = datetime.fromisoformat(str(value).strip().replace("/", "-").replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
