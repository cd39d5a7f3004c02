"""What WeChat lets us know: who wants to be forgotten, above all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kefu.channels.wechat import notices
from kefu.channels.wechat.accounts import CHANNEL_PREFIX
from kefu.channels.wechat.receiver import Answer, Receiver
from kefu.reception import Reception
from kefu.storage import tables
from tests.channels.scripted import Script, until
from tests.channels.wechat.outgoing import reply
from tests.channels.wechat.platform import (
    OPENID,
    Clock,
    conversation,
    event,
    mini,
    official,
    pushed,
    rows,
    said,
)

SUCCESS = Answer(200, "success")
PERSONAL = (tables.messages, tables.conversations, tables.send_windows, tables.media)


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


def left() -> dict[str, int]:
    return {table.name: len(rows(table)) for table in PERSONAL if rows(table)}


async def _wrote(receiver: Receiver, clock: Clock) -> None:
    assert await receiver.push("mini", *pushed(mini(), clock(), **said())) == SUCCESS
    picture = {"MsgType": "image", "PicUrl": "http://mmbiz.qpic.cn/1", "MediaId": "m", "MsgId": 2}
    assert await receiver.push("mini", *pushed(mini(), clock(), **picture)) == SUCCESS
    assert len(left()) == len(PERSONAL)


REVOKED = [
    event("unsubscribe", EventKey=""),
    event("user_authorization_revoke", OpenID=OPENID, RevokeInfo="1"),
    event("user_authorization_revoke", OpenID=OPENID, RevokeInfo=301),
    event("user_authorization_revoke", OpenID=OPENID),
]


@pytest.mark.parametrize("fields", REVOKED, ids=lambda f: f"{f['Event']}-{f.get('RevokeInfo')}")
async def test_customer_who_leaves_is_erased_and_others_are_not(
    clock: Clock, fields: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    receiver = Receiver([mini()], clock=clock)
    await _wrote(receiver, clock)
    other = pushed(mini(), clock(), "o_other", **said("别人的"))
    assert await receiver.push("mini", *other) == SUCCESS
    assert await receiver.push("mini", *pushed(mini(), clock(), **fields)) == SUCCESS
    assert [row.body for row in rows(tables.messages)] == ["别人的"]
    assert left() == {"messages": 1, "conversations": 1, "send_windows": 1}
    assert OPENID not in caplog.text
    await receiver.close()


@pytest.mark.parametrize("right", ["5", 5, "4", "7", "12"])
async def test_right_that_leaves_nothing_with_us_erases_nothing(clock: Clock, right: Any) -> None:
    receiver = Receiver([mini()], clock=clock)
    await _wrote(receiver, clock)
    revoked = event("user_authorization_revoke", OpenID=OPENID, RevokeInfo=right)
    assert await receiver.push("mini", *pushed(mini(), clock(), **revoked)) == SUCCESS
    assert len(left()) == len(PERSONAL)


async def test_revocation_that_names_another_customer_erases_that_one(clock: Clock) -> None:
    receiver = Receiver([mini()], clock=clock)
    await _wrote(receiver, clock)
    revoked = event("user_authorization_revoke", OpenID=OPENID, RevokeInfo="1")
    assert await receiver.push("mini", *pushed(mini(), clock(), "system", **revoked)) == SUCCESS
    assert left() == {}
    # Also what a turn of that customer leaves later.
    reply(conversation(mini()), "迟到的答复", clock)
    await receiver.close()
    assert left() == {}


async def test_customer_of_another_account_stays(clock: Clock) -> None:
    receiver = Receiver([mini(), official()], clock=clock)
    await _wrote(receiver, clock)
    push = pushed(official(), clock(), **event("unsubscribe"))
    assert await receiver.push("official", *push) == SUCCESS
    assert len(left()) == len(PERSONAL)
    await receiver.close()


async def test_what_a_running_turn_leaves_is_erased_too(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script()
    script.open.clear()
    reception = Reception(script, clock)
    receiver = Receiver([mini()], clock=clock)
    assert await receiver.push("mini", *pushed(mini(), clock(), **said())) == SUCCESS
    await reception.pick_up(CHANNEL_PREFIX)
    await until(lambda: script.turns)
    unsubscribed = pushed(mini(), clock(), **event("unsubscribe"))
    assert await receiver.push("mini", *unsubscribed) == SUCCESS
    assert left() == {}
    script.open.set()
    await until(lambda: left() == {"messages": 1})
    # The process may end before the time is over.
    await receiver.close()
    assert left() == {}
    assert [row.conversation for row in rows(tables.turns)] == ["erased"]


async def test_remains_are_erased_in_time(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "REMAINS_SECONDS", -2.6)
    receiver = Receiver([mini()], clock=clock)
    await _wrote(receiver, clock)
    unsubscribed = pushed(mini(), clock(), **event("unsubscribe"))
    assert await receiver.push("mini", *unsubscribed) == SUCCESS
    reply(conversation(mini()), "迟到的答复", clock)
    await until(lambda: left() == {})


async def test_customer_who_comes_back_is_not_erased_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Receiver([mini()], clock=clock)
    await _wrote(receiver, clock)
    unsubscribed = pushed(mini(), clock(), **event("unsubscribe"))
    assert await receiver.push("mini", *unsubscribed) == SUCCESS
    assert await receiver.push("mini", *pushed(mini(), clock(), **said("我又来了", 9))) == SUCCESS
    await receiver.close()
    assert [row.body for row in rows(tables.messages)] == ["我又来了"]


async def test_receiver_that_closes_leaves_no_task(clock: Clock) -> None:
    receiver = Receiver([mini()], clock=clock)
    unsubscribed = pushed(mini(), clock(), **event("unsubscribe"))
    assert await receiver.push("mini", *unsubscribed) == SUCCESS
    await receiver.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
