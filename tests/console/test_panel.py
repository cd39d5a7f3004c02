"""Beside the conversation: what the shop knows of the customer, for those who may see it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import update

from kefu.environment import environment
from kefu.handoff import desk
from kefu.shop.gateways import member_gateway, order_gateway
from kefu.shop.records import Order
from kefu.staff import access
from kefu.storage import tables
from kefu.storage.engine import writing
from kefu.storage.erasure import erase
from tests.console.seats import CUSTOMER, asks, customer, seat
from tests.shop.conftest import Demo, Seen, Stub, free_port, serving

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _forgotten(database: str, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    _shop_at(monkeypatch, demo.url)
    yield
    for cached in (environment, order_gateway, member_gateway):
        cached.cache_clear()


def _shop_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("KEFU_SHOP_URL", url)
    for cached in (environment, order_gateway, member_gateway):
        cached.cache_clear()


def orders_of(demo: Demo) -> list[Order]:
    return demo.orders().recent_orders(CUSTOMER, 5)


def test_an_agent_sees_orders_parcels_refunds_and_membership(demo: Demo) -> None:
    handoff = asks(customer())
    text = seat("mei").get(f"/desk/{handoff.id}/panel").text
    orders = orders_of(demo)
    assert len(orders) == 5
    for order in orders:
        assert f'data-copy="{order.order_no}"' in text
        assert f'data-insert="{order.order_no}"' in text
        assert order.state.label in text
        assert f"{order.amount:.2f} 元" in text
        for parcel in order.parcels:
            assert parcel.tracking_no in text and parcel.state.label in text
            for trace in parcel.traces:
                assert trace.text in text
        if order.refund:
            assert order.refund.reason in text and order.refund.state.label in text
    member = demo.members().member(CUSTOMER)
    assert member is not None
    assert member.level in text and str(member.points) in text
    assert CUSTOMER not in text  # whose openid it is helps nobody


def test_where_the_customer_came_from_stands_above(demo: Demo) -> None:
    number = orders_of(demo)[0].order_no
    handoff = asks(customer(page="order", page_order_no=number))
    text = seat("mei").get(f"/desk/{handoff.id}/panel").text
    assert "从订单页进入" in text
    assert text.index(f'data-insert="{number}"') < text.index("最近的订单")


def test_one_whom_the_shop_does_not_know_has_nothing() -> None:
    handoff = asks(customer("o_nobody"))
    text = seat("mei").get(f"/desk/{handoff.id}/panel").text
    assert "没有订单" in text and "不是会员" in text


def test_a_shop_that_is_away_offers_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    handoff, mei = asks(customer()), seat("mei")
    _shop_at(monkeypatch, f"http://127.0.0.1:{free_port()}")
    answer = mei.get(f"/desk/{handoff.id}/panel")
    assert answer.status_code == 200
    assert "订单系统暂时查不到" in answer.text and "会员系统暂时查不到" in answer.text
    assert f'hx-get="/desk/{handoff.id}/panel"' in answer.text


def test_orders_that_fail_leave_the_membership_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(seen: Seen) -> tuple[int, object]:
        return (200, {"level": "金卡", "points": 321}) if "member" in seen.path else (500, {})

    handoff, mei = asks(customer()), seat("mei")
    with serving(Stub(answer=answer)) as stub:
        _shop_at(monkeypatch, stub.url)
        text = mei.get(f"/desk/{handoff.id}/panel").text
    assert "订单系统暂时查不到" in text
    assert "金卡" in text and "321" in text


async def test_a_shop_that_hangs_leaves_the_rest_of_the_console_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, over = threading.Event(), threading.Event()

    def answer(seen: Seen) -> tuple[int, object]:
        asked.set()
        over.wait(30)
        return 500, {}

    handoff, mei = asks(customer()), seat("mei")
    transport = httpx.ASGITransport(app=mei.client.app)
    cookies = dict(mei.client.cookies)
    with serving(Stub(answer=answer)) as stub:
        _shop_at(monkeypatch, stub.url)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://testserver", cookies=cookies
        ) as browser:
            path = f"/desk/{handoff.id}/panel"
            panels = [asyncio.ensure_future(browser.get(path)) for _ in range(12)]
            assert await asyncio.to_thread(asked.wait, 10)
            menu = await browser.get("/quick-replies/menu")
            waiting = [panel for panel in panels if not panel.done()]
            over.set()
            await asyncio.gather(*panels)
    assert menu.status_code == 200
    assert len(waiting) == 12


def test_words_of_the_shop_stay_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(seen: Seen) -> tuple[int, object]:
        return 200, {"level": "<script>alert(1)</script>", "points": 1}

    handoff, mei = asks(customer()), seat("mei")
    with serving(Stub(answer=answer)) as stub:
        _shop_at(monkeypatch, stub.url)
        text = mei.get(f"/desk/{handoff.id}/panel").text
    assert "&lt;script&gt;alert(1)" in text and "<script>" not in text


def test_only_those_who_may_open_the_conversation_see_it() -> None:
    handoff = asks(customer())
    mei, lin, boss = seat("mei"), seat("lin"), seat("boss", "operator")
    desk.take(handoff.id, "lin", time.time())
    path = f"/desk/{handoff.id}/panel"
    assert lin.get(path).status_code == boss.get(path).status_code == 200
    refused = mei.get(path)
    assert refused.status_code == 403
    assert "元" not in refused.text
    assert [entry.login for entry in access.entries(action="view_panel")] == ["boss", "lin"]
    for number in ("999", "99999999999999999999"):
        assert lin.get(f"/desk/{number}/panel").status_code == 404


def test_earlier_services_are_listed_and_open_for_those_who_may() -> None:
    conversation = customer()
    mei, lin = seat("mei", nickname="小美"), seat("lin", nickname="小林")
    first = asks(conversation)
    desk.take(first.id, "lin", time.time())
    desk.finish(first.id, time.time())
    with writing() as connection:
        asked = update(tables.ratings).where(tables.ratings.c.handoff == first.id)
        connection.execute(asked.values(state="rated", satisfied=False))
    second = asks(conversation)
    seen_by_mei = mei.get(f"/desk/{second.id}/panel").text
    assert "小林" in seen_by_mei and "不满意" in seen_by_mei and "顾客要求" in seen_by_mei
    assert f'href="/desk/{first.id}"' not in seen_by_mei
    assert f'href="/desk/{first.id}"' in lin.get(f"/desk/{second.id}/panel").text
    assert "以前的人工服务" not in lin.get(f"/desk/{first.id}/panel").text


def test_a_customer_erased_meanwhile_is_not_there() -> None:
    conversation = customer()
    handoff, mei = asks(conversation), seat("mei")
    erase(conversation)
    assert mei.get(f"/desk/{handoff.id}/panel").status_code == 404


def test_what_a_customer_buys_later_is_not_for_who_once_served_them(demo: Demo) -> None:
    handoff, mei = asks(customer(page="product")), seat("mei")
    desk.take(handoff.id, "mei", time.time())
    desk.finish(handoff.id, time.time())
    number = orders_of(demo)[0].order_no
    assert number in mei.get(f"/desk/{handoff.id}/panel").text
    with writing() as connection:
        long_ago = update(tables.handoffs).values(closed_at=time.time() - 25 * 3600)
        connection.execute(long_ago)
    text = mei.get(f"/desk/{handoff.id}/panel").text
    assert "不再显示" in text and number not in text
    assert "商品页" not in text and "会员和积分" not in text
    assert number in seat("zhou", "operator").get(f"/desk/{handoff.id}/panel").text


@pytest.mark.parametrize("level", ["金\ud800卡", "金\0卡", "金\u2028卡\u202e", "卡" * 5000])
def test_letters_that_are_none_do_not_hide_the_rest(
    monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    def answer(seen: Seen) -> tuple[int, object]:
        if "member" in seen.path:
            return 200, {"level": level, "points": 321}
        return 200, {"orders": []}

    handoff, mei = asks(customer()), seat("mei")
    with serving(Stub(answer=answer)) as stub:
        _shop_at(monkeypatch, stub.url)
        answered = mei.get(f"/desk/{handoff.id}/panel")
    assert answered.status_code == 200
    assert "最近的订单" in answered.text and "会员和积分" in answered.text
