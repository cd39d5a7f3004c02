"""How many sends are left for a customer, and until when."""

from __future__ import annotations

import pytest

from kefu.channels.wechat import windows
from kefu.channels.wechat.windows import Trigger, Window
from kefu.storage.engine import reading, writing

pytestmark = pytest.mark.usefixtures("database")

NOW = 1000.0
TWO_DAYS = 48 * 3600.0


def open_by(trigger: Trigger, now: float = NOW) -> None:
    with writing() as connection:
        windows.open_window(connection, "c1", trigger, now)


def use(sends: int) -> None:
    with writing() as connection:
        windows.use(connection, "c1", sends)


def left() -> Window | None:
    with reading() as connection:
        return windows.window(connection, "c1")


def test_before_anything_was_heard_of_a_customer_nothing_is_known() -> None:
    assert left() is None
    use(1)
    assert left() is None


@pytest.mark.parametrize(
    ("trigger", "sends", "seconds"),
    [
        ("message", 5, TWO_DAYS),
        ("enter", 2, 60.0),
        ("menu", 3, 60.0),
        ("subscribe", 3, 60.0),
        ("scan", 3, 60.0),
    ],
)
def test_each_trigger_opens_its_own_window(trigger: Trigger, sends: int, seconds: float) -> None:
    open_by(trigger)
    assert left() == Window(sends, NOW + seconds)


def test_a_second_message_resets_the_window_and_adds_nothing() -> None:
    open_by("message")
    open_by("message", NOW + 5)
    assert left() == Window(5, NOW + 5 + TWO_DAYS)
    use(4)
    open_by("message", NOW + 10)
    assert left() == Window(5, NOW + 10 + TWO_DAYS)


def test_the_longer_validity_stays() -> None:
    open_by("message")
    use(5)
    open_by("enter", NOW + 100)
    assert left() == Window(2, NOW + TWO_DAYS)


def test_a_smaller_trigger_takes_nothing_away() -> None:
    open_by("message")
    open_by("enter", NOW + 1)
    assert left() == Window(5, NOW + TWO_DAYS)


def test_what_is_left_of_a_window_that_is_over_does_not_count() -> None:
    open_by("message")
    later = NOW + TWO_DAYS
    open_by("enter", later)
    assert left() == Window(2, later + 60.0)


def test_sends_are_counted_and_given_back() -> None:
    open_by("message")
    use(1)
    use(1)
    use(-1)
    assert left() == Window(4, NOW + TWO_DAYS)


def test_a_window_never_holds_more_than_its_most() -> None:
    open_by("message")
    use(1)
    open_by("message", NOW + 1)
    use(-1)
    assert left() == Window(5, NOW + 1 + TWO_DAYS)


def test_a_closed_window_opens_with_the_next_message() -> None:
    open_by("message")
    with writing() as connection:
        windows.close(connection, "c1")
    assert left() == Window(0, NOW + TWO_DAYS)
    open_by("message", NOW + 1)
    assert left() == Window(5, NOW + 1 + TWO_DAYS)


def test_a_window_whose_time_is_over_stays_over() -> None:
    open_by("message")
    with writing() as connection:
        windows.close(connection, "c1", NOW + 5)
    open_by("enter", NOW + 10)
    assert left() == Window(2, NOW + 70)


def test_customers_have_windows_of_their_own() -> None:
    open_by("message")
    with writing() as connection:
        windows.open_window(connection, "c2", "enter", NOW)
        windows.close(connection, "c2")
    assert left() == Window(5, NOW + TWO_DAYS)
