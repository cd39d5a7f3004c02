"""Messages that another process recorded: each gets one turn, and its reply waits."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from kefu import reception as receiving
from kefu.channels.wechat.accounts import CHANNEL_PREFIX
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.entry_page import EntryPage
from kefu.channels.wechat.intake import take_in
from kefu.handoff import holder
from kefu.reception import Reception
from kefu.storage import messages, tables
from kefu.storage.encryption import pseudonym
from tests.channels.scripted import BROKEN, Script, a_message, outcomes, started, until
from tests.channels.wechat.platform import (
    OPENID,
    Clock,
    conversation,
    mini,
    of_customers,
    rename_table,
    rows,
)
from tests.handoff.moments import NOON


@pytest.fixture
def script(fresh_home: Path) -> Script:
    return Script()


@pytest.fixture
def announced() -> list[str]:
    return []


@pytest.fixture
def reception(script: Script, announced: list[str]) -> Reception:
    return Reception(script, Clock(), announced.append)


def record(text: str, key: str = "1", openid: str = OPENID, **more: object) -> int:
    """Record a message as the process that takes pushes does."""
    arrival = Arrival("text", text, trigger="message", **more)  # type: ignore[arg-type]
    recorded = take_in(mini(), openid, arrival, key, NOON).recorded
    assert recorded is not None
    return recorded.id


def waiting(openid: str = OPENID) -> list[str]:
    found = messages.pending_out(conversation(mini(), openid))
    return [json.loads(message.body)["text"] for message in found]


async def test_reply_waits_for_its_channel_which_is_told(
    reception: Reception, script: Script, announced: list[str]
) -> None:
    number = record("怎么开发票")
    assert await reception.pick_up(CHANNEL_PREFIX) == 1
    await until(lambda: announced)
    assert announced == [conversation(mini())]
    assert waiting() == ["答：怎么开发票"]
    assert [(turn.channel, turn.message_id) for turn in script.turns] == [
        ("wechat:mini", f"m{number}")
    ]
    assert await reception.pick_up(CHANNEL_PREFIX) == 0


async def test_many_looks_at_once_make_one_turn(reception: Reception, script: Script) -> None:
    numbers = [record(f"问题{number}", str(number), f"o_{number}") for number in range(20)]
    picked = await asyncio.gather(
        *(reception.pick_up(CHANNEL_PREFIX, known) for known in ([], numbers, [], numbers))
    )
    assert sum(picked) == 20
    await until(lambda: len(outcomes()) == 20)
    assert len(script.turns) == 20


async def test_message_that_ends_while_it_is_looked_up_has_no_second_turn(
    reception: Reception, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = record("怎么开发票")
    found = messages.still_unanswered([number])
    await reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: waiting())
    # What was read before its end is looked at after it.
    monkeypatch.setattr(messages, "waiting_for_turn", lambda _channels: [number])
    monkeypatch.setattr(messages, "still_unanswered", lambda _ids: found)
    assert await reception.pick_up(CHANNEL_PREFIX) == 0
    assert len(script.turns) == 1


async def test_message_told_of_after_it_was_answered_has_no_second_turn(script: Script) -> None:
    number = record("怎么开发票")
    await Reception(script, Clock()).pick_up(CHANNEL_PREFIX)
    await until(lambda: waiting())
    # Another process, which remembers nothing of it.
    assert await Reception(script, Clock()).pick_up(CHANNEL_PREFIX, [number]) == 0
    assert len(script.turns) == 1


async def test_messages_of_other_channels_are_left_alone(
    reception: Reception, script: Script
) -> None:
    script.open.clear()
    task = await started(Reception(script, Clock()), "怎么退货", "m1")
    assert await reception.pick_up(CHANNEL_PREFIX) == 0
    script.open.set()
    await task


async def test_message_that_waits_is_not_taken_up_again_by_recovery(
    reception: Reception, script: Script
) -> None:
    record("怎么开发票")
    script.open.clear()
    assert await reception.pick_up(CHANNEL_PREFIX) == 1
    await until(lambda: script.turns)
    assert await reception.recover() == 0
    script.open.set()
    await until(lambda: waiting())
    assert len(script.turns) == 1


async def test_messages_of_one_customer_are_answered_in_their_order(
    reception: Reception, script: Script
) -> None:
    for number, text in enumerate(("怎么开发票", "怎么退货", "几天到")):
        record(text, str(number))
    assert await reception.pick_up(CHANNEL_PREFIX) == 3
    await until(lambda: len(waiting()) == 3)
    assert waiting() == ["答：怎么开发票", "答：怎么退货", "答：几天到"]
    assert set(script.most_at_once.values()) == {1}


async def test_one_who_enters_is_welcomed_to_the_page_without_a_turn(
    reception: Reception, script: Script
) -> None:
    entered = Arrival("enter", "进入客服", EntryPage("member"), "enter")
    take_in(mini(), OPENID, entered, "e1", NOON)
    assert await reception.pick_up(CHANNEL_PREFIX) == 1
    await until(lambda: waiting())
    assert waiting() == ["你好，我是小客。会员和积分的问题都可以问我。"]
    assert script.turns == [] and outcomes() == ["welcome"]


async def test_turn_that_fails_leaves_an_apology_in_line(
    reception: Reception, announced: list[str]
) -> None:
    record(BROKEN)
    await reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: announced)
    (apology,) = waiting()
    assert apology.startswith("抱歉") and outcomes() == ["failed"]


async def test_end_of_a_turn_is_recorded_when_the_database_is_back(
    reception: Reception,
    script: Script,
    announced: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(receiving, "_RECORD_AGAIN_AFTER", (0.05,) * 100)
    record("怎么开发票")
    script.open.clear()
    await reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: script.turns)
    rename_table("turns", "turns_away")
    script.open.set()
    await until(lambda: caplog.text.count("could not be recorded") > 1)
    # It is not lost, and nobody else begins it again meanwhile.
    assert await reception.pick_up(CHANNEL_PREFIX) == 0
    rename_table("turns_away", "turns")
    await until(lambda: announced)
    assert waiting() == ["答：怎么开发票"] and len(script.turns) == 1


async def test_turn_whose_end_is_never_recorded_is_taken_up_again(
    reception: Reception, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "_RECORD_AGAIN_AFTER", ())
    record("怎么开发票")
    script.open.clear()
    await reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: script.turns)
    rename_table("turns", "turns_away")
    script.open.set()
    await until(lambda: not reception._pending)
    rename_table("turns_away", "turns")
    assert await reception.pick_up(CHANNEL_PREFIX) == 1
    await until(lambda: waiting())
    assert waiting() == ["答：怎么开发票"]


async def test_long_standstill_is_worked_off_in_portions(
    reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "_MOST_PICKED_UP", 4)
    for number in range(10):
        record(f"问题{number}", str(number), f"o_{number}")
    picked = [await reception.pick_up(CHANNEL_PREFIX) for _ in range(4)]
    assert sum(picked) == 10 and max(picked) == 4
    await until(lambda: {state for _, state in of_customers()} == {"answered"})


async def test_only_so_many_turns_run_at_a_time(reception: Reception, script: Script) -> None:
    script.open.clear()
    for number in range(receiving.TURNS_AT_A_TIME + 3):
        record(f"问题{number}", str(number), f"o_{number}")
    await reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: len(script.turns) == receiving.TURNS_AT_A_TIME)
    script.open.set()
    await until(lambda: len(outcomes()) == receiving.TURNS_AT_A_TIME + 3)


async def test_customer_of_a_held_conversation_is_left_to_the_person(
    reception: Reception, script: Script
) -> None:
    handoff = holder.request(conversation(mini()), "keyword", "转人工", None, NOON)
    holder.accept(handoff.id, "小王", NOON)
    record("怎么开发票")
    await reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: of_customers() == [("怎么开发票", "held")])
    assert waiting() == [] and script.turns == []


async def test_other_channel_still_gets_its_answer_at_once(
    reception: Reception, announced: list[str]
) -> None:
    answer = await reception.receive(a_message("怎么开发票"))
    assert answer.state == "answered" and announced == []
    assert messages.pending_out(pseudonym("rest", "o_customer")) == []
    assert [row.state for row in rows(tables.messages)] == ["answered", "delivered"]
