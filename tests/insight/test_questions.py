"""The recognition rate against cases counted by hand."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.period import Period, Step
from kefu.insight.questions import (
    Asked,
    busiest,
    questions,
    recognition,
    recognition_by_category,
    recognition_by_time,
)
from kefu.insight.share import Share
from kefu.storage.erasure import erase
from tests.insight.scene import DAY, HOUR, MONDAY, NOON, SHANGHAI, WEEK, say

pytestmark = pytest.mark.usefixtures("database")
SHIP, CARRIER = "logistics/ship_time", "logistics/carrier"


def rate(filters: Filters = EVERYTHING) -> Share:
    return recognition(WEEK, filters)


def test_without_a_question_there_is_no_rate() -> None:
    assert rate() == Share(0, 0)
    assert rate().value is None


def test_answered_questions_and_look_ups_are_recognised() -> None:
    say("a", NOON, "answered", SHIP)
    say("a", NOON + 10, "task", "query_order_status")
    say("a", NOON + 20, "not_recognised", SHIP)
    say("a", NOON + 30, "failed")
    assert rate() == Share(2, 4)


@pytest.mark.parametrize("outcome", ["form", "human", "welcome", "held", "rating", "picked"])
def test_what_is_no_question_is_not_counted(outcome: str) -> None:
    say("a", NOON, outcome, SHIP)
    assert rate() == Share(0, 0)


def test_greetings_thanks_yes_and_no_are_no_questions_but_chat_is() -> None:
    for number, label in enumerate(("greet", "thank", "goodbye", "affirm", "deny", "inform")):
        say("a", NOON + number, "small_talk", label)
    assert rate() == Share(0, 0)
    say("a", NOON + 60, "small_talk", "bot_challenge")
    assert rate() == Share(1, 1)


def test_options_count_when_the_customer_picks_one_next() -> None:
    say("a", NOON, "options", SHIP)
    say("a", NOON + 30, "picked", CARRIER)
    say("b", NOON, "options", SHIP)
    say("b", NOON + 30, "not_recognised", SHIP)
    assert rate() == Share(1, 3)


def test_pick_of_another_customer_does_not_count() -> None:
    say("a", NOON, "options", SHIP)
    say("b", NOON + 10, "picked", CARRIER)
    assert rate() == Share(0, 1)


def test_pick_after_something_else_or_hours_later_does_not_count() -> None:
    say("a", NOON, "options", SHIP)
    say("a", NOON + 10, "answered", SHIP)
    say("a", NOON + 20, "picked", CARRIER)
    say("b", NOON, "options", SHIP)
    say("b", NOON + 2 * HOUR, "picked", CARRIER)
    assert rate() == Share(1, 3)


def test_opening_the_chat_again_between_options_and_pick_does_not_matter() -> None:
    say("a", NOON, "options", SHIP)
    say("a", NOON + 10, "welcome")
    say("a", NOON + 20, "picked", CARRIER)
    assert rate() == Share(1, 1)


def test_pick_just_after_midnight_answers_the_options_of_the_day_before() -> None:
    day = Period(MONDAY, MONDAY, SHANGHAI)
    say("a", day.end - 10, "options", SHIP)
    say("a", day.end + 10, "picked", CARRIER)
    assert recognition(day, EVERYTHING) == Share(1, 1)


def test_test_traffic_is_kept_out() -> None:
    say("a", NOON, "answered", SHIP, test=True)
    say("b", NOON, "not_recognised", SHIP)
    assert rate() == Share(0, 1)


def test_test_message_between_options_and_pick_does_not_matter() -> None:
    say("a", NOON, "options", SHIP)
    say("a", NOON + 5, "answered", SHIP, test=True)
    say("a", NOON + 9, "picked", SHIP)
    assert rate() == Share(1, 1)


def test_turns_of_erased_customers_count_but_their_options_cannot_be_told() -> None:
    say("a", NOON, "answered", SHIP)
    say("a", NOON + 10, "options", SHIP)
    erase(say("a", NOON + 20, "picked", SHIP))
    say("b", NOON, "not_recognised", SHIP)
    assert rate() == Share(1, 2)


def test_channel_means_all_accounts_and_one_account_means_that_one() -> None:
    say("a", NOON, "answered", SHIP, channel="wechat:shop")
    say("b", NOON, "not_recognised", SHIP, channel="wechat:news")
    say("c", NOON, "answered", SHIP, channel="rest")
    assert rate(Filters(channel="wechat")) == Share(1, 2)
    assert rate(Filters(channel="wechat:shop")) == Share(1, 1)
    assert questions(WEEK, EVERYTHING).by_channel() == {
        "wechat:shop": Share(1, 1),
        "wechat:news": Share(0, 1),
        "rest": Share(1, 1),
    }


def test_category_takes_what_is_nearest_to_it() -> None:
    say("a", NOON, "answered", SHIP)
    say("a", NOON + 10, "not_recognised", SHIP)
    say("a", NOON + 20, "answered", "after_sales/refund_time")
    say("a", NOON + 30, "answered", "afterXsales/none")
    say("a", NOON + 40, "task", "query_points")
    say("a", NOON + 50, "not_recognised", "image")
    assert rate(Filters(category="logistics")) == Share(1, 2)
    # An underscore stands for itself and not for any letter.
    assert rate(Filters(category="after_sales")) == Share(1, 1)
    found = recognition_by_category(WEEK, EVERYTHING)
    assert found["logistics"] == Share(1, 2)
    assert (found["task"], found["other"]) == (Share(1, 1), Share(0, 1))


def test_days_begin_at_midnight_of_the_shop() -> None:
    say("a", WEEK.start, "answered", SHIP)
    say("a", WEEK.start + DAY - 1, "not_recognised", SHIP)
    say("a", WEEK.start + DAY, "answered", SHIP)
    say("a", WEEK.start - 1, "answered", SHIP)
    say("a", WEEK.end, "answered", SHIP)
    found = recognition_by_time(WEEK, EVERYTHING, WEEK.buckets(Step.DAY))
    assert found == [Share(1, 2), Share(1, 1), *[Share()] * 5]
    assert questions(WEEK, EVERYTHING).by_time(WEEK.buckets(Step.DAY)) == found
    assert rate() == Share(2, 3)


def test_same_messages_fall_on_other_days_in_another_time_zone() -> None:
    late = Period(MONDAY, MONDAY, ZoneInfo("America/Sao_Paulo"))
    say("a", NOON, "answered", SHIP)
    say("a", NOON - 2 * HOUR, "answered", SHIP)
    # Noon in Shanghai is one o'clock at night in São Paulo.
    assert recognition(late, EVERYTHING) == Share(1, 1)


def test_months_of_different_length_are_told_apart() -> None:
    period = Period(date(2026, 10, 1), date(2026, 12, 31), SHANGHAI)
    for month in (10, 11, 12):
        first = Period(date(2026, month, 1), date(2026, month, 1), SHANGHAI)
        for _ in range(month - 9):
            say("a", first.start, "answered", SHIP)
    found = recognition_by_time(period, EVERYTHING, period.buckets(Step.MONTH))
    assert [share.denominator for share in found] == [1, 2, 3]
    assert questions(period, EVERYTHING).by_time(period.buckets(Step.MONTH)) == found


def test_endings_add_up_to_the_questions() -> None:
    say("a", NOON, "answered", SHIP)
    say("a", NOON + 5, "small_talk", "chitchat")
    say("a", NOON + 10, "options", SHIP)
    say("a", NOON + 15, "picked", SHIP)
    say("a", NOON + 20, "options", SHIP)
    say("a", NOON + 25, "not_recognised", SHIP)
    say("a", NOON + 30, "failed")
    found = questions(WEEK, EVERYTHING).endings
    assert found == {
        "answered": 2, "picked": 1, "not_picked": 1, "not_recognised": 1, "failed": 1
    }  # fmt: skip
    assert sum(found.values()) == rate().denominator


def test_busiest_questions_tell_words_from_buttons() -> None:
    for number in range(3):
        say("a", NOON + number, "answered", SHIP)
    say("a", NOON + 5, "picked", SHIP)
    say("a", NOON + 6, "task", "query_points")
    say("a", NOON + 7, "not_recognised", CARRIER)
    assert busiest(WEEK, EVERYTHING) == [Asked(SHIP, 3, 1), Asked("query_points", 1)]
    assert busiest(WEEK, EVERYTHING, limit=1) == [Asked(SHIP, 3, 1)]
