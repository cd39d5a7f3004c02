"""Two receptions, one after the other: nothing is lost, doubled or out of its order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kefu.elsewhere import Elsewhere
from kefu.reception import Moved, Reception
from kefu.storage.encryption import pseudonym
from tests.channels.scripted import CUSTOMER, Script, a_message, bodies, started, until

OTHER = "o_another"


def conversation(customer: str = CUSTOMER) -> str:
    return pseudonym("rest", customer)


@pytest.fixture
def before(fresh_home: Path) -> Script:
    """Give what the process before says."""
    script = Script()
    script.open.clear()
    return script


@pytest.fixture
def after(fresh_home: Path) -> Script:
    return Script()


def test_process_that_has_handed_over_takes_nothing_more_in(before: Script) -> None:
    async def act() -> None:
        reception = Reception(before)
        assert reception.hand_over() == frozenset()
        with pytest.raises(Moved):
            await reception.receive(a_message("怎么退货"))
        assert bodies() == []
        reception.take_back()
        before.open.set()
        assert (await reception.receive(a_message("怎么退货"))).state == "answered"

    asyncio.run(act())


def test_turns_in_progress_are_ended_where_they_began(before: Script, after: Script) -> None:
    async def act() -> None:
        first = Reception(before)
        asked = await started(first, "怎么退货")
        elsewhere = Elsewhere(first.hand_over())
        assert elsewhere.has(conversation())
        second = Reception(after, elsewhere=elsewhere)
        assert await second.recover() == 0
        # Others are answered at once, and the same customer after the turn before.
        assert (await second.receive(a_message("几天到", customer=OTHER))).state == "answered"
        next_ = await started(second, "怎么开发票")
        assert not after.ended or "怎么开发票" not in after.ended
        before.open.set()
        assert (await asked).state == "answered"
        await until(lambda: not first.is_busy)
        elsewhere.end()
        assert (await next_).state == "answered"
        assert (before.ended, after.ended) == (["怎么退货"], ["几天到", "怎么开发票"])

    asyncio.run(act())


def test_repeat_of_a_message_in_progress_gets_the_answer_of_its_only_turn(
    before: Script, after: Script
) -> None:
    async def act() -> None:
        first = Reception(before)
        asked = await started(first, "怎么退货", "key")
        elsewhere = Elsewhere(first.hand_over())
        second = Reception(after, elsewhere=elsewhere)
        again = asyncio.ensure_future(second.receive(a_message("怎么退货", "key")))
        before.open.set()
        answer = await asked
        await until(lambda: not first.is_busy)
        elsewhere.end()
        assert (await again).replies == answer.replies
        assert (len(before.turns), len(after.turns)) == (1, 0)

    asyncio.run(act())


def test_what_a_dead_process_left_is_answered_once(before: Script, after: Script) -> None:
    async def act() -> None:
        first = Reception(before)
        await started(first, "怎么退货", "key")
        elsewhere = Elsewhere(first.hand_over())
        second = Reception(after, elsewhere=elsewhere)
        recovering = asyncio.ensure_future(second.recover_from_elsewhere())
        await asyncio.sleep(0)
        again = asyncio.ensure_future(second.receive(a_message("怎么退货", "key")))
        elsewhere.end()  # what was to say that it has done is gone
        await recovering
        assert (await again).state == "answered"
        assert after.ended == ["怎么退货"]

    asyncio.run(act())
