"""What the customer is told, and the minutes in it."""

from __future__ import annotations

import pytest

from kefu.handoff import holder, notice
from kefu.handoff.estimate import waiting_minutes
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
    a_month_later = NOON + 30 * 86400
    assert waiting_minutes(ask("c2", a_month_later), a_month_later) == 3 * 2


def test_only_the_last_twenty_count() -> None:
    for number in range(20):
        serve(f"slow{number}", NOON - 7200 + number, 40)
        serve(f"quick{number}", NOON - 600 + number, 1)
    assert waiting_minutes(ask(), NOON) == 1


def test_who_comes_later_waits_longer_and_more_agents_help() -> None:
    first, second, third = ask("c1"), ask("c2", NOON + 1), ask("c3", NOON + 2)
    assert [waiting_minutes(h, NOON) for h in (first, second, third)] == [3, 6, 9]
    for number in range(2):
        holder.accept(ask(f"held{number}", NOON - 60).id, f"agent{number}", NOON - 60)
    # Now two agents are at work, who took a customer at once.
    assert waiting_minutes(third, NOON) == 1


def test_the_estimate_stays_between_one_and_sixty() -> None:
    serve("long", NOON - 3 * 3600, 170)
    assert waiting_minutes(ask(), NOON) == 60


def test_tickets_of_the_night_are_not_waits() -> None:
    ticket = ask("night", NIGHT - 86400)
    holder.accept(ticket.id, "小王", NOON - 3 * 3600)
    assert waiting_minutes(ask(), NOON) == 3
