"""What the desk does by itself: idle and unanswered customers, news for those who wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kefu.handoff import desk, holder, rounds
from kefu.handoff.history import events_of
from kefu.handoff.returns import return_unanswered
from kefu.replies import CANCEL_WAITING, LEAVE_MESSAGE
from kefu.staff import people
from kefu.staff.people import Person
from kefu.storage import conversations
from tests.handoff.crew import change_window, come, hire, open_window, told
from tests.handoff.moments import MINUTE, NOON, ask
from tests.handoff.rules import with_settings

pytestmark = pytest.mark.usefixtures("database")

END = "人工客服已结束服务，我继续为你服务。\n请为本次人工服务评价：[满意][不满意]"
CLOSING = NOON + 6 * 3600
LATE = (
    "抱歉让你久等了，人工客服还在忙。你可以继续等，也可以留言，我们会尽快回复你。"
    f"[{LEAVE_MESSAGE}][{CANCEL_WAITING}]"
)


def stay(person: Person, until: float) -> None:
    """Let a page of the person's be open until then."""
    people.seen(person.id, until)


def kinds(conversation: str = "c1") -> list[str]:
    return [event.kind for event in events_of(conversation)]


# Idle customers.


def test_an_idle_agent_loses_the_customer_who_is_told_and_asked_once() -> None:
    handoff = ask()
    desk.say(handoff.id, "xiaoli", "请稍等", NOON)
    rounds.look(NOON + 29 * MINUTE)
    assert END not in told("c1")
    for second in range(3):
        rounds.look(NOON + 30 * MINUTE + second)
    assert told("c1")[2:] == [END]
    assert kinds() == ["requested", "accepted", "idle"]


def test_who_is_given_back_by_an_own_message_is_told_in_the_next_round() -> None:
    desk.say(ask().id, "xiaoli", "请稍等", NOON)
    assert holder.who_holds("c1", NOON + 31 * MINUTE) == "bot"
    for second in range(3):
        rounds.look(NOON + 31 * MINUTE + second)
    assert told("c1")[2:] == [END]


def test_an_end_whose_process_died_before_the_notice_is_told_later_and_once() -> None:
    handoff = ask()
    desk.say(handoff.id, "xiaoli", "请稍等", NOON)
    holder.close(handoff.id, "done", NOON + MINUTE)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(rounds.look, [NOON + 2 * MINUTE] * 4))
    rounds.look(NOON + 3 * MINUTE)
    assert told("c1")[2:] == [END]


def test_without_ratings_the_end_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handoff = ask()
    desk.say(handoff.id, "xiaoli", "请稍等", NOON)
    with with_settings(tmp_path, monkeypatch, rating={"enabled": False}):
        holder.close(handoff.id, "done", NOON + MINUTE)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(rounds.look, [NOON + 2 * MINUTE] * 4))
    assert told("c1")[2:] == ["人工客服已结束服务，我继续为你服务"]


def test_an_end_that_a_new_request_follows_is_no_news() -> None:
    desk.say(ask().id, "xiaoli", "请稍等", NOON)
    assert holder.who_holds("c1", NOON + 31 * MINUTE) == "bot"
    ask(now=NOON + 31 * MINUTE)
    rounds.look(NOON + 31 * MINUTE)
    assert END not in told("c1")


def test_an_end_of_long_ago_is_no_news() -> None:
    handoff = ask()
    desk.say(handoff.id, "xiaoli", "请稍等", NOON)
    holder.close(handoff.id, "done", NOON)
    rounds.look(NOON + 61 * MINUTE)
    assert END not in told("c1")


@pytest.mark.parametrize(
    ("sends_left", "until"), [(0, NOON + 86400), (5, NOON)], ids=["used up", "48 hours"]
)
def test_an_end_that_wechat_did_not_take_is_told_once_the_customer_has_written_again(
    sends_left: int, until: float
) -> None:
    open_window("c1", sends_left, until)
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    desk.finish(handoff.id, NOON + MINUTE)
    rounds.look(NOON + 2 * MINUTE)
    assert END not in told("c1")
    change_window("c1", 5, NOON + 2 * 86400)
    for second in range(3):
        rounds.look(NOON + 3 * MINUTE + second)
    assert told("c1") == [END]


