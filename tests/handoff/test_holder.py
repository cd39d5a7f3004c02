"""Who speaks with the customer, and that two never do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from kefu.handoff import holder
from kefu.handoff.history import events_of
from kefu.handoff.holder import Handoff, HandoffError
from kefu.storage import messages
from kefu.storage.engine import engine
from tests.handoff.moments import MINUTE, NIGHT, NOON, ask

Value = TypeVar("Value")

pytestmark = pytest.mark.usefixtures("database")


def race(count: int, work: Callable[[int], Value]) -> list[Value]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_inside_the_hours_the_customer_waits_and_the_bot_is_silent() -> None:
    assert holder.who_holds("c1", NOON) == "bot"
    handoff = ask()
    assert (handoff.state, handoff.announce) == ("waiting", True)
    assert holder.who_holds("c1", NOON + MINUTE) == "waiting"
    holder.accept(handoff.id, "小王", NOON + MINUTE)
    assert holder.who_holds("c1", NOON + 2 * MINUTE) == "agent"
    assert holder.who_holds("c2", NOON) == "bot"


def test_outside_the_hours_a_ticket_is_left_and_the_bot_goes_on() -> None:
    handoff = ask(now=NIGHT)
    assert (handoff.state, handoff.announce) == ("left", True)
    assert holder.who_holds("c1", NIGHT) == "bot"
    assert [h.id for h in holder.open_handoffs()] == [handoff.id]


def test_asking_again_changes_nothing_while_one_is_open() -> None:
    first = ask()
    again = ask(now=NOON + MINUTE)
    assert (again.id, again.announce, again.requested_at) == (first.id, False, NOON)


def test_a_ticket_of_the_night_becomes_a_wait_when_asked_for_by_day() -> None:
    ticket = ask(now=NIGHT - 86400)
    by_day = ask(now=NOON)
    assert (by_day.id, by_day.state, by_day.announce) == (ticket.id, "waiting", True)
    assert by_day.requested_at == NOON


def test_done_gives_the_customer_back_and_a_new_request_is_a_new_one() -> None:
    handoff = ask()
    holder.accept(handoff.id, "小王", NOON)
    closed = holder.close(handoff.id, "done", NOON + MINUTE)
    assert (closed.state, closed.close_reason, closed.closed_at) == ("closed", "done", NOON + 60)
    assert holder.who_holds("c1", NOON + MINUTE) == "bot"
    assert ask(now=NOON + 2 * MINUTE).id != handoff.id


def test_an_idle_agent_loses_the_customer_to_the_bot() -> None:
    handoff = ask()
    holder.accept(handoff.id, "小王", NOON)
    holder.said(handoff.id, "小王", NOON + 20 * MINUTE)
    assert holder.who_holds("c1", NOON + 49 * MINUTE) == "agent"
    assert holder.who_holds("c1", NOON + 50 * MINUTE) == "bot"
    closed = holder.get(handoff.id)
    assert (closed.state, closed.close_reason) == ("closed", "idle")


def test_who_waits_for_nobody_keeps_a_ticket_and_gets_the_bot_back() -> None:
    handoff = ask()
    assert holder.who_holds("c1", NOON + 29 * MINUTE) == "waiting"
    assert holder.who_holds("c1", NOON + 30 * MINUTE) == "bot"
    assert holder.get(handoff.id).state == "left"
    holder.accept(handoff.id, "小王", NOON + 40 * MINUTE)
    assert holder.who_holds("c1", NOON + 40 * MINUTE) == "agent"


def test_all_that_is_idle_can_be_given_back_at_once() -> None:
    held, waiting, ticket = ask("c1"), ask("c2"), ask("c3", NOON - 86400 + 12 * 3600)
    holder.accept(held.id, "小王", NOON)
    fresh = ask("c4", NOON + 20 * MINUTE)
    given = holder.give_back(None, NOON + 31 * MINUTE)
    assert [(h.id, h.state) for h in given] == [(held.id, "closed"), (waiting.id, "left")]
    states = {h.id: h.state for h in holder.open_handoffs()}
    assert states == {fresh.id: "waiting", waiting.id: "left", ticket.id: "left"}


def test_what_cannot_be_done_is_said_in_words() -> None:
    handoff = ask()
    with pytest.raises(HandoffError, match="没有编号为 99 的转接"):
        holder.accept(99, "小王", NOON)
    with pytest.raises(HandoffError, match="没有编号为 99 的转接"):
        holder.get(99)
    with pytest.raises(HandoffError, match="没有编号为 99 的转接"):
        holder.close(99, "done", NOON)
    holder.accept(handoff.id, "小王", NOON)
    with pytest.raises(HandoffError, match="正由 小王 接待"):
        holder.accept(handoff.id, "小李", NOON)
    holder.close(handoff.id, "done", NOON)
    for late in (
        lambda: holder.accept(handoff.id, "小王", NOON),
        lambda: holder.close(handoff.id, "done", NOON),
    ):
        with pytest.raises(HandoffError, match="已结束"):
            late()
    assert messages.pending_out("c1") == []


def test_the_question_is_not_readable_in_the_database() -> None:
    ask()
    with engine().connect() as connection:
        stored = connection.exec_driver_sql("SELECT question FROM handoffs").scalar_one()
    assert "发货".encode() not in bytes(stored)


def test_requests_that_race_open_one_handoff() -> None:
    results = race(8, lambda n: ask(now=NOON + n))
    assert len({handoff.id for handoff in results}) == 1
    assert sum(handoff.announce for handoff in results) == 1
    assert len(holder.open_handoffs()) == 1


def test_tickets_that_race_by_day_become_one_wait() -> None:
    ask(now=NIGHT - 86400)
    results = race(8, lambda n: ask(now=NOON + n))
    assert [handoff.state for handoff in results] == ["waiting"] * 8
    assert sum(handoff.announce for handoff in results) == 1


def test_of_agents_that_race_one_wins() -> None:
    handoff = ask()

    def grab(n: int) -> str | None:
        try:
            return holder.accept(handoff.id, f"agent{n}", NOON + n).agent
        except HandoffError:
            return None

    winners = [agent for agent in race(8, grab) if agent]
    assert winners == [holder.get(handoff.id).agent]


def test_requests_and_closes_that_race_leave_at_most_one_open() -> None:
    def stir(n: int) -> Handoff:
        handoff = ask(now=NOON + n)
        if n % 2:
            try:
                holder.close(handoff.id, "cancelled", NOON + n)
            except HandoffError:
                pass
        return handoff

    race(12, stir)
    assert len(holder.open_handoffs()) <= 1


def test_the_history_tells_who_did_what_in_order() -> None:
    handoff = ask()
    holder.accept(handoff.id, "xiaoli", NOON, how="assigned")
    holder.transfer(handoff.id, "xiaoli", "xiaowang", NOON + 1, note="要发票")
    holder.put_back(handoff.id, NOON + 2)
    holder.leave("c1", NOON + 3)
    holder.accept(handoff.id, "xiaoli", NOON + 4)
    holder.close(handoff.id, "done", NOON + 5, by="xiaoli")
    assert [(e.kind, e.actor, e.target, e.at - NOON) for e in events_of("c1")] == [
        ("requested", None, None, 0),
        ("assigned", None, "xiaoli", 0),
        ("transferred", "xiaoli", "xiaowang", 1),
        ("returned", None, "xiaowang", 2),
        ("left", "customer", None, 3),
        ("accepted", "xiaoli", "xiaoli", 4),
        ("done", "xiaoli", None, 5),
    ]


def test_what_an_agent_writes_along_is_not_readable_in_the_database() -> None:
    handoff = ask()
    holder.accept(handoff.id, "xiaoli", NOON)
    holder.transfer(handoff.id, "xiaoli", "xiaowang", NOON, note="要发票")
    query = "SELECT detail FROM handoff_events WHERE kind = 'transferred'"
    with engine().connect() as connection:
        stored = connection.exec_driver_sql(query).scalar_one()
    assert "发票".encode() not in bytes(stored)


def test_only_a_wait_is_assigned_and_only_a_wait_is_left() -> None:
    ticket = ask(now=NIGHT)
    with pytest.raises(HandoffError, match="还没有人接待"):
        holder.accept(ticket.id, "xiaoli", NIGHT, how="assigned")
    assert holder.leave("c1", NIGHT) is None
    assert holder.leave("unknown", NIGHT) is None
    held = ask("c2")
    holder.accept(held.id, "xiaoli", NOON)
    assert holder.leave("c2", NOON) is None
    assert holder.get(held.id).state == "agent"


def test_who_is_put_back_waits_anew_before_being_given_up() -> None:
    handoff = ask(now=NOON - 40 * MINUTE)
    holder.accept(handoff.id, "xiaoli", NOON - 20 * MINUTE)
    holder.said(handoff.id, "xiaoli", NOON - 20 * MINUTE)
    holder.put_back(handoff.id, NOON, by="xiaoli")
    assert holder.who_holds("c1", NOON + 29 * MINUTE) == "waiting"
    assert holder.who_holds("c1", NOON + 30 * MINUTE) == "bot"


def test_only_the_words_of_who_has_the_customer_count_and_the_first_stay_the_first() -> None:
    handoff = ask()
    holder.said(handoff.id, "xiaoli", NOON)
    assert holder.get(handoff.id).first_reply_at is None
    holder.accept(handoff.id, "xiaoli", NOON + 1)
    holder.said(handoff.id, "xiaowang", NOON + 2)
    holder.said(handoff.id, "xiaoli", NOON + 3)
    holder.said(handoff.id, "xiaoli", NOON + 4)
    heard = holder.get(handoff.id)
    assert (heard.first_reply_at, heard.active_at) == (NOON + 3, NOON + 4)


def test_what_was_seen_is_not_unseen_by_another_tab() -> None:
    handoff = ask()
    for message in (5, 9, 7):
        holder.seen(handoff.id, message)
    assert holder.get(handoff.id).seen_message == 9


def test_a_transfer_and_an_end_that_race_leave_one_truth() -> None:
    handoff = ask()
    holder.accept(handoff.id, "xiaoli", NOON)

    def stir(number: int) -> bool:
        try:
            if number % 2:
                holder.close(handoff.id, "done", NOON + number)
            else:
                holder.transfer(handoff.id, "xiaoli", f"agent{number}", NOON + number)
        except HandoffError:
            return False
        return True

    done = race(8, stir)
    kinds = [event.kind for event in events_of("c1")]
    assert holder.get(handoff.id).state == "closed"
    assert sum(done[1::2]) == kinds.count("done") == 1
    assert sum(done[::2]) == kinds.count("transferred") <= 1
    assert kinds[-1] == "done"
