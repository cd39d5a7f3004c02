"""Sessions, handoffs and waits against cases counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.handoff import holder
from kefu.insight.filters import EVERYTHING, Filters
from kefu.insight.people import (
    Service,
    Waits,
    by_category,
    by_channel,
    by_time,
    of_sessions,
)
from kefu.insight.period import Step
from kefu.insight.sessions import sessions_of
from kefu.insight.share import Share
from kefu.storage.erasure import erase
from tests.handoff.rules import with_settings
from tests.insight.scene import (
    DAY,
    HOUR,
    MINUTE,
    NIGHT,
    NOON,
    WEEK,
    answer,
    ask,
    conversation_of,
    say,
)

pytestmark = pytest.mark.usefixtures("database")
SHIP = "logistics/ship_time"


def served(filters: Filters = EVERYTHING) -> Service:
    return of_sessions(sessions_of(WEEK, filters))


def sessions() -> int:
    return served().handoff.denominator


def test_without_messages_there_is_no_session() -> None:
    assert served() == Service(Share(), {}, Share(), Waits())  # type: ignore[arg-type]


def test_gap_of_an_hour_is_one_session_and_a_longer_one_two() -> None:
    say("a", NOON, "answered")
    say("a", NOON + HOUR, "answered")
    assert sessions() == 1
    say("a", NOON + 2 * HOUR + 1, "answered")
    assert sessions() == 2


def test_long_session_of_short_gaps_is_one() -> None:
    for number in range(12):
        say("a", NOON + number * 50 * MINUTE, "answered" if number % 2 else "held")
    assert sessions() == 1


def test_each_customer_has_sessions_of_their_own() -> None:
    say("a", NOON, "answered")
    say("b", NOON + 1, "answered")
    assert sessions() == 2


def test_opening_the_chat_or_rating_alone_is_no_session() -> None:
    say("a", NOON, "welcome")
    say("b", NOON, "rating")
    assert sessions() == 0


def test_session_over_midnight_counts_on_the_day_it_begins() -> None:
    midnight = WEEK.start + DAY
    say("a", midnight - 10, "answered")
    say("a", midnight + 10, "answered")
    days = by_time(sessions_of(WEEK, EVERYTHING), WEEK.buckets(Step.DAY))
    assert [day.handoff.denominator for day in days[:2]] == [1, 0]


def test_session_that_began_before_the_period_is_not_in_it() -> None:
    say("a", WEEK.start - 10, "answered")
    say("a", WEEK.start + 10, "answered")
    say("a", WEEK.start + 2 * HOUR, "answered")
    assert sessions() == 1


def test_handoff_after_the_end_belongs_to_the_session_that_began_before_it() -> None:
    say("a", WEEK.end - 10, "not_recognised")
    ask("a", WEEK.end + 50)
    assert served().handoff == Share(1, 1)
    assert of_sessions(sessions_of(WEEK.before(), EVERYTHING)).handoff == Share(0, 0)


def test_handoff_rate_counts_sessions_and_not_requests() -> None:
    say("a", NOON, "answered")
    holder.close(ask("a", NOON + 60).id, "done", NOON + 300)
    ask("a", NOON + 600, reason="repeat")
    say("b", NOON, "answered")
    found = served()
    assert found.handoff == Share(1, 2)
    # The first reason of a session, so that reasons add up to the rate.
    assert found.reasons == {"keyword": 1}


def test_session_without_a_handoff_next_to_one_with_it() -> None:
    holder.close(ask("a", NOON).id, "done", NOON + 300)
    say("a", NOON + 3 * HOUR, "answered")
    ask("b", NOON, reason="unrecognised")
    found = served()
    assert found.handoff == Share(2, 3)
    assert found.reasons == {"keyword": 1, "unrecognised": 1}


def test_asked_for_a_person_and_got_none() -> None:
    answer(ask("a", NOON), NOON + 30)
    holder.close(ask("b", NOON).id, "cancelled", NOON + 60)
    ask("c", NIGHT)
    say("d", NOON, "answered")
    assert served().unreached == Share(2, 3)


def test_ticket_that_is_answered_in_the_morning_has_reached_a_person() -> None:
    ticket = ask("a", NIGHT)
    # Asked for again while it is open, before midnight: there is no second ticket.
    ask("a", NIGHT + 1.5 * HOUR)
    assert served().unreached == Share(2, 2)
    answer(ticket, NIGHT + 11 * HOUR)
    assert served().unreached == Share(0, 2)


def test_ticket_asked_for_again_in_the_morning_is_a_handoff_of_both_sessions() -> None:
    ask("a", NIGHT, reason="unrecognised")
    again = ask("a", NIGHT + 12 * HOUR, reason="keyword")
    answer(again, NIGHT + 12 * HOUR + 90)
    found = served()
    assert found.handoff == Share(2, 2)
    assert found.reasons == {"unrecognised": 1, "keyword": 1}
    assert found.unreached == Share(0, 2)
    # It was waited for once, in the morning.
    assert found.waits.answered == Share(1, 1)
    assert found.waits.p50 == pytest.approx(89.8)


def test_waits_go_to_the_first_word_and_not_to_the_taking() -> None:
    handoff = ask("a", NOON)
    holder.accept(handoff.id, "wang", NOON + 20)
    holder.accept(ask("b", NOON).id, "wang", NOON + 20)
    answer(handoff, NOON + 60.2)
    ask("c", NOON)
    waits = served().waits
    assert waits.answered == Share(1, 3)
    assert waits.p50 == waits.p95 == pytest.approx(60.0)


def test_tickets_of_the_night_are_no_waits() -> None:
    answer(ask("a", NIGHT), NIGHT + 11 * HOUR)
    waits = served().waits
    assert (waits.answered, waits.p50, waits.tickets) == (Share(0, 0), None, 1)


def test_wait_for_a_desk_out_of_sight_goes_to_the_taking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = (
        "kefu.channels.wechat.connector.WechatChannel:\n"
        "  accounts:\n    shop: {kind: miniprogram, desk: wechat}\n"
    )
    handoff = ask("a", NOON, channel="wechat:shop")
    holder.accept(handoff.id, "微信客服", NOON + 20.2)
    with with_settings(tmp_path, monkeypatch, elsewhere):
        assert served().waits.p50 == pytest.approx(20.0)
    assert served().waits.p50 is None


def test_request_without_a_turn_makes_a_session() -> None:
    conversation = say("a", NOON, "answered", channel="wechat:shop")
    # The customer writes to WeChat's desk itself, a day later.
    holder.request(conversation, "button", None, None, NOON + DAY)
    found = served(Filters(channel="wechat:shop"))
    assert found.handoff == Share(1, 2)
    assert served(Filters(channel="rest")).handoff == Share(0, 0)


def test_test_traffic_is_kept_out() -> None:
    ask("tester", NOON, test=True)
    say("a", NOON, "answered")
    assert served().handoff == Share(0, 1)
    assert served().waits.answered == Share(0, 0)


def test_erased_customers_are_no_session() -> None:
    for customer in ("a", "b"):
        ask(customer, NOON)
        erase(conversation_of(customer))
    say("c", NOON, "answered")
    assert served().handoff == Share(0, 1)


def test_category_means_sessions_in_which_something_of_it_was_asked() -> None:
    say("a", NOON, "answered", SHIP)
    say("a", NOON + 10, "answered", "order/cancel")
    ask("a", NOON + 20, category="order")
    say("b", NOON, "answered", SHIP)
    say("c", NOON, "answered", "order/cancel")
    assert served(Filters(category="logistics")).handoff == Share(1, 2)
    found = by_category(sessions_of(WEEK, EVERYTHING))
    assert {name: s.handoff for name, s in found.items()} == {
        "logistics": Share(1, 2), "order": Share(1, 2)
    }  # fmt: skip


def test_category_that_was_asked_in_the_middle_of_a_session_is_found() -> None:
    say("a", NOON, "small_talk", "greet")
    say("a", NOON + 10, "answered", SHIP)
    say("a", NOON + 20, "small_talk", "thank")
    assert served(Filters(category="logistics")).handoff == Share(0, 1)


def test_channels_have_their_own_sessions() -> None:
    ask("a", NOON, channel="wechat:shop")
    say("b", NOON, "answered", channel="wechat:news")
    found = by_channel(sessions_of(WEEK, EVERYTHING))
    assert {name: s.handoff for name, s in found.items()} == {
        "wechat:shop": Share(1, 1), "wechat:news": Share(0, 1)
    }  # fmt: skip
