"""What people see of a customer's window for sends."""

from __future__ import annotations

import pytest

from kefu.channels.wechat.windows import close, open_window, use
from kefu.storage.engine import writing
from kefu.storage.windows_view import window_of

NOW = 1_000_000.0
TWO_DAYS = 48 * 3600.0


@pytest.mark.usefixtures("database")
class TestWindowOf:
    def test_customer_who_wrote_can_be_sent_five_messages_in_two_days(self) -> None:
        with writing() as connection:
            open_window(connection, "c1", "message", NOW)
            use(connection, "c1", 2)
        view = window_of("c1", NOW + 60)
        assert view is not None and view.takes_more
        assert (view.sends_left, view.open_until) == (3, NOW + TWO_DAYS)

    def test_window_is_over_after_two_days(self) -> None:
        with writing() as connection:
            open_window(connection, "c1", "message", NOW)
        view = window_of("c1", NOW + TWO_DAYS)
        assert view is not None
        assert (view.is_open, view.takes_more) == (False, False)

    def test_window_without_sends_takes_nothing_though_its_time_is_not_over(self) -> None:
        with writing() as connection:
            open_window(connection, "c1", "message", NOW)
            close(connection, "c1")
            use(connection, "c1", 1)
        view = window_of("c1", NOW)
        assert view is not None
        assert (view.is_open, view.sends_left, view.takes_more) == (True, 0, False)

    def test_channel_without_limits_has_no_window(self) -> None:
        assert window_of("over-rest", NOW) is None
