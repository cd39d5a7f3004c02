"""What a message asks, when its clauses say something else than the whole of it."""

from __future__ import annotations

import numpy as np
import pytest

from kefu.nlu.reading import Reading, Scored, of_follow_up, of_story, without_denied

LABELS = ["payment/invoice", "logistics/ship_time", "after_sales/refund_time", "query_points",
          "greet"]  # fmt: skip
INVOICE, SHIPPING, REFUND, POINTS, GREET = range(len(LABELS))


def scored(text: str = "……", rest: float = 0.0, **scores: float) -> Scored:
    """Return scores by name; `rest` for each of the others."""
    names = ("invoice", "shipping", "refund", "points", "greet")
    return Scored(text, np.array([scores.get(name, rest) for name in names]))


def best(reading: Reading) -> int:
    return int(reading.scores.argmax())


def test_message_without_clauses_is_what_the_whole_says() -> None:
    whole = scored(invoice=0.6, shipping=0.2)
    reading = of_story(LABELS, whole, [])
    assert np.array_equal(reading.scores, whole.scores)
    assert (reading.questions, reading.because) == ((), "")


def test_question_inside_a_story_is_found() -> None:
    clauses = [scored("昨天买了两箱水", greet=0.2), scored("怎么开发票", invoice=0.9)]
    reading = of_story(LABELS, scored(refund=0.2, invoice=0.1), clauses)
    assert best(reading) == INVOICE
    assert reading.scores[INVOICE] > 0.5
    assert "怎么开发票" in reading.because


@pytest.mark.parametrize(
    ("whole", "clause"),
    [
        # The whole is sure enough itself.
        (scored(refund=0.4), scored(invoice=0.9)),
        # The clause is not sure.
        (scored(refund=0.2), scored(invoice=0.7)),
        # A greeting is no question to answer.
        (scored(refund=0.2), scored(greet=0.95)),
    ],
)
def test_otherwise_the_whole_is_believed(whole: Scored, clause: Scored) -> None:
    assert np.array_equal(of_story(LABELS, whole, [clause]).scores, whole.scores)


def test_greeting_that_the_whole_was_taken_for_hides_no_question() -> None:
    reading = of_story(LABELS, scored(greet=0.9), [scored(shipping=0.9)])
    assert best(reading) == SHIPPING


def test_two_sure_clauses_are_two_questions_in_their_order() -> None:
    clauses = [scored(shipping=0.8), scored(invoice=0.9), scored(greet=0.9)]
    reading = of_story(LABELS, scored(shipping=0.5, invoice=0.3), clauses)
    assert reading.questions == (SHIPPING, INVOICE)
    assert reading.because
    assert reading.scores.sum() <= 1


def test_task_and_entry_are_two_questions() -> None:
    reading = of_story(LABELS, scored(), [scored(points=0.9), scored(invoice=0.9)])
    assert reading.questions == (POINTS, INVOICE)


def test_of_four_questions_three_are_shown() -> None:
    clauses = [scored(invoice=0.9), scored(shipping=0.9), scored(refund=0.9), scored(points=0.9)]
    assert of_story(LABELS, scored(), clauses).questions == (INVOICE, SHIPPING, REFUND)


@pytest.mark.parametrize(
    "clauses",
    [
        # The same question twice.
        [scored(invoice=0.9), scored(invoice=0.8)],
        # One of them is not sure.
        [scored(invoice=0.9), scored(shipping=0.7)],
        # Each could be what the other asks: two ways to say one thing.
        [scored(invoice=0.8, shipping=0.1), scored(shipping=0.9)],
        [scored(invoice=0.9), scored(greet=0.9)],
    ],
)
def test_one_question_in_two_clauses_stays_one(clauses: list[Scored]) -> None:
    assert of_story(LABELS, scored(invoice=0.5), clauses).questions == ()


def test_leaning_message_is_understood_with_the_question_before_it() -> None:
    alone = Reading(scored(shipping=0.4, refund=0.3).scores)
    together = scored("怎么退款，多久", refund=0.9, invoice=0.05)
    reading = of_follow_up(alone, together, None)
    assert best(reading) == REFUND
    assert "怎么退款，多久" in reading.because
    assert reading.scores.sum() <= 1


def test_question_before_is_not_asked_again() -> None:
    """怎么开发票 was answered; 那要多久 together with it is near to it, and means another."""
    alone = Reading(scored(shipping=0.3).scores)
    together = scored(invoice=0.7, shipping=0.2)
    reading = of_follow_up(alone, together, INVOICE)
    assert best(reading) == SHIPPING
    assert reading.scores[INVOICE] < 0.05
    assert reading.scores.sum() <= 1


def test_nothing_but_the_question_before_leaves_no_answer() -> None:
    reading = of_follow_up(Reading(scored().scores), scored(invoice=0.9), INVOICE)
    assert reading.scores.max() == 0


def test_what_is_asked_beside_a_denial_is_read() -> None:
    reading = without_denied(scored(",快递到哪了", shipping=0.8))
    assert best(reading) == SHIPPING
    assert "快递到哪了" in reading.because
