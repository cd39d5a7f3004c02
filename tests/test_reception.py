"""The gate, with a dialogue that does what its text says, on a real database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from kefu.handoff import holder
from kefu.reception import Reception
from kefu.storage import messages, tables
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import reading
from tests.channels.scripted import (
    BROKEN,
    CUSTOMER,
    QUESTIONS,
    Script,
    a_message,
    bodies,
    outcomes,
    said_by,
    started,
    states,
    until,
)
from tests.handoff.moments import NOON

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def script(fresh_home: Path) -> Script:
    return Script()


@pytest.fixture
def reception(script: Script) -> Reception:
    return Reception(script, lambda: NOON)


async def test_message_is_recorded_before_the_dialogue_sees_it(
    reception: Reception, script: Script
) -> None:
    answer = await reception.receive(a_message("怎么开发票"))
    assert script.unanswered_at_start == [["怎么开发票"]]
    assert (answer.state, said_by(answer)) == ("answered", "答：怎么开发票")
    assert states() == {"怎么开发票": "answered"}
    assert outcomes() == ["answered"]


async def test_retry_gets_the_same_answer_and_no_second_turn(
    reception: Reception, script: Script
) -> None:
    first = await reception.receive(a_message("怎么开发票", "m1"))
    again = await reception.receive(a_message("怎么开发票", "m1"))
    assert again == first
    assert len(script.turns) == 1
    other = await reception.receive(a_message("怎么开发票", "m1", "o_other"))
    assert other.message != first.message


async def test_retry_while_the_first_is_being_answered_waits_for_it(
    reception: Reception, script: Script
) -> None:
    script.open.clear()
    first = await started(reception, "怎么开发票", "m1")
    await until(lambda: script.turns)
    again = asyncio.ensure_future(reception.receive(a_message("怎么开发票", "m1")))
    await asyncio.wait([again], timeout=0.1)
    assert not again.done()
    script.open.set()
    assert await first == await again
    assert len(script.turns) == 1


async def test_retries_that_meet_the_end_of_the_turn_start_no_second_one(
    reception: Reception, script: Script
) -> None:
    for number in range(20):
        key = f"m{number}"
        first = asyncio.ensure_future(reception.receive(a_message("怎么开发票", key)))
        await until(lambda n=number: len(script.turns) > n)
        again = await asyncio.gather(*(reception.receive(a_message("x", key)) for _ in range(5)))
        assert set(map(said_by, again)) == {said_by(await first)}
    assert len(script.turns) == 20


async def test_retry_after_a_restart_gets_the_answer_from_the_record(
    reception: Reception, script: Script
) -> None:
    first = await reception.receive(a_message("怎么开发票", "m1"))
    other = Script()
    again = await Reception(other, lambda: NOON).receive(a_message("怎么开发票", "m1"))
    assert (again.state, again.replies) == (first.state, first.replies)
    assert other.turns == []


async def test_turns_of_one_customer_run_one_after_the_other(
    reception: Reception, script: Script
) -> None:
    script.open.clear()
    tasks = [await started(reception, question) for question in QUESTIONS]
    script.open.set()
    answers = await asyncio.gather(*tasks)
    assert [said_by(a) for a in answers] == [f"答：{question}" for question in QUESTIONS]
    assert script.ended == list(QUESTIONS)
    assert list(script.most_at_once.values()) == [1]


async def test_customers_do_not_wait_for_each_other(reception: Reception, script: Script) -> None:
    script.open.clear()
    customers = [f"o_{number}" for number in range(6)]
    tasks = [
        asyncio.ensure_future(reception.receive(a_message("怎么开发票", customer=customer)))
        for customer in customers
    ]
    await until(lambda: len(script.turns) == len(customers))
    script.open.set()
    assert {answer.state for answer in await asyncio.gather(*tasks)} == {"answered"}


async def test_opener_and_what_follows_are_one_turn(reception: Reception, script: Script) -> None:
    tasks = [await started(reception, said) for said in ("在吗", "我想问", "怎么开发票")]
    first, second, last = await asyncio.gather(*tasks)
    assert [turn.text for turn in script.turns] == ["在吗，我想问，怎么开发票"]
    assert (first.state, second.state, last.state) == ("merged", "merged", "answered")
    assert first.merged_into == second.merged_into == last.message
    assert first.replies == [] and said_by(last) == "答：在吗，我想问，怎么开发票"
    assert states() == {"在吗": "merged", "我想问": "merged", "怎么开发票": "answered"}
    with reading() as connection:
        assert connection.execute(select(tables.turns.c.messages)).scalars().all() == [3]


async def test_opener_alone_is_answered(reception: Reception) -> None:
    answer = await reception.receive(a_message("在吗"))
    assert (answer.state, said_by(answer)) == ("answered", "答：在吗")


async def test_messages_that_come_during_a_turn_are_one_turn(
    reception: Reception, script: Script
) -> None:
    script.open.clear()
    tasks = [await started(reception, "怎么开发票")]
    await until(lambda: script.turns)
    tasks += [await started(reception, said) for said in ("我买的", "那件衣服", "大了")]
    script.open.set()
    answers = await asyncio.gather(*tasks)
    assert [turn.text for turn in script.turns] == ["怎么开发票", "我买的，那件衣服，大了"]
    assert [answer.state for answer in answers] == ["answered", "merged", "merged", "answered"]


async def test_two_questions_of_a_burst_are_both_answered(
    reception: Reception, script: Script
) -> None:
    tasks = [await started(reception, said) for said in ("在吗", "怎么开发票", "怎么退货")]
    answers = await asyncio.gather(*tasks)
    assert [turn.text for turn in script.turns] == ["在吗，怎么开发票", "怎么退货"]
    assert [answer.state for answer in answers] == ["merged", "answered", "answered"]


async def test_retry_of_a_merged_message_names_the_one_that_was_answered(
    reception: Reception,
) -> None:
    tasks = [await started(reception, "在吗", "m1"), await started(reception, "怎么开发票", "m2")]
    _, last = await asyncio.gather(*tasks)
    again = await reception.receive(a_message("在吗", "m1"))
    assert (again.state, again.merged_into) == ("merged", last.message)


async def test_bot_is_silent_while_a_customer_waits_or_a_person_speaks(
    reception: Reception, script: Script
) -> None:
    conversation = pseudonym("rest", CUSTOMER)
    handoff = holder.request(conversation, "keyword", "转人工", None, NOON)
    waiting = await reception.receive(a_message("有人吗", "m1"))
    assert (waiting.state, waiting.replies) == ("held", [])
    holder.accept(handoff.id, "小王", NOON)
    held = await reception.receive(a_message("怎么开发票"))
    assert (held.state, held.replies) == ("held", [])
    assert (await reception.receive(a_message("", kind="enter"))).replies == []
    assert script.turns == []
    assert states() == {"有人吗": "held", "怎么开发票": "held"}
    assert [line.text for line in messages.transcript(conversation)][:2] == ["有人吗", "怎么开发票"]
    assert (await reception.receive(a_message("有人吗", "m1"))).state == "held"
    holder.close(handoff.id, "done", NOON)
    assert said_by(await reception.receive(a_message("几天到"))) == "答：几天到"


async def test_customer_who_no_longer_waits_is_the_bots_again(
    reception: Reception, script: Script
) -> None:
    holder.request(pseudonym("rest", CUSTOMER), "keyword", "转人工", None, NOON)
    answer = await reception.receive(a_message("取消排队"))
    assert (answer.state, said_by(answer)) == ("answered", "好的，已取消排队，我继续为你服务。")
    assert holder.open_handoffs() == []
    assert said_by(await reception.receive(a_message("怎么开发票"))) == "答：怎么开发票"


async def test_question_right_after_the_end_of_waiting_is_answered(
    reception: Reception, script: Script
) -> None:
    holder.request(pseudonym("rest", CUSTOMER), "keyword", "转人工", None, NOON)
    tasks = [await started(reception, said) for said in ("在吗", "取消排队", "怎么开发票")]
    opener, cancelled, asked = await asyncio.gather(*tasks)
    assert opener.state == "held"
    assert "已取消排队" in said_by(cancelled)
    assert said_by(asked) == "答：怎么开发票"


async def test_agent_cannot_be_sent_away_by_the_button(reception: Reception) -> None:
    handoff = holder.request(pseudonym("rest", CUSTOMER), "keyword", "转人工", None, NOON)
    holder.accept(handoff.id, "小王", NOON)
    assert (await reception.receive(a_message("取消排队"))).state == "held"
    assert [ticket.state for ticket in holder.open_handoffs()] == ["agent"]


@pytest.mark.parametrize(
    ("page", "greeting", "button"),
    [
        (None, "你好，我是示例商城的智能客服小客", "转人工"),
        ("order", "这个订单需要我帮你看什么", "申请售后"),
        ("product", "正在看的商品", "尺码怎么选"),
        ("member", "会员和积分", "查积分"),
        ("elsewhere", "你好，我是示例商城的智能客服小客", "查物流"),
    ],
)
async def test_opening_the_chat_is_welcomed_as_the_page_suggests(
    reception: Reception, script: Script, page: str | None, greeting: str, button: str
) -> None:
    answer = await reception.receive(a_message("", kind="enter", page=page))
    assert greeting in said_by(answer)
    assert button in [shown["payload"] for shown in answer.replies[0]["buttons"]]
    assert (outcomes(), script.turns) == (["welcome"], [])


async def test_dialogue_is_told_the_page_its_order_and_that_a_button_was_pressed(
    reception: Reception, script: Script
) -> None:
    order = "202611010000000001"
    await reception.receive(a_message("", kind="enter", page="order", page_order_no=order))
    await reception.receive(a_message("查物流"))
    assert script.turns[0].metadata == {"page": "order", "order_no": order, "button": True}
    await reception.receive(a_message("到哪了"))
    assert script.turns[1].metadata == {"page": "order", "order_no": order}


@pytest.mark.parametrize("kind", ["image", "voice"])
async def test_media_get_an_honest_answer_with_a_way_to_a_person(
    reception: Reception, script: Script, kind: str
) -> None:
    answer = await reception.receive(a_message("https://img.example/1", kind=kind))
    assert "收到了" in said_by(answer)
    assert answer.replies[0]["buttons"] == [{"title": "转人工", "payload": "转人工"}]
    assert script.turns == []


@pytest.mark.parametrize(
    "said", ["a\x00b", "😀👍", "\u202e'; DROP TABLE messages; --{{7*7}}", "长" * 2000]
)
async def test_odd_texts_are_kept_as_they_are(
    reception: Reception, script: Script, said: str
) -> None:
    answer = await reception.receive(a_message(said))
    assert said_by(answer) == f"答：{said}"
    assert bodies() == [said]


async def test_nothing_readable_of_a_customer_is_in_the_database_or_the_log(
    reception: Reception, fresh_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="kefu")
    secrets = ("我的手机号是13800138000", "13800138000", CUSTOMER)
    await reception.receive(a_message("我的手机号是13800138000"))
    await reception.receive(a_message(f"{BROKEN}，我的手机号是13800138000"))
    stored = b"".join(file.read_bytes() for file in fresh_home.iterdir() if "kefu.db" in file.name)
    assert len(stored) > 10_000
    assert not [secret for secret in secrets if secret.encode() in stored]
    assert not [secret for secret in secrets if secret in caplog.text]
