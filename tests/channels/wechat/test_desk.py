"""Handing over to WeChat's own desk, as far as a push's answer goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kefu.channels.wechat import desk
from kefu.channels.wechat import receiver as receiving
from kefu.channels.wechat.accounts import CHANNEL_PREFIX, Account
from kefu.channels.wechat.receiver import Answer, Received, Receiver
from kefu.handoff import holder
from kefu.reception import Reception
from kefu.storage import messages
from kefu.wechat_double.answers import read_answer
from tests.channels.scripted import until
from tests.channels.wechat.helpful import Helpful
from tests.channels.wechat.platform import (
    OPENID,
    Clock,
    conversation,
    event,
    mini,
    of_customers,
    official,
    played,
    pushed,
    said,
)
from tests.handoff.moments import MINUTE, NIGHT

SUCCESS = Answer(200, "success")
# What the double's desk and ours call the same thing.
AGENT = "kf2001@gh_1"


class Chat:
    """A customer of an account whose people sit at WeChat's desk."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self.account = account
        self.clock = clock
        self.script = Helpful(clock)
        self.reception = Reception(self.script, clock)
        self.receiver = Receiver([account], self._received, clock)
        self._number = 0
        self._tasks: list[asyncio.Future[int]] = []

    def _received(self, received: Received) -> None:
        self._tasks.append(asyncio.ensure_future(self.reception.pick_up(CHANNEL_PREFIX)))

    async def say(self, text: str, again: bool = False) -> str:
        """Say something; return `success` or `transfer`, as WeChat reads the answer."""
        self._number += not again
        return await self.push(**said(text, self._number))

    async def push(self, **fields: Any) -> str:
        query, body = pushed(self.account, self.clock(), **fields)
        answer = await self.receiver.push(self.account.name, query, body)
        assert answer.status == 200
        return read_answer(played(self.account), OPENID, answer.body.encode()).kind

    def heard(self) -> list[str]:
        return [turn.text for turn in self.script.turns]

    def handoff(self) -> holder.Handoff | None:
        return holder.open_of(conversation(self.account))


@asynccontextmanager
async def chat(account: Account, clock: Clock) -> AsyncIterator[Chat]:
    chatting = Chat(account, clock)
    yield chatting
    await asyncio.gather(*chatting._tasks)


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


def accounts() -> list[Account]:
    return [
        make(mode=mode, format=form, desk="wechat")
        for make, forms in ((mini, ("json", "xml")), (official, ("xml",)))
        for form in forms
        for mode in ("plain", "compatible", "safe")
    ]


@pytest.mark.parametrize("account", accounts(), ids=lambda a: f"{a.name}-{a.mode}-{a.format}")
async def test_customer_who_asks_is_handed_over_in_the_pushes_format(
    clock: Clock, account: Account
) -> None:
    async with chat(account, clock) as customer:
        assert await customer.say("怎么开发票") == "success"
        assert await customer.say("转人工") == "transfer"
        handoff = customer.handoff()
        assert handoff is not None
        assert (handoff.state, handoff.agent, handoff.reason) == ("agent", desk.DESK, "keyword")


async def test_third_message_that_is_not_understood_is_handed_over(clock: Clock) -> None:
    async with chat(mini(desk="wechat"), clock) as customer:
        answers = [await customer.say(f"听不懂{number}") for number in range(3)]
        assert answers == ["success", "success", "transfer"]


async def test_customer_in_the_queue_is_handed_over_again_and_the_bot_is_silent(
    clock: Clock,
) -> None:
    async with chat(mini(desk="wechat"), clock) as customer:
        await customer.say("转人工")
        for text in ("有人吗", "怎么开发票"):
            clock.now += 9 * MINUTE
            assert await customer.say(text) == "transfer"
        assert customer.heard() == ["转人工"]
        assert of_customers()[1:] == [("有人吗", "held"), ("怎么开发票", "held")]
        assert await customer.reception.pick_up(CHANNEL_PREFIX) == 0


async def test_repeat_of_what_was_handed_over_is_handed_over_again(clock: Clock) -> None:
    async with chat(mini(desk="wechat"), clock) as customer:
        assert await customer.say("转人工") == "transfer"
        assert await customer.say("转人工", again=True) == "transfer"
        assert len(of_customers()) == 1
        assert await customer.say("你好呀") == "transfer"
        assert await customer.say("你好呀", again=True) == "transfer"


async def test_repeat_of_what_the_bot_answered_is_not_handed_over(clock: Clock) -> None:
    async with chat(mini(desk="wechat"), clock) as customer:
        assert await customer.say("怎么开发票") == "success"
        assert await customer.say("怎么开发票", again=True) == "success"
        assert customer.heard() == ["怎么开发票"]


async def test_bot_is_back_when_a_message_comes_after_the_desk_is_done(clock: Clock) -> None:
    async with chat(mini(desk="wechat"), clock) as customer:
        await customer.say("转人工")
        # Meanwhile a person has the customer, and nothing reaches us.
        clock.now += 11 * MINUTE
        assert await customer.say("怎么开发票") == "success"
        assert customer.heard() == ["转人工", "怎么开发票"]
        assert customer.handoff() is None


