"""Around a turn: what is written is there, and what is remembered never hides what is new."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from kefu.handoff import holder
from kefu.storage import conversations, messages
from kefu.storage.conversations import Visit
from kefu.storage.engine import reading
from kefu.storage.intake import Intake, Said, Settled
from kefu.storage.tables import messages as messages_table
from kefu.storage.tables import turns
from tests.handoff.moments import MINUTE, NOON

pytestmark = pytest.mark.usefixtures("database")

VISIT = Visit("rest", "o_1")
ORDER_PAGE = Visit("rest", "o_1", "order", "2026001")
PRODUCT_PAGE = Visit("rest", "o_1", "product")


def said(body: str = "你好", key: str | None = None) -> Said:
    return Said("customer", "text", body, key)


def reply(*payloads: str) -> dict[str, Any]:
    return {"text": "请选", "buttons": [{"title": "x", "payload": payload} for payload in payloads]}


def settled(conversation: str, turn: int, *replies: dict[str, Any], **more: Any) -> Settled:
    usual = {"merged": [], "state": "answered", "outcome": "answered", "label": "order/invoice"}
    return Settled(
        conversation, "rest", turn, replies=replies, reply_state="delivered", score=0.9,
        started_at=NOON, now=NOON + 1, **{**usual, **more},
    )  # fmt: skip


def answered(intake: Intake, *replies: dict[str, Any]) -> str:
    """Let a turn of VISIT's customer pass; return the conversation."""
    conversation, recorded = intake.take_in(VISIT, said(), NOON)
    intake.surroundings(conversation, NOON)
    intake.settle(settled(conversation, recorded.id, *replies))
    return conversation


def test_message_and_customer_are_recorded_and_a_repeat_is_known() -> None:
    intake = Intake()
    conversation, first = intake.take_in(VISIT, said(key="m1"), NOON)
    again = intake.take_in(VISIT, said(key="m1"), NOON)
    assert again == (conversation, messages.Recorded(first.id, True, "received", None, NOON))
    assert conversations.customer_of(conversation) == "o_1"


@pytest.mark.parametrize(
    ("visits", "page"),
    [
        ([VISIT, ORDER_PAGE], ("order", "2026001")),
        ([ORDER_PAGE, VISIT], ("order", "2026001")),
        ([ORDER_PAGE, PRODUCT_PAGE], ("product", None)),
        ([ORDER_PAGE, PRODUCT_PAGE, ORDER_PAGE], ("order", "2026001")),
        ([ORDER_PAGE, VISIT, PRODUCT_PAGE, VISIT, PRODUCT_PAGE], ("product", None)),
    ],
)
def test_page_is_the_last_that_was_named_also_within_a_minute(
    visits: list[Visit], page: tuple[str, str | None]
) -> None:
    intake = Intake()
    for visit in visits:
        conversation, _ = intake.take_in(visit, said(), NOON)
    around = intake.surroundings(conversation, NOON)
    assert (around.page, around.page_order_no) == page


def test_page_that_another_process_noted_is_replaced_a_minute_later() -> None:
    one, other = Intake(), Intake()
    conversation, _ = one.take_in(ORDER_PAGE, said(), NOON)
    other.take_in(PRODUCT_PAGE, said(), NOON + 1)
    one.take_in(ORDER_PAGE, said(), NOON + 60)
    around = Intake().surroundings(conversation, NOON)
    assert (around.page, around.page_order_no) == ("order", "2026001")


def test_unknown_conversation_has_no_surroundings() -> None:
    around = Intake().surroundings("nobody", NOON)
    assert (around.active_loop, around.payloads, around.page) == (None, frozenset(), None)
    assert (around.handoff, around.topic) == (None, None)


def test_buttons_are_those_of_the_last_six_messages() -> None:
    intake = Intake()
    for number in range(8):
        conversation = answered(intake, reply(f"第{number}个"))
    expected = {f"第{number}个" for number in range(2, 8)}
    assert intake.surroundings(conversation, NOON).payloads == expected
    assert Intake().surroundings(conversation, NOON).payloads == expected


