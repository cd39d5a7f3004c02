"""The record of what was said: repeats, replies, the outbox, the transcript."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from kefu.storage import messages
from kefu.storage.conversations import Visit, note
from kefu.storage.engine import writing
from kefu.storage.intake import Intake, Settled
from kefu.storage.messages import Line

pytestmark = pytest.mark.usefixtures("database")


def ask(body: str = "你好", key: str | None = None, now: float = 1.0) -> messages.Recorded:
    return messages.record("c1", "customer", "text", body, key, now)


def conversation_of_c1() -> None:
    with writing() as connection:
        note(connection, "c1", Visit("wechat:shop", "o_1"), 1.0)


def end_turn(message: int, merged: Sequence[int] = ()) -> None:
    settled = Settled(
        conversation="c1",
        channel="rest",
        turn=message,
        merged=merged,
        state="answered",
        replies=[],
        reply_state="delivered",
        outcome="answered",
        label=None,
        score=None,
        started_at=1.0,
        now=2.0,
    )
    Intake().settle(settled)


def test_a_repeat_is_known_with_what_became_of_the_first() -> None:
    first = ask(key="m1")
    assert (first.repeat, first.state) == (False, "received")
    end_turn(first.id)
    again = ask("别的", key="m1", now=9.0)
    assert again == messages.Recorded(first.id, True, "answered", first.id, 1.0)


def test_the_same_key_of_another_customer_is_no_repeat() -> None:
    ask(key="m1")
    assert not messages.record("c2", "customer", "text", "你好", "m1", 1.0).repeat


def test_without_a_key_nothing_is_a_repeat() -> None:
    assert ask().id != ask().id


@pytest.mark.parametrize("key", ["k" * 5000, "a\0b", "\ud800"])
def test_any_key_of_a_channel_can_be_recorded(key: str) -> None:
    assert not ask(key=key).repeat
    assert ask(key=key).repeat


def test_a_message_that_arrives_many_times_at_once_is_recorded_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda _: ask(key="m1"), range(24)))
    assert len({record.id for record in records}) == 1
    assert sum(not record.repeat for record in records) == 1


def test_the_reply_is_found_again_also_for_a_merged_message() -> None:
    first, second = ask("在吗"), ask("我的订单呢")
    end_turn(second.id, merged=[first.id])
    messages.add_reply("c1", "bot", '[{"text":"您好"}]', second.id, 3.0, "delivered")
    messages.add_reply("c1", "bot", '[{"text":"在的"}]', second.id, 3.0)
    bodies = ['[{"text":"您好"}]', '[{"text":"在的"}]']
    assert [reply.body for reply in messages.reply_of(second.id)] == bodies
    assert [reply.body for reply in messages.reply_of(first.id)] == bodies
    assert messages.reply_of(999) == []


def test_what_waits_for_the_customer_is_taken_once() -> None:
    ids = [messages.add_reply("c1", "agent", text, None, 1.0) for text in ("一", "二")]
    messages.add_reply("c2", "agent", "别人的", None, 1.0)
    messages.add_reply("c1", "bot", "[]", None, 1.0, "delivered")
    assert [message.id for message in messages.pending_out("c1")] == ids
    assert [message.body for message in messages.take_out("c1", now=2.0)] == ["一", "二"]
    assert messages.take_out("c1", now=3.0) == []
    assert messages.mark_delivered(ids, now=3.0) == []


def test_two_readers_never_get_the_same_message() -> None:
    ids = [messages.add_reply("c1", "agent", str(n), None, 1.0) for n in range(40)]
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda _: messages.take_out("c1", 2.0), range(12)))
    assert sorted(message.id for batch in taken for message in batch) == ids


def test_messages_whose_turn_never_ended_are_found_after_a_crash() -> None:
    conversation_of_c1()
    lost, answered, recent = (ask("丢了", now=1.0), ask("答了", now=1.0), ask("刚到", now=9.0))
    end_turn(answered.id)
    found = messages.unanswered(older_than=5.0)
    assert [(message.id, message.body) for message in found] == [(lost.id, "丢了")]
    assert recent.id not in {message.id for message in found}


def test_what_waits_for_its_turn_is_found_by_channel() -> None:
    conversation_of_c1()
    waiting = ask("等着", now=1.0)
    entered = messages.record("c1", "system", "enter", "进入客服", None, 1.0)
    end_turn(ask("答了", now=1.0).id)
    assert messages.waiting_for_turn("wechat:") == [waiting.id, entered.id]
    assert messages.waiting_for_turn("rest") == []
    end_turn(waiting.id)
    (left,) = messages.still_unanswered([waiting.id, entered.id])
    assert (left.kind, left.channel, left.body) == ("enter", "wechat:shop", "进入客服")


def test_the_transcript_reads_like_the_chat() -> None:
    question = ask("查物流", now=1.0)
    messages.record("c1", "customer", "image", "", None, 2.0)
    reply = [
        {"recipient_id": "c1", "text": "哪个订单？", "buttons": [{"title": "A"}, {"title": "B"}]},
        {"image": "https://example.com/a.png"},
        {"custom": {"type": "card"}},
    ]
    messages.add_reply("c1", "bot", json.dumps(reply), question.id, 3.0)
    messages.add_reply("c1", "bot", "不是 JSON", None, 4.0)
    messages.add_reply("c1", "agent", "我来帮你", None, 5.0)
    assert messages.transcript("c1") == [
        Line(1.0, "customer", "查物流"),
        Line(2.0, "customer", "[图片]"),
        Line(3.0, "bot", "哪个订单？\n「A」「B」\n[图片]\n[卡片]"),
        Line(4.0, "bot", "不是 JSON"),
        Line(5.0, "agent", "我来帮你"),
    ]
    assert [line.text for line in messages.transcript("c1", limit=1)] == ["我来帮你"]
