"""The examples of docs/shop.md do what they say."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from kefu.settings import Gateway, Shop
from kefu.shop import defaults
from kefu.shop.checks import QUERIES
from kefu.shop.errors import ShopRefused
from kefu.shop.http import HttpMembers, HttpOrders
from kefu.shop.records import AfterSalesKind, OrderState, ParcelState, RefundState
from kefu.shop.sql import SqlMembers, SqlOrders

from .conftest import PROJECT, ZONE, Demo, Seen, Stub

ME, OTHER = "o_abc", "o_other"
TEXT = (PROJECT / "docs" / "shop.md").read_text(encoding="utf-8")


def _examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def _shop(index: int) -> Shop:
    return Shop.parse_obj(yaml.safe_load(_examples("yaml")[index])["shop"])


ORDER = json.loads(_examples("json")[0])["data"]["list"][0]
CASE = {"id": "A1", "type": 2, "status": 1, "fee": 12900, "desc": "坏了", "create_ts": 1767312000}


def _mall(seen: Seen) -> tuple[int, Any]:
    """Answer like the merchant of the example; ORDER is the only one and is ME's."""
    asked = json.loads(seen.body)
    assert seen.method == "POST"
    assert seen.headers["Authorization"] == "Bearer test-key"
    own = asked["openid"] == ME
    absent = (200, {"errno": 40401, "errmsg": "订单不存在", "data": None})
    if seen.path == "/open/order/list":
        return 200, {"errno": 0, "data": {"list": [ORDER] * int(own)}}
    if seen.path == "/open/order/detail":
        return (200, {"errno": 0, "data": ORDER}) if own and asked["sn"] == ORDER["sn"] else absent
    if seen.path == "/open/order/by-express":
        found = own and asked["express_no"] == ORDER["express"][0]["no"]
        return (200, {"errno": 0, "data": {**ORDER, "aftersale": CASE}}) if found else absent
    if seen.path == "/open/aftersale/apply":
        if asked["type"] == "3":
            return 200, {"errno": 500123, "errmsg": "这件商品不支持换货"}
        assert asked == {
            "openid": ME,
            "sn": ORDER["sn"],
            "type": "2",
            "desc": "坏了",
            "out_request_no": "r1",
        }
        return 200, {"errno": 0, "data": {"id": "A1", "status": 0}}
    assert seen.path == "/open/vip/info"
    return 200, {"errno": 0, "data": {"score": 320, "vip": {"name": "黄金会员", "exp": 88}}}


def _local(gateway: Gateway, stub: Stub) -> str:
    stub.answer = _mall
    assert gateway.url.endswith("/open")
    return f"{stub.url}/open"


@pytest.fixture
def orders(stub: Stub) -> HttpOrders:
    gateway = _shop(0).orders
    return HttpOrders(gateway, _local(gateway, stub), ZONE)


def test_the_example_reads_orders(orders: HttpOrders) -> None:
    (order,) = orders.recent_orders(ME)
    assert order.order_no == "E2026010112345678"
    assert order.state is OrderState.SHIPPED
    assert order.amount == order.items[0].price == Decimal("129.00")
    assert order.created_at == datetime(2026, 1, 1, 8, tzinfo=ZONE)
    assert order.parcels[0].state is ParcelState.IN_TRANSIT
    assert order.parcels[0].traces[0].at == datetime(2026, 1, 2, 10, tzinfo=ZONE)
    assert orders.find_order(ME, order.order_no) == order
    assert orders.recent_orders(OTHER) == []
    assert orders.find_order(OTHER, order.order_no) is None


def test_the_example_finds_by_tracking_number(orders: HttpOrders) -> None:
    order = orders.find_order(ME, "SF1234567890123")
    assert order is not None
    assert order.refund is not None
    assert (order.refund.kind, order.refund.state) == (AfterSalesKind.RETURN, RefundState.APPROVED)
    assert orders.find_order(ME, "SF0000000000000") is None
    assert orders.find_order(OTHER, "SF1234567890123") is None


def test_the_example_applies_for_after_sales(orders: HttpOrders) -> None:
    receipt = orders.request_after_sales(ME, ORDER["sn"], "return", "坏了", "r1")
    assert (receipt.service_no, receipt.state) == ("A1", RefundState.APPLIED)
    with pytest.raises(ShopRefused, match="这件商品不支持换货"):
        orders.request_after_sales(ME, ORDER["sn"], "exchange", "坏了", "r2")


def test_the_example_reads_members(stub: Stub) -> None:
    gateway = _shop(0).members
    member = HttpMembers(gateway, _local(gateway, stub), ZONE).member(ME)
    assert member is not None
    assert (member.level, member.points, member.growth) == ("黄金会员", 320, 88)


def test_every_name_is_documented() -> None:
    names = {name for group in defaults.FIELDS.values() for name in group}
    words = {word for group in defaults.WORDS.values() for word in group}
    known = {*Gateway.__fields__, *defaults.CALLS, *defaults.FIELDS, *QUERIES, *names, *words}
    assert [name for name in sorted(known) if f"`{name}`" not in TEXT] == []
    assert [path for path in defaults.PATHS.values() if path not in TEXT] == []


def test_the_sql_example_reads_the_demo_shop(demo: Demo) -> None:
    file = f"sqlite:///{Path(demo.var) / 'demo_shop.db'}"
    shop = _shop(1)
    me = "o_demo_0001"
    read = SqlOrders(shop.orders, file, ZONE)
    assert read.recent_orders(me, 9) == demo.orders().recent_orders(me, 9)
    assert SqlMembers(shop.members, file, ZONE).member(me) == demo.members().member(me)
