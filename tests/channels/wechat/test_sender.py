"""The sender against the double, and against a server that answers oddly."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from aiohttp import web

from kefu.channels.wechat import outbox
from kefu.channels.wechat import sender as sending
from kefu.channels.wechat.errors import meaning
from kefu.storage import tables
from kefu.storage.engine import writing
from kefu.storage.leases import Lease
from tests.channels.scripted import until
from tests.channels.wechat import api_stub
from tests.channels.wechat.outgoing import errors, reply, states, works, write
from tests.channels.wechat.platform import (
    OPENID,
    SEND,
    Clock,
    double,
    mini,
    official,
    rename_table,
    rows,
)

BUSY = {"errcode": -1, "errmsg": "system error"}
OLD_TOKEN = {"errcode": 40001, "errmsg": "invalid credential"}


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


async def test_each_customer_gets_the_messages_in_their_order(clock: Clock) -> None:
    others = [f"o_customer_{number}" for number in range(5)]
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        wechat.switch(fault_latency=0.01)
        for openid in (OPENID, *others):
            await wechat.say(mini(), openid=openid)
            where = write(mini(), clock, openid)
            for number in range(4):
                reply(where, f"第{number}条", clock)
        await at_work.go(*["sent"] * 24)
        wanted = [(f"第{number}条", 0) for number in range(4)]
        assert all(wechat.sends(openid) == wanted for openid in (OPENID, *others))


async def test_only_the_bots_words_are_marked_as_an_ais(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        reply(at_work.conversation, "机器人说", clock, "bot")
        reply(at_work.conversation, "人说", clock)
        await at_work.go("sent", "sent")
        marked = [(entry.payload["content"], entry.ai) for entry in wechat.chat(mini())]
        assert marked == [("机器人说", True), ("人说", False)]


async def test_busy_wechat_is_asked_again_after_ever_longer_pauses(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        wechat.switch(fault_error_rate=1.0, fault_errors=[-1], fault_left=3)
        reply(at_work.conversation, "一", clock)
        reply(at_work.conversation, "二", clock)
        for attempts, pause in ((1, 0.5), (2, 1.0), (3, 2.0)):
            await at_work.idle()
            # The second does not overtake, and nothing is asked before its time.
            clock.now += pause * 0.9
            await at_work.idle()
            assert wechat.sends() == [("一", -1)] * attempts
            first, second = rows(tables.sends)
            assert (first.error, first.error_code) == (meaning(-1), -1)
            assert second.attempts == 0
            clock.now += pause * 0.1
        await at_work.go("sent", "sent")
        assert wechat.sends()[3:] == [("一", 0), ("二", 0)]
        assert errors() == [(None, None)] * 2


async def test_message_is_given_up_when_wechat_stays_busy(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        reply(at_work.conversation, "一", clock)
        stub.next(SEND, *[BUSY] * 50)
        started = clock.now
        while states() != ["dead"]:
            await at_work.idle()
            clock.now += 1
        assert len(stub.asked(SEND)) == sending.MOST_ATTEMPTS
        assert 300 < clock.now - started < 900
        ((error, code),) = errors()
        assert error == f"试了 12 次都没有成功：{meaning(-1)}" and code == -1


async def test_send_that_does_not_reach_wechat_is_tried_again(clock: Clock) -> None:
    account = mini("http://127.0.0.1:9")
    async with works(account, clock) as at_work:
        reply(at_work.conversation, "一", clock)
        await at_work.go("pending")
        await until(lambda: rows(tables.sends)[0].next_at == clock.now + 1)
        assert "连不上微信" in str(errors()[0][0])


async def test_message_with_unknown_outcome_is_never_repeated(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        wechat.switch(fault_stall_rate=1.0, fault_stall=0.6, fault_left=1)
        reply(at_work.conversation, "一", clock)
        reply(at_work.conversation, "二", clock)
        await at_work.go("dead", "sent")
        clock.now += 3600
        await at_work.idle()
        # It had arrived after all, and once.
        assert [entry.payload["content"] for entry in wechat.chat(mini())] == ["一", "二"]
        assert "不确定请求是否已生效" in str(errors()[0][0])


async def test_customer_beyond_48_hours_is_not_asked_again(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        wechat.platform.clock.advance(49 * 3600)
        for text in ("一", "二"):
            reply(at_work.conversation, text, clock)
        await at_work.go("dead", "dead")
        assert errors()[0] == (meaning(45015), 45015)
        assert wechat.sends() == [("一", 45015)]


async def test_sends_beyond_the_quota_become_dead_letters(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        wechat.switch(message_quota=1)
        await wechat.say(mini())
        for text in ("一", "二", "三"):
            reply(at_work.conversation, text, clock)
        await at_work.go("sent", "dead", "dead")
        assert errors()[1:] == [(meaning(45047), 45047)] * 2
        assert wechat.sends() == [("一", 0), ("二", 45047)]
        await wechat.say(mini())
        write(mini(wechat.url), clock, key="2")
        reply(at_work.conversation, "四", clock)
        await at_work.go("sent", "dead", "dead", "sent")


async def test_old_token_is_renewed_and_the_message_sent(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        reply(at_work.conversation, "一", clock)
        await at_work.go("sent")
        wechat.platform.tokens.expire_all()
        reply(at_work.conversation, "二", clock)
        await at_work.go("sent", "sent")
        assert wechat.sends() == [("一", 0), ("二", 0)]
        assert wechat.calls("cgi-bin/stable_token") == {0: 2}


async def test_token_is_renewed_once_and_no_more(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        stub.next(SEND, OLD_TOKEN, OLD_TOKEN)
        reply(at_work.conversation, "一", clock)
        await at_work.go("dead")
        assert len(stub.asked(SEND)) == 2
        assert errors() == [(meaning(40001), 40001)]


async def test_account_without_menus_gets_its_options_as_text(clock: Clock) -> None:
    account = mini(msgmenu=True)
    async with double(account) as wechat, works(mini(wechat.url, msgmenu=True), clock) as at_work:
        await wechat.say(account)
        choices = {"buttons": [{"title": "退货", "payload": "怎么退货"}]}
        for text in ("选一个：", "再选一个："):
            reply(at_work.conversation, text, clock, "bot", **choices)
        await at_work.go("sent", "sent")
        kinds = [(send["msgtype"], send["errcode"]) for send in wechat.platform.record.sends]
        assert kinds == [("msgmenu", 45162), ("text", 0), ("text", 0)]
        assert wechat.sends()[1][0] == "选一个：\n1. 退货\n回复数字 1 即可选择"


async def test_menu_of_an_official_account_arrives_as_a_menu(clock: Clock) -> None:
    async with double(official()) as wechat, works(official(wechat.url), clock) as at_work:
        await wechat.say(official())
        choices = {"buttons": [{"title": "退货", "payload": "怎么退货"}]}
        reply(at_work.conversation, "选一个：", clock, "bot", **choices)
        await at_work.go("sent")
        (entry,) = wechat.chat(official())
        assert (entry.type, entry.payload["list"][0]["content"]) == ("msgmenu", "退货")


async def test_of_two_senders_one_sends_and_nothing_goes_out_twice(clock: Clock) -> None:
    account = mini()
    async with (
        double(account) as wechat,
        works(mini(wechat.url), clock) as one,
        works(mini(wechat.url), clock) as other,
    ):
        openids = [f"o_customer_{number}" for number in range(10)]
        for openid in openids:
            await wechat.say(account, openid=openid)
            where = write(account, clock, openid)
            reply(where, f"给{openid}", clock)
            reply(where, f"再给{openid}", clock)
        leads = await asyncio.gather(*(w.sender.look() for w in (one, other) * 5))
        assert Counter(leads) == {True: 5, False: 5}
        await until(lambda: set(states()) == {"sent"})
        counted = Counter(send["content"] for send in wechat.platform.record.sends)
        assert len(counted) == 20 and set(counted.values()) == {1}


async def test_send_in_progress_when_its_process_died_is_a_dead_letter(clock: Clock) -> None:
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        async with works(account, clock, seconds=60) as dying, works(account, clock) as heir:
            reply(dying.conversation, "一", clock)
            alive = asyncio.Event()

            async def late(request: web.Request) -> web.StreamResponse:
                await alive.wait()
                return web.json_response({"errcode": 0})

            stub.next(SEND, late)
            assert await dying.sender.look()
            await until(lambda: stub.asked(SEND))
            reply(dying.conversation, "二", clock)
            # As long as the lease is held, nobody takes over.
            assert not await heir.sender.look()
            clock.now += 10
            await heir.go("dead", "sent")
            assert errors()[0] == (outbox.INTERRUPTED, None)
            texts = [call.json["text"]["content"] for call in stub.asked(SEND)]
            assert texts == ["一", "二"]
            # It was alive after all, and knows better.
            alive.set()
            await until(lambda: states() == ["sent", "sent"])
            assert len(stub.asked(SEND)) == 2


async def test_slow_send_of_ones_own_is_not_taken_for_lost(clock: Clock) -> None:
    answered = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await answered.wait()
        return web.json_response(BUSY)

    async with (
        api_stub.serving() as stub,
        works(api_stub.account(stub.url), clock, seconds=60) as at_work,
    ):
        stub.next(SEND, slow)
        reply(at_work.conversation, "一", clock)
        assert await at_work.sender.look()
        await until(lambda: stub.asked(SEND))
        clock.now += 10
        assert await at_work.sender.look()
        assert states() == ["sending"]
        answered.set()
        await until(lambda: states() == ["pending"])
        clock.now += 1
        await at_work.go("sent")


async def test_outcome_is_recorded_when_the_database_is_back(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sending, "_RECORD_AGAIN_AFTER", (0.01,))
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:

        async def taken(request: web.Request) -> web.StreamResponse:
            rename_table("sends", "sends_away")
            return web.json_response({"errcode": 0})

        stub.next(SEND, taken)
        reply(at_work.conversation, "一", clock)
        assert await at_work.sender.look()
        await until(lambda: caplog.text.count("the outcome of a send cannot be recorded") > 2)
        rename_table("sends_away", "sends")
        await until(lambda: states() == ["sent"])
        await at_work.idle()
        assert len(stub.asked(SEND)) == 1


async def test_outbox_that_cannot_be_read_stops_nothing_for_good(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        reply(at_work.conversation, "一", clock)
        rename_table("sends", "sends_away")
        assert not await at_work.sender.look()
        rename_table("sends_away", "sends")
        clock.now += 5
        await at_work.go("sent")


async def test_token_that_cannot_be_read_only_puts_the_message_off(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        reply(at_work.conversation, "一", clock)
        rename_table("wechat_tokens", "tokens_away")
        await at_work.idle()
        assert (states(), errors()) == (["pending"], [(sending.NO_TOKEN, None)])
        rename_table("tokens_away", "wechat_tokens")
        clock.now += 1
        await at_work.go("sent")


async def test_message_that_breaks_the_program_does_not_hold_up_the_next(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        odd = {"custom": {"msgtype": "news", "news": ["not an article"]}}
        reply(at_work.conversation, "", clock, "bot", **odd)
        reply(at_work.conversation, "人说", clock)
        await at_work.go("dead", "sent")
        assert errors()[0] == (sending.BROKEN, None)


async def test_customer_whose_line_is_broken_is_not_tried_without_pause(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a mistake in the program")

    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        reply(at_work.conversation, "一", clock)
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "next_send", broken)
            for _ in range(3):
                await at_work.idle()
        assert caplog.text.count("messages of a customer cannot be put together") == 1
        clock.now += 60
        await at_work.go("sent")


async def test_account_that_is_gone_leaves_dead_letters(clock: Clock) -> None:
    gone = mini(name="gone")
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        where = write(gone, clock)
        write(api_stub.account(stub.url), clock, key="2")
        with writing() as connection:
            row = {"conversation": where, "channel": gone.channel, "message": 1, "author": "bot"}
            row |= {"body": "{}", "state": "pending", "attempts": 0, "next_at": 0, "created_at": 0}
            connection.execute(tables.sends.insert().values(row))
        await at_work.go("dead")
        assert errors() == [(outbox.UNKNOWN_ACCOUNT, None)]
        assert stub.asked(SEND) == []


async def test_finished_sender_begins_nothing_more(clock: Clock) -> None:
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        await at_work.sender.finish()
        reply(at_work.conversation, "一", clock)
        await at_work.idle()
        assert states() == [] and stub.asked(SEND) == []


async def test_lease_that_is_given_up_is_taken_over_at_once(clock: Clock) -> None:
    lease = Lease("wechat_outbox")
    async with api_stub.serving() as stub:
        account = api_stub.account(stub.url)
        async with works(account, clock, lease=lease) as one, works(account, clock) as other:
            assert await one.sender.look() and one.sender.leads
            assert not await other.sender.look() and not other.sender.leads
            await one.sender.finish()
            lease.give_up()
            clock.now += sending.ASK_AGAIN_SECONDS
            assert await other.sender.look() and other.sender.leads
