"""Messages and customers against cases counted by hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.period import Period, Step
from kefu.insight.volumes import (
    Volume,
    messages_by_hour,
    volume,
    volume_by_channel,
    volume_by_time,
)
from kefu.storage.erasure import erase
from tests.insight.scene import DAY, HOUR, MONDAY, NOON, WEEK, say

pytestmark = pytest.mark.usefixtures("database")


def test_every_message_of_a_customer_counts_whoever_answers_it() -> None:
    say("a", NOON, "answered")
    say("a", NOON + 10, "held")
    say("a", NOON + 20, "rating")
    say("b", NOON, "answered", merged=2)
    assert volume(WEEK, EVERYTHING) == Volume(messages=6, customers=2)


def test_opening_the_chat_and_tests_are_no_messages() -> None:
    say("a", NOON, "welcome")
    say("b", NOON, "answered", test=True)
    assert volume(WEEK, EVERYTHING) == Volume()


def test_customer_who_writes_on_two_days_is_one_customer_on_each() -> None:
    say("a", NOON, "answered")
    say("a", NOON + DAY, "answered")
    say("b", NOON + DAY, "answered", channel="wechat:shop")
    days = volume_by_time(WEEK, EVERYTHING, WEEK.buckets(Step.DAY))
    assert days == [Volume(1, 1), Volume(2, 2), *[Volume()] * 5]
    assert volume(WEEK, EVERYTHING) == Volume(3, 2)
    assert volume_by_channel(WEEK, EVERYTHING) == {
        "rest": Volume(2, 1), "wechat:shop": Volume(1, 1)
    }  # fmt: skip


def test_erased_customers_leave_their_messages_and_are_not_one_customer() -> None:
    for customer in ("a", "b"):
        erase(say(customer, NOON, "answered"))
    say("c", NOON, "answered")
    assert volume(WEEK, EVERYTHING) == Volume(3, 1)


def test_hours_are_those_of_the_shops_clock() -> None:
    say("a", NOON, "answered", merged=1)
    say("a", NOON + DAY + HOUR - 1, "answered")
    say("a", NOON + HOUR, "answered")
    found = messages_by_hour(WEEK, EVERYTHING)
    assert (found[12], found[13], sum(found)) == (3, 1, 4)


def test_hours_are_right_where_clocks_differ_by_half_an_hour() -> None:
    # Noon in Shanghai is half past nine in India.
    period = Period(MONDAY, MONDAY, ZoneInfo("Asia/Kolkata"))
    say("a", NOON + 29 * 60, "answered")
    say("a", NOON + 30 * 60, "answered")
    found = messages_by_hour(period, EVERYTHING)
    assert (found[9], found[10]) == (1, 1)


def test_category_counts_what_was_about_it() -> None:
    say("a", NOON, "answered", "logistics/carrier")
    say("a", NOON, "answered", "order/cancel")
    assert volume(WEEK, Filters(category="logistics")) == Volume(1, 1)
