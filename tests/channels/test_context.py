"""The dialogue after a person was there: it knows what was said, and goes on as ever."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy import select, text, update

from kefu.channels.context import Context
from kefu.channels.dialogue import RasaDialogue
from kefu.exchange import Answer
from kefu.handoff import desk, holder
from kefu.handoff.records import Handoff
from kefu.reception import Reception
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import reading, writing
from kefu.storage.lock_store import KefuLockStore
from kefu.storage.tables import tracker_events
from kefu.storage.tracker_store import KefuTrackerStore
from tests.channels.scripted import CUSTOMER, a_message, outcomes, said_by

INVOICE, UNKNOWN = "怎么开发票", "qwrtpsd"
HOURS = 3600.0


class Shop:
    """One Rasa process: its agent, its reception, and a customer who writes."""

    def __init__(self, model: Path) -> None:
        self.model = model
        self.agent = loaded(model)
        self.context = Context(lambda: self.agent)
        dialogue = RasaDialogue(lambda: self.agent, self.context)
        self.reception = Reception(dialogue, held_back=self.context.soon)
        self.conversation = pseudonym("rest", CUSTOMER)

    async def say(self, said: str, key: str | None = None) -> Answer:
        return await self.reception.receive(a_message(said, key))

    def person_comes(self, words: str = "") -> Handoff:
        """Have the customer held, whatever the hour is."""
        handoff = holder.request(self.conversation, "keyword", "转人工", None, time.time())
        handoff = desk.take(handoff.id, "li", time.time())
        if words:
            desk.say(handoff.id, "li", words, time.time())
        return handoff

    async def tracker(self) -> DialogueStateTracker:
        found = await self.agent.tracker_store.retrieve_full_tracker(self.conversation)
        assert found is not None
        return found

    async def said(self) -> list[tuple[str, str]]:
        """Return what the tracker says was said between the customer and people."""
        found = []
        for event in (await self.tracker()).events:
            if event.metadata.get("held") or event.metadata.get("agent"):
                who = "customer" if isinstance(event, UserUttered) else event.metadata["author"]
                found.append((who, event.text))
        return found


def loaded(model: Path) -> Agent:
    return Agent.load(
        str(model),
        generator=EndpointConfig(type="kefu.dialogue.answers.SettingsAnswers"),
        tracker_store=KefuTrackerStore(Domain.empty()),
        lock_store=KefuLockStore(),
        action_endpoint=EndpointConfig("http://127.0.0.1:9/webhook"),
    )


@pytest.fixture
def shop(fresh_home: Path, trained_model: Path) -> Shop:
    return Shop(trained_model)


def age(hours: float) -> None:
    """Let everything in the trackers have happened so many hours earlier."""
    columns = tracker_events.c
    with reading() as connection:
        rows = connection.execute(select(columns.sender, columns.seq, columns.data)).all()
    with writing() as connection:
        for row in rows:
            data: dict[str, Any] = json.loads(row.data)
            data["timestamp"] -= hours * HOURS
            which = (columns.sender == row.sender) & (columns.seq == row.seq)
            connection.execute(update(tracker_events).where(which).values(data=json.dumps(data)))


async def test_what_was_said_to_a_person_is_context_once(shop: Shop) -> None:
    await shop.say(INVOICE)
    handoff = shop.person_comes("你好，我是小李")
    await shop.say("我的发票抬头错了")
    desk.say(handoff.id, "li", "已经改好", time.time())
    desk.finish(handoff.id, time.time())
    await shop.say("下单后多久发货")
    told = [("agent", "你好，我是小李"), ("customer", "我的发票抬头错了"), ("agent", "已经改好")]
    assert [line for line in await shop.said() if line[0] != "system"] == told
    before = await shop.said()
    # Another process knows nothing of what this one did.
    await asyncio.gather(*(Shop(shop.model).context.catch_up(shop.conversation) for _ in "12"))
    await shop.say("怎么退货")
    assert await shop.said() == before


async def test_nothing_is_predicted_or_recognised_of_it(shop: Shop) -> None:
    shop.person_comes("你好")
    await shop.say("转人工")
    await shop.context.catch_up(shop.conversation)
    (message,) = (e for e in (await shop.tracker()).events if isinstance(e, UserUttered))
    assert message.intent_name is None
    names = [e.action_name for e in (await shop.tracker()).events if hasattr(e, "action_name")]
    assert set(names) == {"action_session_start", "action_listen"}


async def test_it_is_there_soon_without_another_turn(shop: Shop) -> None:
    noting = asyncio.ensure_future(shop.context.run())
    shop.person_comes("你好")
    await shop.say("我的发票抬头错了")
    deadline = time.monotonic() + 5
    while not await shop.agent.tracker_store.exists(shop.conversation):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert ("customer", "我的发票抬头错了") in await shop.said()
    noting.cancel()


async def test_next_question_is_answered_as_ever(shop: Shop) -> None:
    handoff = shop.person_comes("你好")
    for number in range(10):
        await shop.say(f"第{number}件事")
    desk.finish(handoff.id, time.time())
    assert "发票" in said_by(await shop.say(INVOICE))
    assert "不客气" in said_by(await shop.say("谢谢"))
    assert "不客气" in said_by(await shop.say("谢谢"))
    assert outcomes()[-3:] == ["answered", "small_talk", "small_talk"]


async def test_yes_after_a_person_has_spoken_is_no_yes_to_an_old_offer(shop: Shop) -> None:
    await shop.say("你们是骗子")
    first = await shop.say("你们这群骗子")
    assert "转人工" in str(first.replies)
    handoff = shop.person_comes("你好")
    desk.finish(handoff.id, time.time())
    assert "还有什么可以帮你" in said_by(await shop.say("好的"))
    assert holder.open_of(shop.conversation) is None


async def test_counting_begins_anew_after_a_person(shop: Shop) -> None:
    for _ in range(2):
        assert "没有听懂" in said_by(await shop.say(UNKNOWN))
    handoff = shop.person_comes("你好")
    for _ in range(3):
        await shop.say(UNKNOWN)
    desk.finish(handoff.id, time.time())
    for _ in range(2):
        assert "没有听懂" in said_by(await shop.say(UNKNOWN))
    assert holder.open_of(shop.conversation) is None


async def test_what_a_form_asked_before_a_person_came_is_not_waited_for(shop: Shop) -> None:
    await shop.say(INVOICE)
    await _begin_form(shop)
    handoff = shop.person_comes("你好")
    await shop.say("算了")
    desk.finish(handoff.id, time.time())
    answer = said_by(await shop.say(INVOICE))
    assert "发票" in answer and "订单号" not in answer
    tracker = await shop.tracker()
    assert tracker.active_loop_name is None
    assert (tracker.get_slot("order_no"), tracker.get_slot("requested_slot")) == (None, None)
    assert outcomes()[-1] == "answered"


async def test_bot_stays_silent_whatever_happens_to_rasa(shop: Shop) -> None:
    await shop.say(INVOICE)
    handoff = shop.person_comes("你好")
    age(2)
    assert (await shop.say(INVOICE)).state == "held"
    restarted = Shop(shop.model)
    assert (await restarted.say(INVOICE)).state == "held"
    restarted.agent.load_model(str(shop.model))
    assert (await restarted.say(INVOICE)).replies == []
    desk.finish(handoff.id, time.time())
    assert "发票" in said_by(await restarted.say(INVOICE))
    assert [text for who, text in await restarted.said() if who == "customer"] == [INVOICE] * 3


async def test_session_that_expired_meanwhile_is_a_new_one(shop: Shop) -> None:
    await shop.say(INVOICE)
    await _begin_form(shop)
    age(2)
    handoff = shop.person_comes()
    await shop.say("在吗")
    desk.finish(handoff.id, time.time())
    await shop.say(INVOICE)
    names = [e.type_name for e in (await shop.tracker()).events]
    assert names.count("session_started") == 2
    last = await shop.agent.tracker_store.retrieve(shop.conversation)
    assert last is not None
    assert [e.text for e in last.events if isinstance(e, UserUttered)] == ["在吗", INVOICE]
    # It was said in that session, and is not noted again.
    await Shop(shop.model).context.catch_up(shop.conversation)
    assert [line for line in await shop.said() if line[0] == "customer"] == [("customer", "在吗")]


async def test_long_hold_does_not_end_its_session(shop: Shop) -> None:
    handoff = shop.person_comes()
    await shop.say("在吗")
    await shop.context.catch_up(shop.conversation)
    age(0.9)
    await shop.say("还在吗")
    await shop.context.catch_up(shop.conversation)
    age(0.9)
    desk.finish(handoff.id, time.time())
    await shop.say(INVOICE)
    names = [e.type_name for e in (await shop.tracker()).events]
    assert names.count("session_started") == 1


async def test_failure_to_note_fails_no_turn(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    desk.finish(shop.person_comes("你好").id, time.time())
    with writing() as connection:
        connection.execute(text("ALTER TABLE trackers RENAME TO gone"))
    await shop.context.catch_up(shop.conversation)
    with writing() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO trackers"))
    assert "not in the tracker" in caplog.text and "你好" not in caplog.text
    assert "发票" in said_by(await shop.say(INVOICE))
    assert ("agent", "你好") in await shop.said()


async def _begin_form(shop: Shop) -> None:
    """Let the look-up wait for an order number."""
    store = shop.agent.tracker_store
    tracker = await store.retrieve(shop.conversation)
    assert tracker is not None
    for event in (ActiveLoop("lookup_form"), SlotSet("requested_slot", "order_no")):
        tracker.update(event)
    await store.save(tracker)
