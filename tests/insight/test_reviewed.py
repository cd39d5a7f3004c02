"""Reviewed accuracy: of the answers that a person has looked at, how many were right."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

from kefu.insight.figures import figures
from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.period import Step
from kefu.insight.reviewed import reviewed
from kefu.insight.series import series
from kefu.insight.share import NOTHING, Share
from kefu.insight.words import mark, of_text
from kefu.storage.engine import writing
from kefu.storage.erasure import erase
from kefu.storage.tables import reviews, turns
from tests.insight.scene import DAY, NOON, WEEK, say

pytestmark = pytest.mark.usefixtures("database")
SHIP, REFUND = "logistics/ship_time", "after_sales/refund_time"


def answered(verdict: str, label: str = SHIP, at: float = NOON, **more: Any) -> str:
    """Let an answer be given and reviewed; return the conversation."""
    conversation = say("a", at, "answered", label, **more)
    with writing() as connection:
        turn = connection.execute(select(turns.c.id).order_by(turns.c.id.desc())).scalar()
        row = {"turn": turn, "asked": turn, "conversation": conversation, "label": label}
        values = {"verdict": verdict, "reviewer": "lin", "at": at + DAY, **row}
        connection.execute(insert(reviews).values(**values))
    return conversation


def test_only_right_answers_count_of_those_that_could_be_judged() -> None:
    for verdict in ("right", "right", "right", "wrong", "should_be", "no_answer", "unclear"):
        answered(verdict)
    say("a", NOON, "answered", SHIP)
    found = {figure.name: figure for figure in figures(WEEK).rows()}
    assert (of_text(found["reviewed"]), mark(found["reviewed"])) == ("3/6", "✘")


def test_without_reviews_there_is_no_accuracy() -> None:
    say("a", NOON, "answered", SHIP)
    assert figures(WEEK).reviewed == NOTHING


def test_channel_category_and_days_narrow_it_and_tests_stay_out() -> None:
    answered("right")
    answered("wrong", REFUND, channel="wechat:shop")
    answered("wrong", test=True)
    answered("wrong", at=NOON - 7 * DAY)
    assert reviewed(WEEK, EVERYTHING) == Share(1, 2)
    assert reviewed(WEEK, Filters(channel="rest")) == Share(1, 1)
    assert reviewed(WEEK, Filters(category="after_sales")) == Share(0, 1)
    assert reviewed(WEEK.before(), EVERYTHING) == Share(0, 1)


def test_over_time_it_counts_for_the_day_of_the_answer() -> None:
    answered("right", at=NOON)
    answered("wrong", at=NOON + DAY)
    points = series("reviewed", WEEK, Step.DAY)
    assert [point.of for point in points[:3]] == [Share(1, 1), Share(0, 1), NOTHING]


def test_erased_customers_answers_stay_in_the_figure() -> None:
    erase(answered("right"))
    assert reviewed(WEEK, EVERYTHING) == Share(1, 1)
