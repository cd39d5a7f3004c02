"""SessionFrom, card paths and scenes in all their spellings."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.channels.wechat.entry_page import LONGEST, EntryPage, entry_page

PAGES = ("product", "order", "member")
NO = "202611031234567890"


@pytest.mark.parametrize(
    "spelt",
    [
        f"page=order&order_no={NO}",
        f"order_no={NO}&page=order",
        f"pages/order/detail?order_no={NO}",
        f"/pages/order/detail.html?orderNo={NO}",
        f"pages/orders/detail?id={NO}",
        f"pages/my/orders?sn={NO}",
        f"packageA/pages/orderDetail/index?id={NO}",
        f"packageA/pages/order_detail/index?id={NO}",
        f"order|{NO}",
        f"订单 {NO}",
        f"ORDER-{NO}",
        f"order_no={NO}",
        json.dumps({"page": "order", "order_no": NO}),
        json.dumps({"page": "pages/order/detail", "orderId": int(NO)}),
        json.dumps({"from": "order", "data": {"order_no": NO}}),
        quote(json.dumps({"page": "order", "order_no": NO}), safe=""),
        quote(f"pages/order/detail?order_no={NO}", safe=""),
    ],
)
def test_an_order_page_in_any_spelling(spelt: str) -> None:
    assert entry_page(spelt, PAGES) == EntryPage("order", NO)


@pytest.mark.parametrize(
    ("spelt", "page"),
    [
        ("order", "order"),
        (" Product ", "product"),
        ("page=member", "member"),
        ("pages/goods/detail?id=88", "product"),
        ("pages/goods/detail?order_no=&ref=order", "product"),
        ("pages/detail/detail?sku=1", "product"),
        ("pages/user/center", "member"),
        ("商品详情", ""),
        ("商品", "product"),
        ("pages/index/index", ""),
        ("page=unknown", ""),
        ("sessionFrom", ""),
        ("wxapp", ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_a_page_without_an_order(spelt: str, page: str) -> None:
    assert entry_page(spelt, PAGES) == EntryPage(page)


def test_a_page_of_the_merchants_own_is_found_by_its_key() -> None:
    known = ("vip_card", "Sale")
    assert entry_page("vip_card", known).page == "vip_card"
    assert entry_page("pages/vip_card/index?x=1", known).page == "vip_card"
    assert entry_page("page=sale", known).page == "Sale"
    assert entry_page("pages/order/detail", known).page == ""


@pytest.mark.parametrize("value", ["<script>1", "1' OR '1'='1", "abc", "a" * 5, "%00", "1 2"])
def test_what_cannot_be_an_order_number_is_none(value: str) -> None:
    assert entry_page(f"page=order&order_no={value}", PAGES) == EntryPage("order")


def test_a_number_of_another_kind_is_cut_rather_than_trusted() -> None:
    found = entry_page("page=order&order_no=" + "9" * 900, PAGES)
    assert found == EntryPage("order", "9" * 64)


@pytest.mark.parametrize(
    "bomb",
    [
        '{"a":' * 200,
        '{"page":' + "[" * 1000,
        '{"page": ' + "9" * 1000 + "}",
        '{"page": NaN, "scene": 1e999}',
        '{"page": ["a"], "scene": {"a": "1"}}',
        '{"page"',
        "[]",
        "{}",
        "null",
        "&" * LONGEST,
        "=" * LONGEST,
        "%" * LONGEST,
        "?" * LONGEST,
        "\0\ufffd\u202e",
        "x" * 100_000,
    ],
)
def test_garbage_names_no_page(bomb: str) -> None:
    assert entry_page(bomb, PAGES).page == ""


def test_what_stands_behind_the_longest_session_from_does_not_count() -> None:
    assert entry_page("x" * LONGEST + "/order", PAGES) == EntryPage()


@given(st.text(max_size=1200))
def test_no_text_breaks_it(text: str) -> None:
    found = entry_page(text, PAGES)
    assert found.page in {"", *PAGES}
    assert found.order_no is None or len(found.order_no) <= 64
