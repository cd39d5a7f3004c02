"""Rasa's tracker store: what comes back, what is kept, who wins."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import pytest
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import EndpointConfig
from sqlalchemy import select

from kefu.storage.engine import engine, reading
from kefu.storage.tables import tracker_events, trackers
from kefu.storage.tracker_store import KefuTrackerStore, TrackerConflict

Value = TypeVar("Value")

DOMAIN = Domain.from_yaml(
    """
    intents: [ask, stop]
    slots:
      order_no: {type: any, mappings: [{type: custom}]}
    actions: [action_answer]
    forms: {refund_form: {required_slots: []}}
    session_config: {session_expiration_time: 60, carry_over_slots_to_new_session: true}
    """
)


def run(work: Coroutine[Any, Any, Value]) -> Value:
    return asyncio.run(work)


def session() -> list[Event]:
    return [
        ActionExecuted("action_session_start"),
        SessionStarted(),
        ActionExecuted("action_listen"),
    ]


def turn(text: str, *effects: Event) -> list[Event]:
    return [
        UserUttered(text, intent={"name": "ask", "confidence": 0.9}),
        ActionExecuted("action_answer"),
        *effects,
        BotUttered("好的", data={"buttons": [{"title": "是", "payload": "/affirm"}]}),
        ActionExecuted("action_listen"),
    ]


LOOP = [ActionExecuted("refund_form"), ActiveLoop("refund_form"), ActionExecuted("action_listen")]
HISTORIES: dict[str, list[list[Event]]] = {
    "one session": [session(), turn("在吗"), turn("我的订单呢", SlotSet("order_no", "2026"))],
    "two sessions": [session(), turn("在吗", SlotSet("order_no", "1")), session(), turn("退款")],
    "session in mid-turn": [
        session() + turn("一"),
        turn("二") + session() + turn("三"),
        turn("四"),
    ],
    "slots carried over": [session() + turn("一"), [*session(), SlotSet("order_no", "9")]],
    "open form": [session(), turn("退款"), list(LOOP), turn("2026")],
    "closed form": [session(), list(LOOP), [ActiveLoop(None), ActionExecuted("action_listen")]],
    "paused": [session(), turn("转人工", ConversationPaused())],
    "utterance reverted": [session(), turn("嗯"), [UserUtteranceReverted()], turn("查物流")],
    "action reverted": [session(), turn("嗯"), [ActionReverted()]],
    "restarted": [session(), turn("嗯", SlotSet("order_no", "3")), [Restarted()], session()],
    "restarted at the end": [session(), turn("嗯", SlotSet("order_no", "3")), [Restarted()]],
    "no session start": [turn("一"), turn("二")],
}


async def replay(store: TrackerStore, saves: Sequence[Sequence[Event]]) -> DialogueStateTracker:
    """Take each list of events as one turn; return the tracker as the last turn left it."""
    for events in saves:
        tracker = await store.get_or_create_tracker("c1", append_action_listen=False)
        for event in events:
            tracker.update(event, DOMAIN)
        await store.save(tracker)
    return tracker


def stamped(saves: list[list[Event]]) -> list[list[Event]]:
    for number, event in enumerate(event for events in saves for event in events):
        event.timestamp = 1_800_000_000.0 + number
    return saves


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("saves", HISTORIES.values(), ids=HISTORIES.keys())
def test_gives_back_the_last_session_as_rasas_store_in_memory_does(
    saves: list[list[Event]],
) -> None:
    ours, memory = KefuTrackerStore(DOMAIN), InMemoryTrackerStore(DOMAIN)
    left = run(replay(ours, stamped(saves)))
    run(replay(memory, stamped(saves)))

    got, expected = run(ours.retrieve("c1")), run(memory.retrieve("c1"))
    assert got is not None and expected is not None
    assert [e.as_dict() for e in got.events] == [e.as_dict() for e in expected.events]
    assert got.current_slot_values() == expected.current_slot_values()
    assert (got.active_loop_name, got.is_paused()) == (
        expected.active_loop_name,
        expected.is_paused(),
    )
    assert got.current_state(EventVerbosity.NONE) == left.current_state(EventVerbosity.NONE)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("saves", HISTORIES.values(), ids=HISTORIES.keys())
def test_keeps_every_event_once_and_in_order(saves: list[list[Event]]) -> None:
    store = KefuTrackerStore(DOMAIN)
    run(replay(store, stamped(saves)))
    whole = run(store.retrieve_full_tracker("c1"))
    assert whole is not None
    everything = [event.as_dict() for events in saves for event in events]
    assert [event.as_dict() for event in whole.events] == everything


@pytest.mark.usefixtures("database")
def test_the_whole_conversation_can_be_continued_too() -> None:
    store = KefuTrackerStore(DOMAIN)

    async def use() -> DialogueStateTracker:
        await replay(store, [session(), turn("一"), session(), turn("二")])
        whole = await store.retrieve_full_tracker("c1")
        assert whole is not None
        whole.update(ConversationPaused())
        await store.save(whole)
        await store.save(whole)
        last = await store.retrieve("c1")
        assert last is not None
        return last

    last = run(use())
    assert len(last.events) == 8
    assert last.is_paused()


@pytest.mark.usefixtures("database")
def test_of_two_writers_the_second_is_refused_and_nothing_doubles() -> None:
    async def race() -> None:
        first, second = KefuTrackerStore(DOMAIN), KefuTrackerStore(DOMAIN)
        await replay(first, [session()])
        one, other = await first.retrieve("c1"), await second.retrieve("c1")
        assert one is not None and other is not None
        for tracker in (one, other):
            for event in turn("你好"):
                tracker.update(event)
        results = await asyncio.gather(first.save(one), second.save(other), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == [
            "NoneType",
            TrackerConflict.__name__,
        ]
        whole = await first.retrieve_full_tracker("c1")
        assert whole is not None and len(whole.events) == 7

    run(race())


@pytest.mark.usefixtures("database")
def test_of_two_first_messages_one_is_refused() -> None:
    async def race() -> None:
        store, other = KefuTrackerStore(DOMAIN), KefuTrackerStore(DOMAIN)
        one = await store.get_or_create_tracker("c1", append_action_listen=False)
        two = await other.get_or_create_tracker("c1", append_action_listen=False)
        one.update(ActionExecuted("action_listen"))
        two.update(ActionExecuted("action_listen"))
        await store.save(one)
        with pytest.raises(TrackerConflict):
            await other.save(two)

    run(race())


@pytest.mark.usefixtures("database")
def test_events_set_from_outside_replace_the_conversation() -> None:
    async def replace() -> DialogueStateTracker | None:
        store = KefuTrackerStore(DOMAIN)
        await replay(store, [session(), turn("一"), session(), turn("二")])
        await store.save(DialogueStateTracker.from_events("c1", turn("新"), DOMAIN.slots))
        await replay(store, [turn("后")])
        return await store.retrieve_full_tracker("c1")

    tracker = run(replace())
    assert tracker is not None
    assert [e.text for e in tracker.events if isinstance(e, UserUttered)] == ["新", "后"]


@pytest.mark.usefixtures("database")
def test_the_form_that_waits_for_input_is_known_without_loading_events() -> None:
    store = KefuTrackerStore(DOMAIN)
    query = select(trackers.c.active_loop)
    run(replay(store, [session(), list(LOOP)]))
    with reading() as connection:
        assert connection.execute(query).scalar_one() == "refund_form"
    run(replay(store, [[ActiveLoop(None)]]))
    with reading() as connection:
        assert connection.execute(query).scalar_one() is None


@pytest.mark.usefixtures("database")
def test_nothing_a_customer_wrote_is_readable_in_the_database() -> None:
    run(replay(KefuTrackerStore(DOMAIN), [turn("我的电话是13800138000")]))
    with engine().connect() as connection:
        stored = connection.exec_driver_sql("SELECT data FROM tracker_events").scalars().all()
    assert stored
    assert all(b"13800138000" not in bytes(data) for data in stored)
    with reading() as connection:
        texts = connection.execute(select(tracker_events.c.data)).scalars().all()
    assert any("13800138000" in json.loads(text).get("text", "") for text in texts)


@pytest.mark.usefixtures("database")
def test_knows_its_conversations() -> None:
    store = KefuTrackerStore(DOMAIN)
    assert run(store.exists("c1")) is False
    assert run(store.retrieve("c1")) is None
    run(replay(store, [session()]))
    assert run(store.exists("c1")) is True
    assert list(run(store.keys())) == ["c1"]


class Recorder(EventBroker):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def publish(self, event: dict[str, Any]) -> None:
        self.seen.append(event["event"])


@pytest.mark.usefixtures("database")
def test_publishes_each_new_event_once() -> None:
    broker = Recorder()
    saves = [session(), turn("一"), turn("二")]
    run(replay(KefuTrackerStore(DOMAIN, broker), saves))
    assert broker.seen == [event.type_name for events in saves for event in events]


@pytest.mark.usefixtures("database")
def test_rasa_makes_it_from_endpoints() -> None:
    endpoint = EndpointConfig(type="kefu.storage.tracker_store.KefuTrackerStore")
    assert isinstance(TrackerStore.create(endpoint, DOMAIN), KefuTrackerStore)
