"""The gate while a person is called or there, and right after."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kefu import held
from kefu.bursts import Recognition
from kefu.handoff import desk, holder, rating
from kefu.handoff.records import Handoff
from kefu.reception import Reception
from kefu.storage import messages
from kefu.storage.conversations import remember
from kefu.storage.encryption import pseudonym
from tests.channels.scripted import (
    BROKEN,
    CUSTOMER,
    UNKNOWN,
    Script,
    a_message,
    outcomes,
    said_by,
    started,
    states,
    until,
)
from tests.handoff.moments import MINUTE, NIGHT, NOON


class Watched(Script):
    """A dialogue that also counts what it had to recognise."""

    def __init__(self) -> None:
        super().__init__()
        self.recognised: list[str] = []

    async def recognise(self, text: str) -> Recognition:
        self.recognised.append(text)
        return await super().recognise(text)


class Gate:
    """Reception at a time that moves, and what it told whom."""

    def __init__(self) -> None:
        self.now = NOON
        self.script = Watched()
        self.changed: list[str] = []
        self.held_back: list[str] = []
        self.reception = Reception(
            self.script,
            lambda: self.now,
            changed=self.changed.append,
            held_back=self.held_back.append,
        )
        self.conversation = pseudonym("rest", CUSTOMER)

    async def say(self, said: str, key: str | None = None, **more: str) -> tuple[str, str]:
        answer = await self.reception.receive(a_message(said, key, **more))
        return answer.state, said_by(answer)

    def request(self) -> Handoff:
        return holder.request(self.conversation, "keyword", "转人工", None, self.now)


@pytest.fixture
def gate(fresh_home: Path) -> Gate:
    return Gate()


@pytest.fixture
def rated(gate: Gate) -> Gate:
    """Give the gate after a person has served the customer, who is asked for a rating."""
    handoff = desk.take(gate.request().id, "li", NOON)
    desk.finish(handoff.id, NOON)
    return gate


async def test_waiting_customer_is_told_where_they_stand_once_a_minute(gate: Gate) -> None:
    gate.request()
    gate.now += 2 * MINUTE
    state, told = await gate.say("还要多久", "m1")
    assert state == "held" and "分钟" in told
    assert await gate.say("在吗") == ("held", "")
    gate.now += 2 * MINUTE
    assert "分钟" in (await gate.say("有人吗"))[1]
    assert await gate.say("还要多久", "m1") == (state, told)
    assert gate.script.turns == []
    assert set(states().values()) == {"held"}


async def test_waiting_customer_can_leave_a_message_instead(gate: Gate) -> None:
    gate.request()
    state, told = await gate.say("留言")
    assert state == "answered" and "请直接留言" in told
    ticket = holder.open_of(gate.conversation)
    assert ticket is not None and ticket.state == "left"
    assert await gate.say("怎么开发票") == ("answered", "答：怎么开发票")


async def test_word_of_the_button_is_a_message_like_any_other_where_nobody_waits(
    gate: Gate,
) -> None:
    assert await gate.say("留言") == ("answered", "答：留言")
    desk.take(gate.request().id, "li", NOON)
    assert await gate.say("留言") == ("held", "")
    handoff = holder.open_of(gate.conversation)
    assert handoff is not None and handoff.state == "agent"


@pytest.mark.parametrize("pressed", ["取消排队", "留言"])
def test_person_who_is_faster_than_the_button_is_not_denied(gate: Gate, pressed: str) -> None:
    desk.take(gate.request().id, "li", NOON)
    # Who was asked a moment before still says: waiting.
    state, result = held.answer(gate.conversation, "waiting", pressed, NOON)
    assert (state, result.replies) == ("held", [])


async def test_button_of_a_wait_that_is_over_is_no_question(gate: Gate) -> None:
    gate.request()
    assert (await gate.say("取消排队"))[1] == "好的，已取消排队，我继续为你服务。"
    assert await gate.say("取消排队") == ("answered", "现在没有在排队，我继续为你服务。")
    gate.request()
    await gate.say("留言")
    assert await gate.say("取消排队") == ("answered", "现在没有在排队，我继续为你服务。")
    assert "请直接留言" in (await gate.say("留言"))[1]
    ticket = holder.open_of(gate.conversation)
    assert ticket is not None and ticket.state == "left"
    assert gate.script.turns == []


async def test_who_cancels_a_wait_keeps_the_message_that_was_left_before(gate: Gate) -> None:
    gate.now = NIGHT
    gate.request()
    gate.now = NIGHT + 12 * 3600
    assert gate.request().state == "waiting"
    told = await gate.say("取消排队")
    assert told[1] == "好的，已取消排队，我继续为你服务。你之前的留言还在，人工客服会回复你。"
    ticket = holder.open_of(gate.conversation)
    assert ticket is not None and ticket.state == "left"
    assert await gate.say("怎么开发票") == ("answered", "答：怎么开发票")


@pytest.mark.parametrize(
    ("at", "when"), [(NOON, "会尽快回复你"), (NIGHT, "上班后会回复你")], ids=["noon", "night"]
)
async def test_message_that_is_left_is_noted_and_questions_are_answered(
    gate: Gate, at: float, when: str
) -> None:
    gate.now = at
    gate.request()
    holder.leave(gate.conversation, at)
    assert await gate.say("怎么开发票") == ("answered", "答：怎么开发票")
    state, told = await gate.say(f"{UNKNOWN}我要换个颜色")
    assert state == "answered" and "已记下你的留言" in told and when in told


@pytest.mark.parametrize("said", ["怎么开发票", BROKEN])
async def test_bot_says_nothing_any_more_once_a_person_has_taken_up_the_message(
    gate: Gate, said: str
) -> None:
    gate.now = NIGHT
    ticket = gate.request()
    gate.script.open.clear()
    asked = await started(gate.reception, said)
    await until(lambda: gate.script.turns)
    desk.take(ticket.id, "li", NIGHT)
    gate.script.open.set()
    answer = await asked
    assert (answer.state, answer.replies) == ("held", [])


async def test_burst_for_a_person_is_neither_recognised_nor_merged(gate: Gate) -> None:
    desk.take(gate.request().id, "li", NOON)
    said = ("在吗", "我买的", "那件衣服")
    answers = await asyncio.gather(*[await started(gate.reception, text) for text in said])
    assert [answer.state for answer in answers] == ["held"] * 3
    assert gate.script.recognised == []
    assert set(states().values()) == {"held"}


async def test_screens_hear_of_a_message_before_it_is_answered_and_after(gate: Gate) -> None:
    gate.script.open.clear()
    asked = await started(gate.reception, "怎么开发票")
    await until(lambda: gate.script.turns)
    assert gate.changed == [gate.conversation]
    gate.script.open.set()
    await asked
    assert gate.changed == [gate.conversation] * 2
    assert gate.held_back == []


async def test_what_a_person_gets_is_to_become_context(gate: Gate) -> None:
    desk.take(gate.request().id, "li", NOON)
    await gate.say("怎么开发票")
    assert gate.held_back == [gate.conversation]


async def test_turn_is_told_whether_a_person_was_ever_called(gate: Gate) -> None:
    await gate.say("怎么开发票")
    holder.cancel(gate.request().conversation, NOON)
    await gate.say("怎么退货")
    assert [turn.called for turn in gate.script.turns] == [False, True]


async def test_rating_is_taken_and_the_dialogue_sees_nothing_of_it(rated: Gate) -> None:
    assert await rated.say("不满意") == ("answered", "很抱歉没能让你满意。哪里不好？")
    assert await rated.say("回复太慢") == ("answered", "感谢你的评价！")
    assert rated.script.turns == []
    assert outcomes() == ["rating", "rating"]


async def test_anything_else_after_the_question_is_answered_as_ever(rated: Gate) -> None:
    assert await rated.say("怎么开发票") == ("answered", "答：怎么开发票")
    assert await rated.say("满意") == ("answered", "感谢你的评价！")
    assert await rated.say("其他") == ("answered", "答：其他")


async def test_picture_is_no_reason(rated: Gate) -> None:
    await rated.say("不满意")
    await rated.say("其他")
    assert "图片收到了" in (await rated.say("", kind="image"))[1]
    assert await rated.say("一直没人理") == ("answered", "感谢你的评价！")


async def test_rating_pressed_in_the_middle_of_a_burst_counts(rated: Gate) -> None:
    tasks = [await started(rated.reception, said) for said in ("在吗", "满意", "怎么开发票")]
    _, thanked, answered = await asyncio.gather(*tasks)
    assert (said_by(thanked), said_by(answered)) == ("感谢你的评价！", "答：怎么开发票")


async def test_word_without_a_question_goes_to_the_dialogue(gate: Gate) -> None:
    assert await gate.say("满意") == ("answered", "答：满意")


async def test_while_the_next_person_speaks_the_word_is_theirs(rated: Gate) -> None:
    desk.take(rated.request().id, "li", NOON)
    assert await rated.say("满意") == ("held", "")
    assert [line.text for line in messages.transcript(rated.conversation)][-1] == "满意"


async def test_rating_whose_turn_was_interrupted_is_answered_all_the_same(rated: Gate) -> None:
    conversation = remember("rest", CUSTOMER, NOON)
    recorded = messages.record(conversation, "customer", "text", "不满意", "m1", NOON)
    rating.answer(conversation, "不满意", NOON)
    after = Reception(rated.script, lambda: NOON + 1)
    await after.recover()
    await until(lambda: messages.state_of(recorded.id) == "answered")
    waiting = [m.body for m in messages.pending_out(rated.conversation)]
    assert sum("哪里不好" in body for body in waiting) == 1
