"""Satisfaction against cases counted by hand."""

from __future__ import annotations

import pytest

from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.period import Step
from kefu.insight.satisfaction import (
    Satisfaction,
    satisfaction,
    satisfaction_by_category,
    satisfaction_by_channel,
    satisfaction_by_time,
)
from kefu.insight.share import Share
from kefu.storage.erasure import erase
from tests.insight.scene import DAY, MINUTE, NOON, WEEK, answer, ask, conversation_of, rated

pytestmark = pytest.mark.usefixtures("database")


def serve(customer: str, word: str | None, at: float = NOON, **about: object) -> None:
    handoff = ask(customer, at, **about)  # type: ignore[arg-type]
    answer(handoff, at + MINUTE)
    rated(handoff, at + 5 * MINUTE, word)


def test_nobody_asked_is_no_data() -> None:
    found = satisfaction(WEEK, EVERYTHING)
    assert (found.satisfied.value, found.rated.value) == (None, None)


def test_satisfied_of_rated_and_rated_of_asked() -> None:
    serve("a", "满意")
    serve("b", "不满意")
    serve("c", "很满意")
    serve("d", None)
    assert satisfaction(WEEK, EVERYTHING) == Satisfaction(Share(2, 3), Share(3, 4))


def test_customer_without_a_person_is_not_asked() -> None:
    rated(ask("a", NOON), NOON + MINUTE, None)
    assert satisfaction(WEEK, EVERYTHING) == Satisfaction()


def test_tests_and_erased_customers_are_kept_out() -> None:
    serve("tester", "不满意", test=True)
    serve("gone", "满意")
    erase(conversation_of("gone"))
    assert satisfaction(WEEK, EVERYTHING) == Satisfaction()


def test_it_counts_on_the_day_when_the_customer_was_asked() -> None:
    serve("a", "满意")
    serve("b", "不满意", at=NOON + DAY)
    serve("c", "满意", at=WEEK.end + DAY)
    days = satisfaction_by_time(WEEK, EVERYTHING, WEEK.buckets(Step.DAY))
    assert [day.satisfied for day in days[:3]] == [Share(1, 1), Share(0, 1), Share()]
    assert satisfaction(WEEK, EVERYTHING).satisfied == Share(1, 2)


def test_channels_and_categories_have_their_own() -> None:
    serve("a", "满意", channel="wechat:shop", category="order")
    serve("b", "不满意", category="logistics")
    assert satisfaction(WEEK, Filters(channel="wechat")).satisfied == Share(1, 1)
    assert satisfaction(WEEK, Filters(category="logistics")).satisfied == Share(0, 1)
    channels = satisfaction_by_channel(WEEK, EVERYTHING)
    assert channels["rest"].satisfied == Share(0, 1)
    assert satisfaction_by_category(WEEK, EVERYTHING)["order"].satisfied == Share(1, 1)
