"""Pictures of people on their way to customers: against the double, and a server that answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.errors import meaning
from kefu.channels.wechat.picture_uploads import GONE, KEPT_SECONDS, NOT_UPLOADED
from kefu.storage import media, tables
from kefu.storage.engine import writing
from kefu.storage.messages import pending_out, transcript
from kefu.storage.notes import notes_of
from tests.channels.wechat import api_stub
from tests.channels.wechat.outgoing import errors, reply, works, write
from tests.channels.wechat.platform import OPENID, SEND, Clock, double, mini, official, rows

UPLOAD = "cgi-bin/media/upload"
CHECK = "wxa/msg_sec_check"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(2000)
BUSY = {"errcode": -1, "errmsg": "system error"}


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


def picture(where: str, clock: Clock, content: bytes = PNG) -> int:
    """Put an agent's picture to the customer into line."""
    said = {"conversation": where, "author": "agent", "kind": "image", "body": ""}
    with writing() as connection:
        row = insert(tables.messages).values(**said, state="pending", created_at=clock())
        message: int = connection.execute(row).inserted_primary_key[0]
        media.keep(connection, message, where, "wechat:mini", content, "image/png", clock())
    return message


@pytest.mark.parametrize("make", [mini, official])
async def test_customer_sees_the_picture_between_the_words_around_it(
    clock: Clock, make: Callable[..., Account]
) -> None:
    account = make()
    async with double(account) as wechat, works(make(wechat.url), clock) as at_work:
        await wechat.say(account)
        where = at_work.conversation
        reply(where, "请看图", clock)
        message = picture(where, clock)
        reply(where, "就是这个按钮", clock)
        await at_work.go("sent", "sent", "sent")
        before, shown, after = wechat.chat(account)
        assert (before.payload["content"], after.payload["content"]) == ("请看图", "就是这个按钮")
        assert (shown.type, shown.ai) == ("image", False)
        kept = wechat.platform.media.find(shown.payload["media_id"], account.appid)
        assert kept.content == PNG
        # Its words are checked, the picture has none.
        checks = 2 if account.kind == "miniprogram" else 0
        assert sum(wechat.calls(CHECK).values()) == checks
        assert notes_of([message]) == {} and pending_out(where) == []
        assert [line.text for line in transcript(where)][1:] == ["请看图", "[图片]", "就是这个按钮"]


async def test_picture_is_uploaded_once_however_often_its_message_is_tried(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        wechat.switch(fault_error_rate=1.0, fault_errors=[-1], fault_left=2)
        picture(at_work.conversation, clock)
        for _ in range(2):
            await at_work.idle()
            clock.now += 2
        await at_work.go("sent")
        assert wechat.calls(SEND) == {-1: 2, 0: 1}
        assert wechat.calls(UPLOAD) == {0: 1}


async def test_picture_waits_while_wechat_is_too_busy_to_take_it(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        faults = {"fault_error_rate": 1.0, "fault_errors": [-1], "fault_left": 1}
        wechat.switch(fault_paths=[UPLOAD], **faults)
        message = picture(at_work.conversation, clock)
        reply(at_work.conversation, "之后说的", clock)
        await at_work.idle()
        assert notes_of([message]) == {message: [f"尚未送达：{meaning(-1)}"]}
        assert wechat.calls(SEND) == {}
        clock.now += 1
        await at_work.go("sent", "sent")
        assert [entry.type for entry in wechat.chat(mini())] == ["image", "text"]
        assert notes_of([message]) == {}


async def test_upload_without_an_answer_is_tried_again_for_nothing_was_sent(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        wechat.switch(
            fault_paths=[UPLOAD], fault_drop_rate=1.0, fault_after_handling=True, fault_left=1
        )
        picture(at_work.conversation, clock)
        await at_work.go("pending")
        assert errors() == [(NOT_UPLOADED, None)]
        clock.now += 1
        await at_work.go("sent")
        assert [entry.type for entry in wechat.chat(mini())] == ["image"]


async def test_picture_that_wechat_does_not_take_is_a_dead_letter_with_the_reason(
    clock: Clock,
) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        faults = {"fault_error_rate": 1.0, "fault_errors": [40004], "fault_left": 1}
        wechat.switch(fault_paths=[UPLOAD], **faults)
        message = picture(at_work.conversation, clock)
        reply(at_work.conversation, "之后说的", clock)
        await at_work.go("dead", "sent")
        assert notes_of([message]) == {message: [f"未送达：{meaning(40004)}"]}
        # What was not sent cost none of the customer's messages.
        (window,) = rows(tables.send_windows)
        assert window.sends_left == 4


async def test_upload_that_wechat_no_longer_has_is_made_anew(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        wechat.switch(fault_error_rate=1.0, fault_errors=[-1], fault_left=1)
        picture(at_work.conversation, clock)
        await at_work.idle()
        wechat.platform.media._files.clear()
        clock.now += 1
        await at_work.go("sent")
        assert wechat.calls(SEND) == {-1: 1, 40007: 1, 0: 1}


async def test_picture_that_is_refused_right_after_its_upload_is_given_up(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        stub.next(UPLOAD, {"media_id": "M-1"})
        stub.next(SEND, {"errcode": 40007, "errmsg": "invalid media_id"})
        picture(at_work.conversation, clock)
        await at_work.go("dead")
        assert errors() == [(meaning(40007), 40007)]


async def test_upload_is_not_used_for_longer_than_wechat_keeps_it(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        stub.next(UPLOAD, {"media_id": "M-1"}, {"media_id": "M-2"})
        stub.next(SEND, BUSY)
        picture(at_work.conversation, clock)
        await at_work.idle()
        clock.now += KEPT_SECONDS + 1
        with writing() as connection:
            connection.execute(tables.send_windows.update().values(open_until=clock.now + 60))
        await at_work.go("sent")
        assert [call.json["image"]["media_id"] for call in stub.asked(SEND)] == ["M-1", "M-2"]


async def test_picture_that_was_erased_meanwhile_is_not_sent(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        message = picture(at_work.conversation, clock)
        with writing() as connection:
            connection.execute(delete(tables.media).where(tables.media.c.message == message))
        await at_work.go("dead")
        assert notes_of([message]) == {message: [f"未送达：{GONE}"]}
        assert stub.asked(UPLOAD) == []


async def test_nobody_waits_for_the_upload_of_another_customers_picture(clock: Clock) -> None:
    other = "o_customer_0002"
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        await wechat.say(mini(), openid=other)
        wechat.switch(fault_paths=[UPLOAD], fault_latency=0.2)
        picture(at_work.conversation, clock)
        reply(write(mini(wechat.url), clock, other, key="2"), "你好", clock)
        await at_work.go("sent", "sent")
        assert [send["openid"] for send in wechat.platform.record.sends] == [other, OPENID]