def test_who_waited_for_nobody_reads_that_the_bot_goes_on() -> None:
    ask()
    for second in range(3):
        rounds.look(NOON + 30 * MINUTE + second)
    assert holder.who_holds("c1", NOON + 31 * MINUTE) == "bot"
    assert told("c1") == [
        "抱歉，人工客服一直没有空。你的留言已经记录，客服会尽快回复你；其他问题我可以继续帮你。"
    ]


def test_customers_of_wechats_own_desk_are_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = conversations.remember("wechat:shop", "openid-1", NOON)
    accounts = (
        "kefu.channels.wechat.connector.WechatChannel:\n"
        "  accounts:\n    shop: {kind: miniprogram, desk: wechat}\n"
    )
    with with_settings(tmp_path, monkeypatch, credentials=accounts):
        handoff = ask(theirs)
        rounds.look(NOON + 20 * MINUTE)
        holder.accept(handoff.id, "微信客服", NOON + 20 * MINUTE)
        rounds.look(NOON + 51 * MINUTE)
    assert holder.get(handoff.id).close_reason == "idle"
    assert told(theirs) == []


# Agents who do not answer.


def test_who_is_not_answered_gets_another_agent() -> None:
    first = hire("xiaoli", "小李")
    ask()
    rounds.look(NOON)
    second = hire("xiaowang", "小王", now=NOON + 179)
    stay(first, NOON + 179)
    rounds.look(NOON + 179)
    assert holder.get(1).agent == "xiaoli"
    come(second, NOON + 180), stay(first, NOON + 180)
    rounds.look(NOON + 180)
    assert holder.get(1).agent == "xiaowang"
    assert told("c1") == ["人工客服小李已接入，为你服务。", "已转给人工客服小王，请稍候。"]
    assert kinds() == ["requested", "assigned", "returned", "assigned"]


def test_who_has_spoken_keeps_the_customer() -> None:
    person = hire("xiaoli")
    handoff = ask()
    rounds.look(NOON)
    desk.say(handoff.id, "xiaoli", "你好", NOON)
    hire("xiaowang", now=NOON + 20 * MINUTE)
    assert person.seen_at == NOON  # and has gone since
    rounds.look(NOON + 20 * MINUTE)
    assert holder.get(handoff.id).agent == "xiaoli"


def test_who_leaves_without_a_word_loses_the_customer_after_two_minutes() -> None:
    hire("xiaoli")
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    assert return_unanswered(NOON + 119) == []
    assert [h.id for h in return_unanswered(NOON + 120)] == [handoff.id]
    assert holder.get(handoff.id).state == "waiting"


def test_who_picked_a_customer_and_stays_may_think() -> None:
    person = hire("xiaoli")
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    stay(person, NOON + 20 * MINUTE)
    assert return_unanswered(NOON + 20 * MINUTE) == []


def test_who_works_without_the_console_cannot_go_from_it() -> None:
    hire("xiaoli", now=NOON - 86400)
    desk.take(ask().id, "xiaoli", NOON)
    desk.take(ask("c2").id, "命令行的小王", NOON)
    assert return_unanswered(NOON + 20 * MINUTE) == []


def test_who_gets_a_customer_by_transfer_and_says_nothing_loses_the_customer() -> None:
    hire("xiaoli"), hire("xiaowang")
    handoff = ask()
    desk.say(handoff.id, "xiaoli", "转给同事", NOON)
    desk.transfer(handoff.id, "xiaoli", "xiaowang", NOON + 1)
    assert return_unanswered(NOON + 119) == []
    assert [h.id for h in return_unanswered(NOON + 121)] == [handoff.id]
    back = holder.get(handoff.id)
    # Somebody did serve the customer.
    assert (back.state, back.accepted_at) == ("waiting", NOON)


def test_zero_minutes_leave_assigned_customers_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = hire("xiaoli")
    ask()
    rounds.look(NOON)
    stay(person, NOON + 20 * MINUTE)
    with with_settings(tmp_path, monkeypatch, handoff={"answer_within_minutes": 0}):
        assert return_unanswered(NOON + 20 * MINUTE) == []


