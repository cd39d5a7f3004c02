"""Which gateway the settings choose, and what they are told when they are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.errors import FileProblems, KefuError
from kefu.settings import read_settings, settings
from kefu.shop.gateways import member_gateway, order_gateway
from kefu.shop.sql import SqlMembers

from .conftest import PROJECT, Demo

BASE = "welcome: {text: 你好}\nservice_hours: {weekly: {}}\n"
CACHED = (environment, settings, order_gateway, member_gateway)


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    for cached in CACHED:
        cached.cache_clear()


def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shop: str) -> None:
    (tmp_path / "settings.yml").write_text(BASE + shop, encoding="utf-8")
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    for cached in CACHED:
        cached.cache_clear()


def test_without_settings_it_is_the_demo_shop(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_HOME", str(PROJECT))
    monkeypatch.setenv("KEFU_SHOP_URL", demo.url)
    for cached in CACHED:
        cached.cache_clear()
    assert order_gateway().recent_orders("o_demo_0001")
    assert member_gateway().member("o_demo_0001") is not None
    assert order_gateway() is order_gateway()


def test_the_two_systems_may_be_of_different_kinds(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_SHOP_URL", demo.url)
    url = f"sqlite:///{demo.var / 'demo_shop.db'}"
    query = "SELECT * FROM customers WHERE openid = :customer"
    shop = f"shop: {{members: {{adapter: sql, url: '{url}', queries: {{member: '{query}'}}}}}}\n"
    _home(tmp_path, monkeypatch, shop)
    members = member_gateway()
    assert isinstance(members, SqlMembers)
    assert members.member("o_demo_0001") == demo.members().member("o_demo_0001")
    assert order_gateway().recent_orders("o_demo_0001", 1)


def test_a_database_address_for_http_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _home(tmp_path, monkeypatch, "shop: {orders: {url: 'sqlite:////x.db'}}\n")
    with pytest.raises(KefuError, match="https://"):
        order_gateway()


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ("paths: {find_orders: GET /x}", "find_orders"),
        ("paths: {find_order: 'DELETE /x'}", "GET /路径"),
        ("paths: {find_order: 'http://elsewhere/x'}", "GET /路径"),
        ("paths: {find_order: 'GET /x/{openid}'}", "openid"),
        ("paths: {find_order: 'GET /x/{number.__class__}'}", "__class__"),
        ("paths: {find_order: 'GET /x/{number'}", "花括号"),
        ("bodies: {find_order: {a: '{nothing}'}}", "nothing"),
        ("fields: {orders: {a: b}}", "orders"),
        ("fields: {order: {sn: b}}", "sn"),
        ("fields: {order: {amount: 'b|dollars'}}", "cents"),
        ("fields: {order: {state: 'b|cents'}}", "金额"),
        ("states: {order: {'1': sent}}", "sent"),
        ("url: 'https://me:password@example.com'", "密码"),
        ("url: example.com", "开头"),
        ("auth: basic", "auth"),
        ("queries: {find_order: 'DELETE FROM orders'}", "SELECT"),
        ("queries: {find_order: 'SELECT 1; DELETE FROM orders'}", "SELECT"),
        ("queries: {find_order: 'WITH x AS (DELETE FROM o RETURNING *) SELECT 1'}", "DELETE"),
        ("queries: {find_order: 'SELECT * INTO y FROM o WHERE o = :customer'}", "INTO"),
        ("queries: {find_order: 'SELECT * FROM o WHERE n = :number'}", ":customer"),
        ("queries: {find_order: \"SELECT * FROM o WHERE c = ':customer'\"}", ":customer"),
        ("queries: {find_order: 'SELECT * FROM o WHERE c = :customer AND d = :day'}", "day"),
    ],
)
def test_slips_in_settings_are_named_with_their_line(
    tmp_path: Path, orders: str, said: str
) -> None:
    file = tmp_path / "settings.yml"
    file.write_text(f"{BASE}shop:\n  orders:\n    {orders}\n", encoding="utf-8")
    with pytest.raises(FileProblems) as raised:
        read_settings(file)
    assert said in str(raised.value)
    assert raised.value.problems[0].line == 5
