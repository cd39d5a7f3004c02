"""Reply times against cases counted by hand."""

from __future__ import annotations

import pytest

from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.period import Step
from kefu.insight.reply_times import (
    ReplyTimes,
    replies,
    reply_times_by_time,
)
from kefu.insight.share import Share, percentile
from tests.insight.scene import DAY, NOON, WEEK, say

pytestmark = pytest.mark.usefixtures("database")


def test_without_a_reply_there_are_no_times() -> None:
    assert replies(WEEK, EVERYTHING).whole == ReplyTimes()


def test_percentiles_are_those_of_the_nearest_rank() -> None:
    seconds = [number / 10 for number in range(1, 41)]
    for number, each in enumerate(reversed(seconds)):
        say("a", NOON + number, "answered", seconds=each)
    found = replies(WEEK, EVERYTHING).whole
    times = [found.p50, found.p95, found.p99]
    assert times == pytest.approx([2.0, 3.8, 4.0], abs=1e-3)
    assert times == pytest.approx([percentile(seconds, p) for p in (50, 95, 99)], abs=1e-3)


def test_three_seconds_are_not_less_than_three_seconds() -> None:
    for seconds in (0.5, 2.75, 3.0, 3.5):
        say("a", NOON, "answered", seconds=seconds)
    assert replies(WEEK, EVERYTHING).whole.fast == Share(2, 4)


def test_what_is_for_a_person_and_tests_are_kept_out() -> None:
    say("a", NOON, "held", seconds=9)
    say("a", NOON, "answered", seconds=9, test=True)
    say("a", NOON, "failed", seconds=2.75)
    assert replies(WEEK, EVERYTHING).whole.fast == Share(1, 1)


def test_each_day_and_each_channel_has_its_own() -> None:
    say("a", NOON, "answered", seconds=1)
    say("a", NOON + DAY, "answered", seconds=2, channel="wechat:shop")
    say("a", NOON + DAY, "answered", seconds=4, channel="wechat:shop")
    days = reply_times_by_time(WEEK, EVERYTHING, WEEK.buckets(Step.DAY))
    assert [day.p50 for day in days[:3]] == [1.0, 2.0, None]
    assert days[1].fast == Share(1, 2)
    assert replies(WEEK, EVERYTHING).by_time(WEEK.buckets(Step.DAY)) == days
    found = replies(WEEK, EVERYTHING).by_channel()
    assert {channel: times.p95 for channel, times in found.items()} == {
        "rest": 1.0, "wechat:shop": 4.0
    }  # fmt: skip


def test_filters_narrow_it() -> None:
    say("a", NOON, "answered", "logistics/carrier", seconds=1)
    say("a", NOON, "answered", "order/cancel", seconds=2, channel="wechat:shop")
    assert replies(WEEK, Filters(category="logistics")).whole.fast == Share(1, 1)
    assert replies(WEEK, Filters(channel="wechat")).whole.p50 == 2.0
