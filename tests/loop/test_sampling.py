"""The reviewer's sample: which answers are in it, and that it is fair."""

from __future__ import annotations

from collections import Counter

import pytest

from kefu.loop.records import texts_of
from kefu.loop.sampling import Answered, answers_between, in_random_order, turn_of
from kefu.storage.erasure import erase
from tests.loop import said

pytestmark = pytest.mark.usefixtures("database")
INVOICE, CANCEL = "payment/invoice", "order/cancel"


def sample() -> list[tuple[int, int, str]]:
    return [(a.turn, a.asked, a.label) for a in answers_between(*said.WEEK)]


def test_direct_answers_tasks_and_picks_after_options_are_in_it() -> None:
    direct = said.ask("开票", "answered", label=INVOICE)
    task = said.ask("到哪了", "task", at=10, label="query_logistics")
    options = said.ask("票", "options", at=20, label=CANCEL)
    picked = said.ask("怎么开发票", "picked", at=30, label=INVOICE)
    assert sample() == [
        (direct, direct, INVOICE), (task, task, "query_logistics"), (picked, options, INVOICE),
    ]  # fmt: skip


def test_what_answers_no_question_is_not_in_it() -> None:
    said.ask("在吗", "small_talk", label="greet")
    said.ask("火星", "not_recognised", at=10)
    said.ask("转人工", "answered", at=20, label="request_human")
    said.ask("怎么开发票", "picked", at=30, label=INVOICE)  # a button of the welcome
    said.ask("票", "options", at=40, label=INVOICE)
    said.ask("怎么开发票", "picked", at=4000, label=INVOICE)  # too late for an answer
    said.ask("开票", "answered", at=5000, label=INVOICE, test=True)
    said.ask("开票", "answered", at=8 * 86_400, label=INVOICE)
    assert sample() == []


def test_erased_customers_are_not_in_it() -> None:
    said.ask("开票", "answered", label=INVOICE)
    erase("c1")
    assert sample() == []


def test_draw_is_the_same_every_time_and_prefers_nobody() -> None:
    labels_of_week = ["usual/one" if n % 20 else "rare/one" for n in range(4000)]
    week = [Answered(n, n, "c", label, 0.0) for n, label in enumerate(labels_of_week)]
    drawn = in_random_order(week)
    assert drawn == in_random_order(reversed(week)) and drawn != week
    labels = Counter(answer.label for answer in drawn[:1000])
    assert 30 <= labels["rare/one"] <= 70  # one of twenty, give or take three deviations
    assert 1800 <= sum(answer.turn for answer in drawn[:1000]) / 1000 <= 2200


def test_question_is_read_even_when_it_came_in_several_messages() -> None:
    turn = said.ask("怎么开", "answered", label=INVOICE, before=("你好", "发票"))
    (answer,) = answers_between(*said.WEEK)
    assert texts_of([turn_of(answer)])[turn] == ["你好", "发票", "怎么开"]
