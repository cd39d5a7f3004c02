"""What the customer is told, and the minutes in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kefu.handoff import holder, notice
from kefu.handoff.estimate import waiting_minutes
from kefu.staff import people
from tests.handoff.crew import hire
from tests.handoff.moments import MINUTE, NIGHT, NOON, ask

pytestmark = pytest.mark.usefixtures("database")


def serve(conversation: str, requested: float, minutes: float, agent: str = "小王") -> None:
    handoff = ask(conversation, requested)
    holder.accept(handoff.id, agent, requested + minutes * MINUTE)
    holder.close(handoff.id, "done", requested + minutes * MINUTE)


def test_without_experience_the_setting_decides() -> None:
    assert notice.requested(ask(), NOON) == "正在为你转接人工客服，请稍候（预计等待3分钟）"


def test_outside_the_hours_a_message_is_asked_for() -> None:
    told = notice.requested(ask(now=NIGHT), NIGHT)
    assert "（周一至周日 9:00–18:00）" in told
    assert "留言" in told


def test_on_a_holiday_the_customer_reads_that_it_is_one() -> None:
    new_year = NOON + 39 * 86400  # 2027-01-01, closed in settings.yml
    assert "今天（1月1日）休息" in notice.requested(ask(now=new_year), new_year)


def test_the_estimate_is_the_usual_wait_of_the_last_days() -> None:
    for number, minutes in enumerate((4, 5, 6, 50)):
        serve(f"old{number}", NOON - 3600 + number, minutes)
    assert waiting_minutes(ask(), NOON) == 6
    holder.cancel("c1", NOON)
    a_month_later = NOON + 30 * 86400
    assert waiting_minutes(ask("c2", a_month_later), a_month_later) == 3


def test_only_the_last_twenty_count() -> None:
    for number in range(20):
        serve(f"slow{number}", NOON - 7200 + number, 40)
        serve(f"quick{number}", NOON - 600 + number, 1)
    assert waiting_minutes(ask(), NOON) == 1


def test_who_comes_later_waits_longer_and_more_agents_help() -> None:
    first, second, third = ask("c1"), ask("c2", NOON + 1), ask("c3", NOON + 2)
    assert [waiting_minutes(h, NOON) for h in (first, second, third)] == [3, 6, 9]
    hire("xiaoli"), hire("xiaowang")
    people.set_state(hire("xiaozhao").id, "away", NOON)
    assert [waiting_minutes(h, NOON) for h in (first, second, third)] == [3, 5, 6]


def test_where_nobody_uses_the_console_it_is_who_has_customers_that_helps() -> None:
    for number in range(2):
        handoff = ask(f"held{number}", NOON - 180)
        holder.accept(handoff.id, f"agent{number}", NOON)
    third = [ask(f"c{number}", NOON + number) for number in range(3)][-1]
    assert waiting_minutes(third, NOON) == 6


def test_it_is_the_first_words_that_customers_wait_for() -> None:
    for number in range(3):
        handoff = ask(f"old{number}", NOON - 3600 + number)
        holder.accept(handoff.id, "xiaoli", NOON - 3600 + number)
        holder.said(handoff.id, "xiaoli", NOON - 3600 + number + 7 * MINUTE)
        holder.said(handoff.id, "xiaoli", NOON - 3600 + number + 20 * MINUTE)
        holder.close(handoff.id, "done", NOON - 60)
    # Taken at once by someone who never said a word.
    serve("silent", NOON - 600, 0)
    assert waiting_minutes(ask(), NOON) == 7


def test_the_estimate_stays_between_one_and_sixty() -> None:
    serve("long", NOON - 3 * 3600, 170)
    assert waiting_minutes(ask(), NOON) == 60


def test_nobody_is_promised_less_than_the_first_in_the_queue_has_waited_in_vain() -> None:
    for number in range(3):
        serve(f"quick{number}", NOON - 3600 + number, 0.1)
    handoff = [ask(f"c{number}", NOON + number) for number in range(3)][-1]
    assert [waiting_minutes(handoff, NOON + minute * MINUTE) for minute in (0, 4.5, 7)] == [1, 4, 7]
    holder.accept(ask("c0").id, "xiaoli", NOON + 7 * MINUTE)
    holder.accept(ask("c1").id, "xiaoli", NOON + 7 * MINUTE)
    # Now it is the customer's own wait that tells how today is.
    assert waiting_minutes(handoff, NOON + 10 * MINUTE) == 9


def test_tickets_of_the_night_are_not_waits() -> None:
    ticket = ask("night", NIGHT - 86400)
    holder.accept(ticket.id, "小王", NOON - 3 * 3600)
    assert waiting_minutes(ask(), NOON) == 3


def test_who_writes_while_waiting_reads_the_place_once_a_minute() -> None:
    ask("c1")
    handoff = ask("c2", NOON + 1)
    assert notice.progress(handoff, NOON + 59) is None
    assert notice.progress(handoff, NOON + 61) == (
        "人工客服正忙，你前面还有1位顾客，预计还要等待6分钟。"
    )
    assert notice.progress(handoff, NOON + 120) is None
    holder.cancel("c1", NOON + 120)
    assert notice.progress(handoff, NOON + 121) == (
        "人工客服正忙，下一位就是你，预计还要等待3分钟。"
    )


def test_of_messages_that_come_at_once_one_is_answered_with_the_place() -> None:
    handoff = ask()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: notice.progress(handoff, NOON + 60), range(8)))
    assert len([answer for answer in answers if answer]) == 1


def test_who_has_a_person_reads_nothing_of_the_queue() -> None:
    handoff = ask()
    holder.accept(handoff.id, "xiaoli", NOON + 60)
    assert notice.progress(handoff, NOON + 90) is None