def test_buttons_that_another_process_showed_are_known() -> None:
    one, other = Intake(), Intake()
    conversation = answered(one, reply("查物流"))
    answered(other, reply("申请售后"), {"text": "好的"})
    assert one.surroundings(conversation, NOON).payloads == {"查物流", "申请售后"}


@pytest.mark.parametrize(
    ("outcome", "topic"),
    [
        ("answered", "order/invoice"),
        ("picked", "order/invoice"),
        ("task", "order/invoice"),
        ("options", None),
        ("not_recognised", None),
        ("small_talk", None),
        ("form", None),
        ("failed", None),
    ],
)
def test_topic_is_what_the_last_turn_answered(outcome: str, topic: str | None) -> None:
    intake = Intake()
    conversation, recorded = intake.take_in(VISIT, said(), NOON)
    intake.settle(settled(conversation, recorded.id, reply(), outcome=outcome))
    assert intake.surroundings(conversation, NOON + 2).topic == topic
    assert Intake().surroundings(conversation, NOON + 2).topic == topic


def test_topic_is_forgotten_after_ten_minutes() -> None:
    intake = Intake()
    conversation = answered(intake, reply())
    assert intake.surroundings(conversation, NOON + 10 * MINUTE).topic == "order/invoice"
    assert intake.surroundings(conversation, NOON + 10 * MINUTE + 1).topic is None


def test_topic_is_that_of_the_last_turn_alone() -> None:
    intake = Intake()
    answered(intake, reply())
    conversation, recorded = intake.take_in(VISIT, said("？？"), NOON + 5)
    intake.settle(settled(conversation, recorded.id, reply(), outcome="not_recognised"))
    assert intake.surroundings(conversation, NOON + 6).topic is None
    _, other = intake.take_in(VISIT, said("发货"), NOON + 9)
    intake.settle(settled(conversation, other.id, reply(), label="logistics/ship_time"))
    assert intake.surroundings(conversation, NOON + 10).topic == "logistics/ship_time"


def test_topic_of_another_customer_is_none_of_this_ones() -> None:
    intake = Intake()
    answered(intake, reply())
    conversation, _ = intake.take_in(Visit("rest", "o_2"), said("运费呢"), NOON + 2)
    assert intake.surroundings(conversation, NOON + 3).topic is None


def test_open_handoff_is_known_until_it_ends() -> None:
    intake = Intake()
    conversation = answered(intake)
    handoff = holder.request(conversation, "keyword", "转人工", None, NOON)
    assert intake.surroundings(conversation, NOON).handoff == "waiting"
    holder.close(handoff.id, "done", NOON)
    assert intake.surroundings(conversation, NOON).handoff is None


def test_end_of_a_turn_is_written_for_all_its_messages_and_the_figures() -> None:
    intake = Intake()
    conversation, first = intake.take_in(VISIT, said("在吗"), NOON)
    _, last = intake.take_in(VISIT, said("怎么开发票"), NOON)
    end = settled(conversation, last.id, reply("转人工"), {"text": "好"}, merged=[first.id])
    intake.settle(end)
    columns = messages_table.c
    query = select(columns.author, columns.state, columns.turn).order_by(columns.id)
    with reading() as connection:
        assert [tuple(row) for row in connection.execute(query)] == [
            ("customer", "merged", last.id),
            ("customer", "answered", last.id),
            ("bot", "delivered", last.id),
            ("bot", "delivered", last.id),
        ]
        (turn,) = connection.execute(select(turns)).all()
    assert (turn.id, turn.messages, turn.reply_seconds, turn.test) == (last.id, 2, 1.0, False)


def test_turn_that_is_settled_again_keeps_one_row_for_the_figures() -> None:
    intake = Intake()
    conversation, recorded = intake.take_in(VISIT, said(), NOON)
    intake.settle(settled(conversation, recorded.id, state="failed", outcome="failed"))
    intake.settle(settled(conversation, recorded.id, reply()))
    with reading() as connection:
        assert connection.execute(select(turns.c.outcome)).scalars().all() == ["answered"]
