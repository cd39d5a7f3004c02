"""Who a conversation stands for."""

from __future__ import annotations

import pytest

from kefu.storage import conversations
from kefu.storage.engine import engine
from kefu.storage.intake import Intake

pytestmark = pytest.mark.usefixtures("database")


def page_of(conversation: str) -> tuple[str | None, str | None]:
    around = Intake().surroundings(conversation, now=5.0)
    return around.page, around.page_order_no


def test_the_same_customer_keeps_one_conversation_in_a_channel() -> None:
    first = conversations.remember("rest", "o_1", now=1.0)
    assert conversations.remember("rest", "o_1", now=2.0) == first
    assert conversations.remember("wechat:wx1", "o_1", now=3.0) != first
    assert conversations.remember("rest", "o_2", now=3.0) != first
    assert conversations.customer_of(first) == "o_1"


def test_the_page_is_that_of_the_last_visit_that_named_one() -> None:
    one = conversations.remember("rest", "o_1", now=1.0)
    assert page_of(one) == (None, None)
    conversations.remember("rest", "o_1", now=2.0, page="order", page_order_no="2026001")
    conversations.remember("rest", "o_1", now=3.0)
    assert page_of(one) == ("order", "2026001")
    conversations.remember("rest", "o_1", now=4.0, page="product")
    assert page_of(one) == ("product", None)


def test_an_unknown_conversation_is_nobody() -> None:
    assert conversations.customer_of("nobody") is None
    assert page_of("nobody") == (None, None)


def test_neither_openid_nor_order_number_is_readable_in_the_database() -> None:
    conversations.remember("rest", "o_secret", now=1.0, page="order", page_order_no="2026001")
    with engine().connect() as connection:
        row = connection.exec_driver_sql("SELECT * FROM conversations").one()
    stored = b"|".join(v if isinstance(v, bytes) else str(v).encode() for v in map(_plain, row))
    assert b"o_secret" not in stored
    assert b"2026001" not in stored


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value
