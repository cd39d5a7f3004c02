"""What the helpdesk is told: everything once, in order, and nothing that names the customer."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from kefu.environment import environment
from kefu.handoff import desk, holder
from kefu.helpdesk import agents
from kefu.helpdesk.pump import Pump
from kefu.storage import messages
from kefu.storage.engine import engine, reading, writing
from kefu.storage.tables import helpdesk_events
from kefu.storage.tables import messages as messages_table
from tests.databases import PROJECT
from tests.helpdesk.made import NIGHT, NOON, OPENID, asks, customer, outbox_kinds, writes

pytestmark = pytest.mark.usefixtures("database")


def told(state: str = "pending") -> list[dict[str, Any]]:
    query = select(helpdesk_events.c.body).where(helpdesk_events.c.state == state)
    with reading() as connection:
        bodies = connection.execute(query.order_by(helpdesk_events.c.id)).scalars()
        return [json.loads(body) for body in bodies if body]


def test_a_request_tells_the_reason_and_what_was_said_but_not_who_the_customer_is() -> None:
    conversation = customer()
    writes(conversation, "怎么还没发货")
    messages.add_reply(conversation, "bot", json.dumps({"text": "48 小时内发货"}), None, NOON)
    handoff = asks(conversation, NOON + 5)
    assert Pump().fill(NOON + 6) == 1
    (event,) = told()
    assert (event["type"], event["conversation"]) == ("handoff.requested", conversation)
    assert event["channel"] == "rest"
    assert event["handoff"]["number"] == handoff.id
    assert event["handoff"]["state"] == "waiting"
    assert event["handoff"]["reason_text"] == "顾客要求"
    assert event["handoff"]["question"] == "怎么还没发货"
    lines = [(line["author"], line["text"]) for line in event["transcript"]]
    assert lines == [("customer", "怎么还没发货"), ("bot", "48 小时内发货")]
    assert OPENID not in json.dumps(event)


def test_the_transcript_ends_with_the_last_fifty_lines() -> None:
    conversation = customer()
    for number in range(60):
        writes(conversation, f"第 {number} 句", NOON - 3600 + number)
    asks(conversation)
    Pump().fill(NOON)
    (event,) = told()
    said = [line["text"] for line in event["transcript"]]
    assert (len(said), said[0], said[-1]) == (50, "第 10 句", "第 59 句")


def test_nothing_is_told_twice_however_often_it_is_looked_for() -> None:
    conversation = customer()
    writes(conversation, "在吗")
    asks(conversation)
    writes(conversation, "快点", NOON + 10)
    pump = Pump()
    assert [pump.fill(NOON + 11), pump.fill(NOON + 12), Pump().fill(NOON + 13)] == [1, 0, 0]
    writes(conversation, "还在吗", NOON + 20)
    assert [Pump().fill(NOON + 21), pump.fill(NOON + 22)] == [1, 0]
    assert outbox_kinds() == ["handoff.requested", "message.created"]
    assert told()[-1]["message"]["text"] == "还在吗"


def test_pumps_that_race_tell_everything_once() -> None:
    conversations = [customer(f"o_{number}") for number in range(5)]
    for conversation in conversations:
        writes(conversation, "在吗")
        asks(conversation)

    def fill(number: int) -> int:
        return Pump().fill(NOON + number)

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(fill, range(6))) == 5
    assert outbox_kinds() == ["handoff.requested"] * 5


def test_a_message_that_was_committed_late_is_not_lost() -> None:
    conversation = customer()
    asks(conversation)
    pump = Pump()
    pump.fill(NOON + 1)
    # Begun before the transcript was taken, visible only now.
    writes(conversation, "来晚的一句", NOON - 1)
    writes(conversation, "后一句", NOON + 2)
    pump.fill(NOON + 3)
    assert [event["message"]["text"] for event in told()[1:]] == ["来晚的一句", "后一句"]


def test_what_their_own_people_say_does_not_come_back_to_them() -> None:
    conversation = customer()
    handoff = asks(conversation)
    pump = Pump()
    pump.fill(NOON + 1)
    desk.say(handoff.id, agents.login_of("小李"), "您好", NOON + 2, f"{agents.KEY}1")
    writes(conversation, "你好", NOON + 3)
    pump.fill(NOON + 4)
    said = [event["message"] for event in told() if event["type"] == "message.created"]
    assert [(line["author"], line["text"]) for line in said if line["author"] != "system"] == [
        ("customer", "你好")
    ]
    assert "handoff.changed" not in outbox_kinds()


def test_when_one_of_ours_takes_the_customer_they_are_told_by_whom() -> None:
    handoff = asks(customer())
    pump = Pump()
    pump.fill(NOON + 1)
    holder.accept(handoff.id, "小王", NOON + 2)
    pump.fill(NOON + 3)
    assert told()[-1]["change"] == {"what": "accepted", "agent": "小王"}


def test_a_ticket_that_is_asked_for_again_by_day_waits() -> None:
    conversation = customer()
    asks(conversation, NIGHT - 86400)
    pump = Pump()
    pump.fill(NIGHT - 86400 + 1)
    asks(conversation, NOON)
    pump.fill(NOON + 1)
    first, again = told()
    assert (first["handoff"]["state"], again["handoff"]["state"]) == ("left", "waiting")
    assert (again["type"], again["change"]["what"]) == ("handoff.changed", "requested")


def test_what_is_said_to_a_ticket_is_told() -> None:
    conversation = customer()
    asks(conversation, NIGHT)
    pump = Pump()
    pump.fill(NIGHT + 1)
    writes(conversation, "明天请回我电话", NIGHT + 60)
    pump.fill(NIGHT + 61)
    assert told()[-1]["message"]["text"] == "明天请回我电话"


def test_a_wait_that_is_cancelled_is_told_after_what_was_said() -> None:
    conversation = customer()
    asks(conversation)
    pump = Pump()
    pump.fill(NOON + 1)
    writes(conversation, "取消排队", NOON + 10)
    holder.cancel(conversation, NOON + 11)
    pump.fill(NOON + 11.5)
    pump.fill(NOON + 14)
    pump.fill(NOON + 15)
    kinds = ["handoff.requested", "message.created", "handoff.cancelled"]
    assert outbox_kinds() == kinds
    assert told()[-1]["handoff"]["close_reason"] == "cancelled"


@pytest.mark.parametrize("new_process", [False, True])
def test_an_end_is_told_also_after_a_restart(new_process: bool) -> None:
    conversation = customer()
    handoff = asks(conversation)
    pump = Pump()
    pump.fill(NOON + 1)
    holder.accept(handoff.id, agents.login_of("小李"), NOON + 2)
    writes(conversation, "谢谢", NOON + 3)
    holder.close(handoff.id, "idle", NOON + 4)
    pump = Pump() if new_process else pump
    pump.fill(NOON + 3600)
    assert outbox_kinds() == ["handoff.requested", "message.created", "handoff.closed"]
    writes(conversation, "又来了", NOON + 3700)
    assert pump.fill(NOON + 3701) == 0


def test_an_end_is_told_when_only_single_conversations_were_looked_at() -> None:
    conversation = customer()
    pump = Pump()
    pump.fill(NOON)
    asks(conversation)
    pump.fill(NOON + 1, [conversation])
    holder.cancel(conversation, NOON + 2)
    pump.fill(NOON + 60)
    assert outbox_kinds() == ["handoff.requested", "handoff.cancelled"]


def test_a_ring_tells_only_of_its_conversation() -> None:
    here, there = customer("o_1"), customer("o_2")
    asks(here)
    asks(there)
    assert Pump().fill(NOON, [here]) == 1
    assert told()[0]["conversation"] == here


def test_what_was_over_before_is_not_told() -> None:
    conversation = customer()
    holder.close(asks(conversation).id, "done", NOON + 1)
    assert Pump().fill(NOON + 10) == 0


def test_a_picture_says_where_its_file_can_be_fetched() -> None:
    from kefu.storage import media

    conversation = customer()
    asks(conversation)
    pump = Pump()
    pump.fill(NOON + 1)
    with writing() as connection:
        made = messages.record_in(connection, conversation, "customer", "image", "", "k", NOON + 2)
        media.keep(connection, made.id, conversation, "rest", b"x", "image/png", NOON + 2)
    pump.fill(NOON + 3)
    line = told()[-1]["message"]
    assert line["media"] == {"message": made.id, "type": "image/png"}
    assert line["text"] == "[图片]"


def test_customers_of_wechats_own_desk_are_none_of_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = "kefu.channels.wechat.connector.WechatChannel"
    (tmp_path / "credentials.yml").write_text(
        f"{section}:\n  accounts:\n    shop: {{desk: wechat}}\n    other: {{}}\n"
    )
    shutil.copy(PROJECT / "settings.yml", tmp_path)
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    environment.cache_clear()
    asks(customer("o_1", "wechat:shop"))
    ours = customer("o_2", "wechat:other")
    asks(ours)
    assert Pump().fill(NOON + 1) == 1
    assert (told()[0]["conversation"], told()[0]["channel"]) == (ours, "wechat")


def test_what_waits_is_not_readable_in_the_database() -> None:
    conversation = customer()
    writes(conversation, "我的地址是长安街一号")
    asks(conversation)
    Pump().fill(NOON + 1)
    with engine().connect() as connection:
        stored = connection.exec_driver_sql("SELECT body FROM helpdesk_events").scalars().all()
    assert stored and all("长安街".encode() not in bytes(body) for body in stored)


def test_a_message_whose_turn_is_not_over_is_told_as_well() -> None:
    conversation = customer()
    asks(conversation)
    pump = Pump()
    pump.fill(NOON + 1)
    number = writes(conversation, "在吗", NOON + 2)
    pump.fill(NOON + 3)
    with writing() as connection:
        held = update(messages_table).where(messages_table.c.id == number).values(state="held")
        connection.execute(held)
    assert pump.fill(NOON + 4) == 0
    assert told()[-1]["message"]["message"] == number
