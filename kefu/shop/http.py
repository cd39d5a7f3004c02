"""Orders and members behind a shop's HTTP API, connected by settings alone."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any
from urllib.parse import quote

from kefu.settings import Gateway
from kefu.shop.checks import split_path
from kefu.shop.counted import counted
from kefu.shop.defaults import BODIES, PATHS
from kefu.shop.errors import ShopAnswerInvalid, ShopRefused
from kefu.shop.mapping import Reader, clean, pick
from kefu.shop.records import AfterSales, AfterSalesKind, Member, Order
from kefu.shop.transport import Answer, Transport

NO_SUCH_ORDER = "没有查到这个订单，请核对订单号"
_LONGEST_REASON = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_log = logging.getLogger(__name__)


def askable(text: str) -> bool:
    """Say whether a shop may be asked about this text: 1 to 64 characters, no path of dots.

    "." and ".." cannot be encoded: every HTTP client resolves them, which would change the path.
    """
    return 0 < len(text) <= 64 and not _CONTROL.search(text) and text not in (".", "..")


def same(one: str, other: str) -> bool:
    """Compare two numbers as people type them."""
    return one.strip().casefold() == other.strip().casefold()


class _Api:
    """What both adapters share: paths, bodies and the judging of answers."""

    def __init__(self, gateway: Gateway, url: str, zone: tzinfo) -> None:
        self.reader = Reader.of(gateway.fields, gateway.states, zone)
        self._judging = self.reader.fields["answer"]
        self._transport = Transport(gateway, url)
        self._paths = {**PATHS, **gateway.paths}
        self._bodies = {**BODIES, **gateway.bodies}

    def offers(self, call: str) -> bool:
        """Say whether the settings give a path for the call."""
        return bool(self._paths[call])

    def ask(self, call: str, **values: str) -> Any:
        """Return the record or records of an answer, None when the shop knows none.

        Raises:
            ShopUnavailable, ShopAnswerInvalid: See Transport.send.
            ShopRefused: The shop declines, with its reason.
        """
        method, path = split_path(self._paths[call])
        encoded = {name: quote(value, safe="") for name, value in values.items()}
        body = None
        if method != "GET":
            templates = self._bodies.get(call, {})
            body = {name: text.format_map(values) for name, text in templates.items()}
        return self._judge(call, self._transport.send(method, path.format_map(encoded), body))

    def _judge(self, call: str, answer: Answer) -> Any:
        if answer.status in (404, 410):
            return None
        code = pick(answer.data, self._judging["code"])
        if answer.status < 400 and not self._judging["code"]:
            return self._records(call, answer.data)
        if self._judging["code"] and str(code) in self._judging["absent"].split():
            return None
        if answer.status < 400 and str(code) in self._judging["ok"].split():
            return self._records(call, answer.data)
        return self._declined(answer)

    def _records(self, call: str, data: Any) -> Any:
        path = self._judging[call]
        records = pick(data, path)
        known = isinstance(data, Mapping) and path.partition(".")[0] in data
        if records is None and path != "." and not known:
            raise ShopAnswerInvalid(f"商家系统的应答里没有 {path}，请核对 fields.answer.{call}")
        return records

    def _declined(self, answer: Answer) -> Any:
        reason = pick(answer.data, self._judging["message"])
        if isinstance(reason, str) and clean(reason):
            raise ShopRefused(clean(reason)[:_LONGEST_REASON])
        raise ShopAnswerInvalid(
            f"商家系统拒绝了请求（HTTP {answer.status}）但没有说明原因，请核对 fields.answer"
        )


class HttpOrders:
    """OrderGateway over HTTP."""

    def __init__(self, gateway: Gateway, url: str, zone: tzinfo) -> None:
        self._api = _Api(gateway, url, zone)

    @counted("orders")
    def recent_orders(self, customer: str, limit: int = 5) -> list[Order]:
        """Return the customer's latest orders, the newest first."""
        if not askable(customer):
            return []
        records = self._asked("recent_orders", customer=customer, limit=str(limit))
        if records is None:
            return []
        if not isinstance(records, list):
            raise ShopAnswerInvalid(
                "商家系统返回的订单不是列表，请核对 fields.answer.recent_orders"
            )
        own = [record for record in records if self._is_own(record, customer)]
        orders = [self._api.reader.order(record) for record in own]
        return sorted(orders, key=lambda order: order.created_at, reverse=True)[:limit]

    @counted("orders")
    def find_order(self, customer: str, number: str) -> Order | None:
        """Return the customer's order with this order or tracking number, None without one."""
        if not askable(customer) or not askable(number):
            return None
        record = self._asked("find_order", customer=customer, number=number)
        if record is None and self._api.offers("find_by_tracking"):
            record = self._asked("find_by_tracking", customer=customer, number=number)
        if record is None or not self._is_own(record, customer):
            return None
        order = self._api.reader.order(record)
        numbers = (order.order_no, *(parcel.tracking_no for parcel in order.parcels))
        if not any(same(number, known) for known in numbers):
            raise ShopAnswerInvalid("商家系统返回的不是所问的订单，请核对 shop 的 paths 和 fields")
        return order

    @counted("orders")
    def request_after_sales(
        self, customer: str, order_no: str, kind: str, reason: str, request_id: str
    ) -> AfterSales:
        """Apply for a refund, return or exchange. Raises ShopRefused with the shop's reason."""
        wanted = AfterSalesKind(kind)
        if not askable(customer) or not askable(order_no):
            raise ShopRefused(NO_SUCH_ORDER)
        record = self._api.ask(
            "request_after_sales",
            customer=customer,
            order_no=order_no,
            kind=self._api.reader.their_kind(wanted),
            reason=reason,
            request_id=request_id,
        )
        if record is None:
            raise ShopRefused(NO_SUCH_ORDER)
        return self._api.reader.receipt(record, order_no, wanted)

    def _asked(self, call: str, **values: str) -> Any:
        return _read(self._api, call, **values)

    def _is_own(self, record: Any, customer: str) -> bool:
        return _is_own(self._api.reader, record, "order", customer)


class HttpMembers:
    """MemberGateway over HTTP."""

    def __init__(self, gateway: Gateway, url: str, zone: tzinfo) -> None:
        self._api = _Api(gateway, url, zone)

    @counted("members")
    def member(self, customer: str) -> Member | None:
        """Return level and points of the customer, None for somebody the shop does not know."""
        if not askable(customer):
            return None
        record = _read(self._api, "member", customer=customer)
        if record is None or not _is_own(self._api.reader, record, "member", customer):
            return None
        return self._api.reader.member(record)


def _read(api: _Api, call: str, **values: str) -> Any:
    try:
        return api.ask(call, **values)
    except ShopRefused:
        # A look-up asks for nothing that could be declined.
        raise ShopAnswerInvalid(
            f"商家系统拒绝了查询 {call}，请核对 fields.answer 的 code、ok 和 absent"
        ) from None


def _is_own(reader: Reader, record: Any, group: str, customer: str) -> bool:
    if not isinstance(record, Mapping):
        raise ShopAnswerInvalid("商家系统返回的记录不是对象，请核对 fields.answer")
    own = reader.owner(record, group) in ("", customer)
    if not own:
        _log.error("商家系统返回了别人的记录，已丢弃；请检查它的查询是否限定了顾客")
    return own