# News for those who wait.


def test_who_waits_is_told_only_what_is_new_and_twice_at_most() -> None:
    first, second = ask("c1"), ask("c2", NOON + 1)
    rounds.look(NOON + 2 * MINUTE)
    assert told("c2") == []
    rounds.look(NOON + 4 * MINUTE)
    assert told("c2") == ["人工客服正忙，你前面还有1位顾客，预计还要等待6分钟。"]
    rounds.look(NOON + 6 * MINUTE)
    assert len(told("c2")) == 1
    holder.cancel(first.conversation, NOON + 7 * MINUTE)
    rounds.look(NOON + 7 * MINUTE)
    assert told("c2")[1:] == ["人工客服正忙，下一位就是你，预计还要等待6分钟。"]
    ask("c3", NOON - 60)
    rounds.look(NOON + 9 * MINUTE)
    assert len(told("c2")) == 2
    assert holder.get(second.id).updates_told == 2


def test_who_is_told_that_it_takes_too_long_is_not_told_the_minutes_as_well() -> None:
    first = ask("c1")
    ask("c2", NOON + 1)
    rounds.look(NOON + 5 * MINUTE)
    holder.cancel(first.conversation, NOON + 9 * MINUTE)
    rounds.look(NOON + 11 * MINUTE)
    assert told("c2")[1:] == [LATE]


def test_who_waits_too_long_is_told_once_and_may_leave_a_message() -> None:
    handoff = ask()
    rounds.look(NOON + 9 * MINUTE)
    assert LATE not in told("c1")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(rounds.look, [NOON + 10 * MINUTE] * 4))
    rounds.look(NOON + 20 * MINUTE)
    assert told("c1").count(LATE) == 1
    assert kinds() == ["requested", "late"]
    left = holder.leave("c1", NOON + 21 * MINUTE)
    assert left is not None
    assert (left.id, left.state) == (handoff.id, "left")
    assert holder.who_holds("c1", NOON + 21 * MINUTE) == "bot"
    before = told("c1")
    rounds.look(NOON + 22 * MINUTE)
    assert told("c1") == before


def test_who_is_put_back_is_late_only_after_waiting_again() -> None:
    handoff = ask(now=NOON - 20 * MINUTE)
    desk.say(handoff.id, "xiaoli", "你好", NOON - 19 * MINUTE)
    desk.put_back(handoff.id, "xiaoli", NOON)
    rounds.look(NOON + MINUTE)
    assert LATE not in told("c1")
    rounds.look(NOON + 10 * MINUTE)
    assert LATE in told("c1")


@pytest.mark.parametrize(
    ("sends_left", "closed", "expected"),
    [(4, False, 2), (3, False, 2), (2, False, 1), (1, False, 0), (5, True, 0)],
)
def test_wechat_keeps_messages_for_the_person(sends_left: int, closed: bool, expected: int) -> None:
    open_window("c1", sends_left, NOON if closed else NOON + 86400)
    ask("first", NOON - 1)
    ask("c1")
    rounds.look(NOON + 4 * MINUTE)
    rounds.look(NOON + 10 * MINUTE)
    assert len(told("c1")) == expected


def test_when_the_day_is_over_and_nobody_is_there_waits_become_tickets() -> None:
    ask(now=CLOSING - 10)
    rounds.look(CLOSING - 1)
    assert holder.who_holds("c1", CLOSING - 1) == "waiting"
    rounds.look(CLOSING)
    assert holder.who_holds("c1", CLOSING) == "bot"
    (notice,) = told("c1")
    assert notice.startswith("现在不在人工服务时间")


def test_whoever_stays_longer_may_still_take_who_waits() -> None:
    hire("xiaoli", now=CLOSING)
    handoff = ask(now=CLOSING - 10)
    rounds.look(CLOSING + 10)
    assert holder.who_holds("c1", CLOSING + 10) == "waiting"
    assert desk.take(handoff.id, "xiaoli", CLOSING + 11).state == "agent"
