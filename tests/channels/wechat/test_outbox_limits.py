"""The outbox and what WeChat takes: windows that close, and how much of one the bot uses."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from kefu.channels.wechat import outbox, windows
from kefu.channels.wechat.errors import meaning
from kefu.storage.engine import writing
from kefu.storage.leases import Lease
from tests.channels.wechat.made import (
    agent,
    claim,
    claimed,
    content,
    conversation,
    reply,
    rows,
    states,
    write,
)

pytestmark = pytest.mark.usefixtures("database")

NOW = 1000.0
TWO_DAYS = 48 * 3600.0


def test_a_closed_window_makes_dead_letters_without_a_call(lease: Lease) -> None:
    write()
    agent("一")
    agent("二")
    late = NOW + TWO_DAYS
    assert claim(lease, late) is None
    dead = ("dead", meaning(outbox.NO_WINDOW), outbox.NO_WINDOW, 0)
    assert rows("state", "error", "error_code", "attempts") == [dead, dead]
    write("我又来了", late)
    agent("三")
    assert content(claimed(lease, late).body) == "三"


def test_after_the_last_send_messages_are_dead_letters(lease: Lease) -> None:
    write()
    for number in range(6):
        agent(str(number))
    for _ in range(5):
        outbox.sent(claimed(lease), NOW)
    assert claim(lease) is None
    assert states() == ["sent"] * 5 + ["dead"]
    assert rows("error_code")[-1] == (outbox.NONE_LEFT,)


@pytest.mark.parametrize("code", [outbox.NO_WINDOW, outbox.NONE_LEFT])
def test_when_wechat_says_that_the_window_is_closed_it_is(lease: Lease, code: int) -> None:
    write()
    agent("一")
    agent("二")
    outbox.bury(claimed(lease), meaning(code), code, NOW, False)
    assert claim(lease) is None
    assert rows("state", "error_code") == [("dead", code), ("dead", code)]


def test_for_a_customer_who_was_never_heard_wechat_decides(lease: Lease) -> None:
    write()
    with writing() as connection:
        connection.execute(text("DELETE FROM send_windows"))
    agent("一")
    assert claim(lease) is not None


def test_the_bot_leaves_one_send_to_people(lease: Lease) -> None:
    reply(write(), "字" * 5000)
    assert [state for (state,) in rows("state")] == []
    while (send := claim(lease)) is not None:
        outbox.sent(send, NOW)
    assert states() == ["sent"] * 4 + ["dead"] * 4
    assert rows("error", "error_code")[-1] == (outbox.TOO_MANY, outbox.NONE_LEFT)
    agent("我来看看")
    assert content(claimed(lease).body) == "我来看看"


def test_what_still_waits_counts_against_the_bots_next_reply(lease: Lease) -> None:
    reply(write(), "一" * 1500)
    outbox.put_off(claimed(lease), "忙", -1, NOW + 10)
    reply(write("还有"), "二" * 1500)
    sent = []
    while (send := claim(lease, NOW + 10)) is not None:
        sent.append(content(send.body)[0])
        outbox.sent(send, NOW + 10)
    assert "".join(sent) == "一一一二"
    agent("我来看看")
    assert claim(lease, NOW + 10) is not None


def test_the_bots_last_send_is_used_rather_than_saying_nothing(lease: Lease) -> None:
    turn = write()
    with writing() as connection:
        windows.use(connection, conversation(), 4)
    reply(turn, "您好")
    assert content(claimed(lease).body) == "您好"


def test_people_may_use_all_sends(lease: Lease) -> None:
    write()
    agent("字" * 682 * 5)
    while (send := claim(lease)) is not None:
        outbox.sent(send, NOW)
    assert states() == ["sent"] * 5
