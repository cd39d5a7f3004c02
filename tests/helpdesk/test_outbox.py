"""How long the helpdesk is tried, and how a person begins again."""

from __future__ import annotations

import pytest

from kefu.helpdesk import outbox
from kefu.helpdesk.outbox import MOST_ATTEMPTS, Waiting
from kefu.helpdesk.pump import Pump
from tests.helpdesk.made import NOON, asks, customer, outbox_kinds, writes

pytestmark = pytest.mark.usefixtures("database")
HOUR = 3600.0


def waiting(openid: str = "o_1") -> Waiting:
    """Return the first event of a new customer."""
    conversation = customer(openid)
    asks(conversation)
    Pump().fill(NOON)
    head = outbox.head(conversation, NOON)
    assert head is not None
    return head


def next_time(conversation: str, now: float) -> float:
    """Return when a conversation's first event is due, to the second."""
    low, high = now, now + 2 * HOUR
    while high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if outbox.due(middle, 10) else (middle, high)
    return high


def test_a_helpdesk_that_is_down_is_tried_for_about_a_day_at_growing_distances() -> None:
    event: Waiting | None = waiting()
    conversation, now, pauses = event.conversation, NOON, []
    while event is not None and outbox.put_off(event, "连不上", now):
        later = next_time(conversation, now)
        assert outbox.head(conversation, later - 2) is None
        pauses.append(later - now)
        now, event = later, outbox.head(conversation, later)
    assert len(pauses) == MOST_ATTEMPTS - 1
    assert 3 <= pauses[0] <= 8
    assert max(pauses) <= 1.25 * HOUR
    assert 18 * HOUR < sum(pauses) < 30 * HOUR
    (dead,) = outbox.dead_events(10)
    assert (dead.kind, dead.attempts) == ("handoff.requested", MOST_ATTEMPTS)
    assert "连不上" in dead.error


def test_the_helpdesk_may_ask_for_a_longer_pause_but_not_for_days() -> None:
    event = waiting()
    outbox.put_off(event, "HTTP 429", NOON, at_least=120)
    assert 119 <= next_time(event.conversation, NOON) - NOON <= 122
    other = waiting("o_2")
    outbox.put_off(other, "HTTP 429", NOON, at_least=1e9)
    assert outbox.head(other.conversation, NOON + HOUR + 1) is not None


def test_a_later_event_of_a_conversation_waits_for_the_first() -> None:
    event = waiting()
    writes(event.conversation, "还在吗", NOON + 1)
    Pump().fill(NOON + 2)
    outbox.put_off(event, "连不上", NOON + 2)
    assert outbox.due(NOON + 2, 10) == []
    assert outbox.head(event.conversation, NOON + 2) is None
    outbox.taken(event, NOON + 3)
    assert outbox.due(NOON + 3, 10) == [event.conversation]


def test_a_dead_event_lets_the_next_one_go_and_comes_back_when_a_person_says_so() -> None:
    event = waiting()
    outbox.bury(event, "拒收：HTTP 400", NOON)
    assert outbox.head(event.conversation, NOON) is None
    assert outbox.counts().dead == 1
    assert outbox.again(NOON, event.number + 1) == 0
    assert outbox.again(NOON, event.number) == 1
    again = outbox.head(event.conversation, NOON)
    assert again is not None
    assert (again.event, again.body, again.attempts) == (event.event, event.body, 0)


def test_all_dead_events_can_come_back_at_once() -> None:
    for openid in ("o_1", "o_2"):
        outbox.bury(waiting(openid), "拒收", NOON)
    assert outbox.again(NOON) == 2
    assert outbox_kinds() == ["handoff.requested"] * 2


def test_what_was_taken_is_no_longer_kept() -> None:
    event = waiting()
    outbox.taken(event, NOON)
    outbox.bury(event, "too late", NOON)
    assert outbox_kinds("sent") == ["handoff.requested"]
    assert (outbox.counts().waiting, outbox.counts().dead) == (0, 0)
