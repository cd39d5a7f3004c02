"""What was said while the bot was silent, as the database tells it."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from kefu.storage import held, messages
from kefu.storage.engine import writing
from kefu.storage.tables import messages as table

NOW = 1_800_000_000.0


def customer(text: str, state: str, turn: int | None = None, at: float = NOW) -> int:
    id_ = messages.record("c1", "customer", "text", text, None, at).id
    with writing() as connection:
        values = {"state": state, "turn": turn or id_}
        connection.execute(update(table).where(table.c.id == id_).values(**values))
    return id_


def said(after: int = 0, now: float = NOW) -> list[tuple[str, str]]:
    return [(line.author, line.text) for line in held.said_since("c1", after, now)]


def test_words_of_customer_and_people_are_told_in_their_order(database: str) -> None:
    customer("怎么开发票", "answered")
    messages.add_reply("c1", "bot", '{"text": "申请发票"}', None, NOW)
    messages.add_reply("c1", "system", "人工客服小李已接入", None, NOW)
    first = customer("在吗", "held")
    messages.add_reply("c1", "agent", "在的", None, NOW)
    messages.record("c2", "customer", "text", "别人的话", None, NOW)
    told = [("system", "人工客服小李已接入"), ("customer", "在吗"), ("agent", "在的")]
    assert said() == told
    assert said(first) == told[2:]


def test_message_that_was_merged_into_a_held_one_is_held_too(database: str) -> None:
    later = messages.record("c1", "customer", "text", "怎么退货", None, NOW).id
    customer("在吗", "merged", later)
    customer("你好", "merged", customer("怎么开发票", "answered"))
    with writing() as connection:
        connection.execute(update(table).where(table.c.id == later).values(state="held"))
    assert said() == [("customer", "怎么退货"), ("customer", "在吗")]


def test_nothing_after_a_message_in_work_is_told_before_it(database: str) -> None:
    waiting = customer("我想问一下", "received")
    messages.add_reply("c1", "agent", "请说", None, NOW)
    assert said() == [] and held.newest("c1", NOW) == 0
    with writing() as connection:
        connection.execute(update(table).where(table.c.id == waiting).values(state="held"))
    assert said() == [("customer", "我想问一下"), ("agent", "请说")]


def test_message_that_nobody_ever_answered_does_not_stand_in_the_way(database: str) -> None:
    customer("我想问一下", "received", at=NOW - 3600)
    messages.add_reply("c1", "agent", "请说", None, NOW)
    assert said() == [("agent", "请说")]


@pytest.mark.parametrize(("kind", "shown"), [("image", "[图片]"), ("voice", "[语音]")])
def test_picture_and_recording_are_named(database: str, kind: str, shown: str) -> None:
    id_ = messages.record("c1", "customer", kind, "", None, NOW).id
    with writing() as connection:
        connection.execute(update(table).where(table.c.id == id_).values(state="held"))
    assert said() == [("customer", shown)]


def test_long_text_is_cut_and_of_a_long_talk_the_end_is_told(database: str) -> None:
    customer("长" * 5000, "held")
    assert len(said()[0][1]) == 1000
    for number in range(205):
        messages.add_reply("c1", "agent", f"第{number}句", None, NOW)
    told = said()
    assert len(told) == 200 and told[-1] == ("agent", "第204句")