async def test_desk_of_an_official_account_says_who_has_the_customer(clock: Clock) -> None:
    async with chat(official(desk="wechat"), clock) as customer:
        assert await customer.say("转人工") == "transfer"
        created = event("kf_create_session", KfAccount=AGENT)
        assert await customer.push(**created) == "success"
        handoff = customer.handoff()
        assert handoff is not None and (handoff.state, handoff.agent) == ("agent", AGENT)
        # A menu item pressed meanwhile is an event: not for the desk, and not for the bot.
        assert await customer.push(**event("CLICK", EventKey="查物流")) == "success"
        await until(lambda: of_customers()[-1] == ("查物流", "held"))
        assert await customer.push(**event("kf_close_session", KfAccount=AGENT)) == "success"
        assert customer.handoff() is None
        clock.now += 5
        assert await customer.say("怎么开发票") == "success"
        assert customer.heard() == ["转人工", "怎么开发票"]


async def test_person_who_calls_a_customer_has_the_customer(clock: Clock) -> None:
    async with chat(official(desk="wechat"), clock) as customer:
        await customer.push(**event("kf_create_session", KfAccount=AGENT))
        switched = event("kf_switch_session", FromKfAccount=AGENT, ToKfAccount="kf2002@gh_1")
        await customer.push(**switched)
        handoff = customer.handoff()
        assert handoff is not None and handoff.agent == "kf2002@gh_1"


async def test_message_after_a_lost_closing_event_goes_to_the_bot(clock: Clock) -> None:
    async with chat(official(desk="wechat"), clock) as customer:
        await customer.say("转人工")
        await customer.push(**event("kf_create_session", KfAccount=AGENT))
        clock.now += MINUTE
        assert await customer.say("怎么开发票") == "success"
        assert customer.handoff() is None


async def test_keyword_is_handed_over_within_five_seconds_when_the_dialogue_is_dead(
    clock: Clock,
) -> None:
    customer = Chat(mini(desk="wechat"), clock)
    receiver = Receiver([customer.account], clock=clock)
    push = pushed(customer.account, clock(), **said("我要转人工"))
    began = asyncio.get_running_loop().time()
    answer = await receiver.push("mini", *push)
    assert asyncio.get_running_loop().time() - began < 4.5
    assert "Encrypt" in answer.body
    assert read_answer(played(customer.account), OPENID, answer.body.encode()).kind == "transfer"
    # When the dialogue is back, it leaves the customer alone.
    await customer.reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: of_customers() == [("我要转人工", "held")])


@pytest.fixture
def no_dialogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the wait for a turn be over soon."""
    monkeypatch.setattr(receiving, "DESK_SECONDS", 0.1)


@pytest.mark.usefixtures("no_dialogue")
@pytest.mark.parametrize("text", ["怎么开发票", "不要转人工", "1"])
async def test_other_words_wait_for_the_dialogue(clock: Clock, text: str) -> None:
    receiver = Receiver([mini(desk="wechat")], clock=clock)
    assert await receiver.push("mini", *pushed(mini(), clock(), **said(text))) == SUCCESS
    assert holder.open_of(conversation(mini())) is None


@pytest.mark.usefixtures("no_dialogue")
async def test_nobody_is_handed_over_outside_service_hours(clock: Clock) -> None:
    clock.now = NIGHT
    receiver = Receiver([mini(desk="wechat")], clock=clock)
    assert await receiver.push("mini", *pushed(mini(), NIGHT, **said("转人工"))) == SUCCESS
    customer = Chat(mini(desk="wechat"), clock)
    await customer.reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: customer.handoff() is not None)
    handoff = customer.handoff()
    assert handoff is not None and handoff.state == "left"
    # A ticket is no hand-over: the bot goes on.
    assert await customer.say("怎么开发票") == "success"


@pytest.mark.usefixtures("no_dialogue")
@pytest.mark.parametrize(
    "fields",
    [
        event("CLICK", EventKey="转人工"),
        event("user_enter_tempsession", SessionFrom="转人工"),
        event("subscribe", EventKey=""),
    ],
    ids=lambda fields: fields["Event"],
)
async def test_event_is_never_handed_over(clock: Clock, fields: dict[str, Any]) -> None:
    account = official(desk="wechat")
    receiver = Receiver([account], clock=clock)
    holder.request(conversation(account), "keyword", "转人工", None, clock())
    assert await receiver.push("official", *pushed(account, clock(), **fields)) == SUCCESS


async def test_customer_who_waits_is_handed_over_with_the_next_message(clock: Clock) -> None:
    async with chat(official(desk="wechat"), clock) as customer:
        assert await customer.push(**event("CLICK", EventKey="转人工")) == "success"
        await until(lambda: customer.handoff() is not None)
        assert await customer.say("在吗") == "transfer"


async def test_our_own_desk_gets_no_transfer(clock: Clock) -> None:
    async with chat(mini(), clock) as customer:
        assert await customer.say("转人工") == "success"
        await until(lambda: customer.handoff() is not None)
        assert await customer.say("有人吗") == "success"
        await until(lambda: of_customers()[-1] == ("有人吗", "held"))
        assert len(messages.pending_out(conversation(mini()))) == 1


async def test_events_of_wechats_desk_mean_nothing_to_ours(clock: Clock) -> None:
    async with chat(official(), clock) as customer:
        await customer.push(**event("kf_create_session", KfAccount=AGENT))
        assert customer.handoff() is None
        assert await customer.say("怎么开发票") == "success"
        await until(lambda: customer.heard() == ["怎么开发票"])
