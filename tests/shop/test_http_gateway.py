"""The HTTP adapter against the demo shop and against servers that misbehave."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from decimal import Decimal

import pytest
import requests

from kefu.settings import Gateway
from kefu.shop.errors import ShopAnswerInvalid, ShopRefused, ShopUnavailable
from kefu.shop.http import HttpOrders
from kefu.shop.records import AfterSalesKind, OrderState, ParcelState, RefundState

from .conftest import ZONE, Demo, Stub, free_port

ME = "o_demo_0001"


def _pick(demo: Demo, sql: str, *values: object) -> str:
    with sqlite3.connect(demo.var / "demo_shop.db") as db:
        return str(db.execute(sql, values).fetchone()[0])


def _other(demo: Demo, state: str, index: int = 0) -> tuple[str, str]:
    """Return customer and number of an order in `state` that no other test changes."""
    sql = (
        "SELECT openid, order_no FROM orders WHERE state = ? AND openid > 'o_demo_0100'"
        " AND order_no NOT IN (SELECT order_no FROM refunds) ORDER BY order_no LIMIT 1 OFFSET ?"
    )
    with sqlite3.connect(demo.var / "demo_shop.db") as db:
        openid, order_no = db.execute(sql, (state, index)).fetchone()
    return openid, order_no


def test_recent_orders_are_the_newest_first(demo: Demo) -> None:
    orders = demo.orders().recent_orders(ME, limit=5)
    assert len(orders) == 5
    assert orders == sorted(orders, key=lambda order: order.created_at, reverse=True)
    everything = demo.orders().recent_orders(ME, limit=50)
    assert {order.state for order in everything} == set(OrderState)


def test_an_order_comes_whole(demo: Demo) -> None:
    number = _pick(demo, "SELECT order_no FROM orders WHERE openid = ? AND state = 'delivered'", ME)
    order = demo.orders().find_order(ME, number)
    assert order is not None
    assert order.state is OrderState.DELIVERED
    assert order.amount == sum(item.quantity * item.price for item in order.items)
    assert order.amount.as_tuple().exponent == -2
    assert order.paid_at is not None
    assert order.paid_at > order.created_at
    assert order.parcels[0].state is ParcelState.SIGNED
    traces = order.parcels[0].traces
    assert "签收" in traces[0].text
    assert traces[0].at > traces[-1].at


def test_a_refund_comes_with_its_state(demo: Demo) -> None:
    number = _pick(demo, "SELECT order_no FROM orders WHERE openid = ? AND state = 'refunded'", ME)
    order = demo.orders().find_order(ME, number)
    assert order is not None
    assert order.refund is not None
    assert order.refund.state is RefundState.DONE
    assert order.refund.amount == order.amount


def test_an_order_is_found_by_tracking_number_in_any_case(demo: Demo) -> None:
    number = _pick(
        demo,
        "SELECT tracking_no FROM parcels JOIN orders USING (order_no) WHERE openid = ?",
        ME,
    )
    for typed in (number, number.lower()):
        order = demo.orders().find_order(ME, typed)
        assert order is not None
        assert number in [parcel.tracking_no for parcel in order.parcels]


def test_other_peoples_numbers_do_not_exist(demo: Demo) -> None:
    order_no = _pick(demo, "SELECT order_no FROM orders WHERE openid = 'o_demo_0002'")
    tracking_no = _pick(
        demo,
        "SELECT tracking_no FROM parcels JOIN orders USING (order_no) WHERE openid = 'o_demo_0002'",
    )
    orders = demo.orders()
    assert orders.find_order(ME, order_no) is None
    assert orders.find_order(ME, tracking_no) is None
    assert orders.find_order(ME, "202601010000000000") is None
    for number in (order_no, "202601010000000000"):
        with pytest.raises(ShopRefused, match="没有查到"):
            orders.request_after_sales(ME, number, "refund", "不想要了", "foreign")


@pytest.mark.parametrize(
    "number",
    [
        "../../o_demo_0002/orders",
        "..",
        ".",
        "",
        "1?openid=o_demo_0002",
        "1#x",
        "' OR 1=1 --",
        "%2e%2e",
        "{customer}",
        "1\n2",
        "1\x00",
        "1/../../../o_demo_0002/member",
        "9" * 5000,
        "订单",
    ],
)
def test_injection_looking_numbers_are_numbers_that_do_not_exist(demo: Demo, number: str) -> None:
    assert demo.orders().find_order(ME, number) is None


@pytest.mark.parametrize("customer", ["..", "../o_demo_0002", "", "nobody", "o_demo_0001/orders?"])
def test_strange_customers_have_nothing(demo: Demo, customer: str) -> None:
    assert demo.orders().recent_orders(customer) == []
    assert demo.members().member(customer) is None


def test_what_customers_type_stays_one_segment_of_the_path(stub: Stub) -> None:
    stub.answer = lambda seen: (404, {})
    orders = HttpOrders(Gateway(), stub.url, ZONE)
    orders.find_order("o_x", "../o_y?a=1&b=2#c")
    assert stub.seen[0].path == "/api/customers/o_x/orders/..%2Fo_y%3Fa%3D1%26b%3D2%23c"


def test_member(demo: Demo) -> None:
    member = demo.members().member(ME)
    assert member is not None
    assert member.level in ("普通会员", "银卡会员", "金卡会员", "钻石会员")
    assert member.points >= member.points_expiring >= 0
    assert (member.expires_on is None) == (member.points_expiring == 0)


def test_after_sales_is_idempotent(demo: Demo) -> None:
    customer, order_no = _other(demo, "delivered")
    ask = demo.orders().request_after_sales
    receipt = ask(customer, order_no, "return", "尺码不合适", "request-1")
    assert (receipt.kind, receipt.state) == (AfterSalesKind.RETURN, RefundState.APPLIED)
    assert ask(customer, order_no, "return", "尺码不合适", "request-1") == receipt
    with pytest.raises(ShopRefused, match="正在处理"):
        ask(customer, order_no, "return", "尺码不合适", "request-2")
    order = demo.orders().find_order(customer, order_no)
    assert order is not None
    assert order.state is OrderState.REFUNDING
    assert order.refund is not None
    assert order.refund.refund_no == receipt.service_no


@pytest.mark.parametrize(
    ("state", "kind"),
    [("pending_payment", "refund"), ("shipped", "return"), ("closed", "exchange")],
)
def test_the_shops_refusal_reaches_the_customer(demo: Demo, state: str, kind: str) -> None:
    customer, order_no = _other(demo, state)
    with pytest.raises(ShopRefused, match=OrderState(state).label):
        demo.orders().request_after_sales(customer, order_no, kind, "x", f"refused-{state}")


def test_told_to_refuse_it_refuses_only_requests(demo: Demo) -> None:
    customer, order_no = _other(demo, "delivered", 1)
    demo.faults("refuse")
    with pytest.raises(ShopRefused, match="人工客服"):
        demo.orders().request_after_sales(customer, order_no, "return", "x", "told")
    assert demo.orders().find_order(customer, order_no) is not None


def test_a_slow_shop_is_unavailable_in_time(demo: Demo) -> None:
    demo.faults("slow", seconds=5)
    started = time.monotonic()
    with pytest.raises(ShopUnavailable, match="及时"):
        demo.orders(timeout=0.3, retries=3).recent_orders(ME)
    assert time.monotonic() - started < 1


def _drip(listening: socket.socket, stop: threading.Event) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stop.wait(0.05):
            connection.sendall(b" ")


def test_a_body_that_drips_in_cannot_outlast_the_timeout() -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        dripping = threading.Thread(target=_drip, args=(listening, stop))
        dripping.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(ShopUnavailable, match="及时"):
            HttpOrders(Gateway(timeout=0.3, auth="none"), url, ZONE).recent_orders(ME)
        assert time.monotonic() - started < 1
        stop.set()
        dripping.join()


def test_a_failing_shop_is_unavailable(demo: Demo) -> None:
    demo.faults("fail")
    with pytest.raises(ShopUnavailable, match="503"):
        demo.orders().recent_orders(ME)


def test_a_shop_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(ShopUnavailable):
        HttpOrders(Gateway(), f"http://127.0.0.1:{free_port()}", ZONE).recent_orders(ME)


def test_nonsense_is_recognised(demo: Demo) -> None:
    demo.faults("nonsense")
    orders, members = demo.orders(), demo.members()
    for _ in range(6):  # each kind of nonsense once to each call
        with pytest.raises(ShopAnswerInvalid):
            orders.recent_orders(ME)
    for _ in range(6):
        with pytest.raises(ShopAnswerInvalid):
            orders.find_order(ME, "202601010000000000")
    for _ in range(6):
        with pytest.raises(ShopAnswerInvalid):
            members.member(ME)


def test_a_look_up_is_tried_again_and_signed_anew(stub: Stub) -> None:
    stub.answer = lambda seen: (503, {}) if len(stub.seen) < 3 else (200, {"orders": []})
    assert HttpOrders(Gateway(retries=2), stub.url, ZONE).recent_orders(ME) == []
    assert len({seen.headers["X-Nonce"] for seen in stub.seen}) == 3


def test_a_request_is_never_sent_twice(stub: Stub) -> None:
    stub.answer = lambda seen: (503, {})
    with pytest.raises(ShopUnavailable):
        HttpOrders(Gateway(retries=3), stub.url, ZONE).request_after_sales(
            ME, "202601010000000000", "refund", "x", "once"
        )
    assert [seen.method for seen in stub.seen] == ["POST"]


def test_the_breaker_opens_and_recovers(stub: Stub) -> None:
    stub.answer = lambda seen: (500, {})
    orders = HttpOrders(Gateway(breaker_failures=3, breaker_seconds=0.2), stub.url, ZONE)
    for _ in range(10):
        with pytest.raises(ShopUnavailable):
            orders.recent_orders(ME)
    assert len(stub.seen) == 3
    stub.answer = lambda seen: (200, {"orders": []})
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            assert orders.recent_orders(ME) == []
            break
        except ShopUnavailable:
            continue
    assert len(stub.seen) == 4


def test_refusals_and_nonsense_do_not_open_the_breaker(stub: Stub) -> None:
    stub.answer = lambda seen: (409, {"message": "不可以"})
    orders = HttpOrders(Gateway(breaker_failures=2), stub.url, ZONE)
    for _ in range(5):
        with pytest.raises(ShopRefused, match="不可以"):
            orders.request_after_sales(ME, "1", "refund", "x", "1")


def test_customers_do_not_queue_behind_each_other(stub: Stub) -> None:
    gate = threading.Barrier(4, timeout=5)

    def together(seen: object) -> tuple[int, object]:
        gate.wait()
        return 200, {"orders": []}

    stub.answer = together
    orders = HttpOrders(Gateway(timeout=5), stub.url, ZONE)
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(orders.recent_orders(ME))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[], [], [], []]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (302, b"", "跳转"),
        (401, b"{}", "密钥"),
        (400, b"{}", "没有说明原因"),
        (200, b"<html>", "JSON"),
        (200, b"", "JSON"),
        (200, b'{"orders": "' + b"x" * 1_000_001 + b'"}', "1 MB"),
        (200, b"[" * 100_000, "JSON"),
        (200, b'{"data": []}', "orders"),
        (200, b'{"orders": [1]}', "不是对象"),
    ],
)
def test_answers_that_cannot_be_used(stub: Stub, status: int, body: bytes, said: str) -> None:
    stub.answer = lambda seen: (status, body)
    stub.headers = {"Location": f"{stub.url}/elsewhere"} if status == 302 else {}
    with pytest.raises(ShopAnswerInvalid, match=said):
        HttpOrders(Gateway(), stub.url, ZONE).recent_orders(ME)
    assert len(stub.seen) == 1


def _order(**changes: object) -> dict[str, object]:
    return {
        "order_no": "20260101",
        "openid": ME,
        "state": "paid",
        "created_at": "2026-01-01 08:00:00",
        "amount": "10.5",
        **changes,
    }


def test_a_foreign_record_is_dropped_though_the_shop_sends_it(stub: Stub) -> None:
    orders = HttpOrders(Gateway(), stub.url, ZONE)
    stub.answer = lambda seen: (200, _order(openid="o_demo_0002"))
    assert orders.find_order(ME, "20260101") is None
    stub.answer = lambda seen: (200, {"orders": [_order(), _order(openid="o_demo_0002")]})
    assert len(orders.recent_orders(ME)) == 1


def test_an_order_that_was_not_asked_for_is_refused(stub: Stub) -> None:
    stub.answer = lambda seen: (200, _order())
    with pytest.raises(ShopAnswerInvalid, match="不是所问"):
        HttpOrders(Gateway(), stub.url, ZONE).find_order(ME, "20260102")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "flying"},
        {"amount": "NaN"},
        {"amount": -1},
        {"amount": True},
        {"created_at": "yesterday"},
        {"created_at": None},
        {"items": {"title": "x"}},
        {"items": [{"title": "x", "price": "1", "quantity": "many"}]},
        {"items": [{"title": "x", "price": "1", "quantity": "1e999999"}]},
        {"items": [{"title": "x", "price": "1", "quantity": "9" * 5000}]},
        {"items": [{"title": "x", "price": "1", "quantity": "-Infinity"}]},
        {"created_at": "9999-12-31T23:59:59Z"},
        {"parcels": [{"tracking_no": ["x"], "state": "signed"}]},
        {"refund": "done"},
    ],
)
def test_wrong_values_are_named_without_quoting_them(
    stub: Stub, changes: dict[str, object]
) -> None:
    stub.answer = lambda seen: (200, _order(**changes))
    with pytest.raises(ShopAnswerInvalid) as raised:
        HttpOrders(Gateway(), stub.url, ZONE).find_order(ME, "20260101")
    assert "20260101" not in str(raised.value)


def test_amounts_and_times_of_other_kinds(stub: Stub) -> None:
    fields = {"order": {"amount": "fee|cents", "created_at": "ms", "order_no": "id"}}
    stub.answer = lambda seen: (200, _order(fee=1999, ms=1767225600000, id=20260101))
    order = HttpOrders(Gateway(fields=fields), stub.url, ZONE).find_order(ME, "20260101")
    assert order is not None
    assert order.amount == Decimal("19.99")
    assert order.created_at.astimezone(ZONE).isoformat() == "2026-01-01T08:00:00+08:00"


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [("bearer", "Authorization", "Bearer test-key"), ("key", "X-Api-Key", "test-key")],
)
def test_other_ways_of_showing_the_key(stub: Stub, auth: str, name: str, value: str) -> None:
    HttpOrders(Gateway(auth=auth), stub.url, ZONE).recent_orders(ME)
    assert stub.seen[0].headers[name] == value
    assert "X-Signature" not in stub.seen[0].headers


def test_proxies_of_the_machine_are_not_used(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert HttpOrders(Gateway(), stub.url, ZONE).recent_orders(ME) == []


def test_faults_can_be_read_and_strike_at_a_rate(demo: Demo) -> None:
    demo.faults("fail", rate=0.5)
    shown = requests.get(f"{demo.url}/_control/faults", timeout=5).json()
    assert shown == {"mode": "fail", "seconds": 2.0, "rate": 0.5}
    outcomes = set()
    orders = demo.orders(retries=0, breaker_failures=1000)
    for _ in range(30):
        try:
            outcomes.add(bool(orders.recent_orders(ME)))
        except ShopUnavailable:
            outcomes.add(False)
    assert outcomes == {True, False}
