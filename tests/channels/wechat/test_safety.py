"""What must not go out, and what is noted of what came in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.safety import ContentSafety, Objection, words_against
from kefu.channels.wechat.sender import INSTEAD, REFUSED
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.storage import messages, tables
from kefu.storage.notes import notes_of
from tests.channels.wechat import api_stub
from tests.channels.wechat.outgoing import errors, objections, reply, states, works
from tests.channels.wechat.platform import (
    OPENID,
    Clock,
    change_settings,
    double,
    mini,
    official,
    rename_table,
    rows,
)

CHECK = "wxa/msg_sec_check"
# Words of the double: harmless in our list, objected to by WeChat.
RISKY, REVIEW = "你是傻逼", "老子没空"
ABUSE = Objection("wechat", "risky", "微信内容检测：辱骂")
VULGAR = Objection("wechat", "review", "微信内容检测：低俗")


@pytest.fixture
def clock(fresh_home: Path) -> Clock:
    return Clock()


@asynccontextmanager
async def safety_of(clock: Clock, seconds: float = 5.0) -> AsyncIterator[ContentSafety]:
    session = open_session()
    tokens = TokenStore(session, clock)

    def api(account: Account) -> WechatApi:
        return WechatApi(account, session, tokens, seconds)

    yield ContentSafety(api, clock)
    await session.close()


@pytest.mark.parametrize("text", ["加我微信私下交易", "全网最低价", "这里可以代开发票"])
def test_our_own_words_are_looked_at_by_the_lists(fresh_home: Path, text: str) -> None:
    found = words_against(text, ours=True)
    assert found is not None and (found.source, found.verdict) == ("words", "risky")
    assert "违禁词" in found.reason and len(found.reason) <= 80


def test_customer_may_say_what_a_merchant_may_not(fresh_home: Path) -> None:
    assert words_against("加微信聊", ours=False) is None
    assert words_against("可以赌博吗", ours=False) is not None
    assert words_against("什么时候发货", ours=False) is None


def test_empty_word_in_the_settings_forbids_nothing(
    fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_settings(monkeypatch, tmp_path / "home", content={"risky_words": ["", "赌博"]})
    assert words_against("什么时候发货", ours=True) is None


async def test_wechats_verdict_is_taken_for_mini_programs(clock: Clock) -> None:
    async with double(mini()) as wechat, safety_of(clock) as safety:
        await wechat.say(mini())
        account = mini(wechat.url)
        assert await safety.of_customers(account, OPENID, RISKY) == ABUSE
        assert await safety.of_ours(account, OPENID, "agent", REVIEW) == VULGAR
        assert await safety.of_ours(account, OPENID, "agent", "已经发货") is None
        assert await safety.of_ours(account, OPENID, "bot", "私下交易吗") is not None
        assert wechat.calls(CHECK) == {0: 3}


async def test_official_accounts_and_accounts_without_the_check_ask_nothing(clock: Clock) -> None:
    async with double(mini(), official()) as wechat, safety_of(clock) as safety:
        for account in (official(wechat.url), mini(wechat.url, content_check=False)):
            assert await safety.of_ours(account, OPENID, "bot", RISKY) is None
            assert await safety.of_customers(account, OPENID, RISKY) is None
        assert wechat.calls(CHECK) == {}


async def test_customer_who_left_the_mini_program_is_judged_by_the_list_alone(
    clock: Clock,
) -> None:
    async with double(mini()) as wechat, safety_of(clock) as safety:
        await wechat.say(mini())
        wechat.platform.clock.advance(2.5 * 3600)
        assert await safety.of_customers(mini(wechat.url), OPENID, RISKY) is None
        assert wechat.calls(CHECK).get(61010) == 1


async def test_check_that_is_silent_or_without_token_gives_no_verdict(clock: Clock) -> None:
    async with api_stub.serving() as stub, safety_of(clock, seconds=0.1) as safety:
        account = api_stub.account(stub.url)
        stub.next(CHECK, stub.hang, api_stub.cut, {"errcode": 45009, "errmsg": "quota"})
        for _ in range(3):
            assert await safety.of_customers(account, OPENID, "在吗") is None
        rename_table("wechat_tokens", "tokens_away")
        clock.now += 10
        assert await safety.of_customers(account, OPENID, "在吗") is None


async def test_template_is_checked_once_a_day_whatever_its_numbers(clock: Clock) -> None:
    async with double(mini()) as wechat, safety_of(clock) as safety:
        await wechat.say(mini())
        account = mini(wechat.url)
        for number in range(4):
            text = f"订单 2026112300000{number} 已发货"
            assert await safety.of_ours(account, OPENID, "bot", text) is None
            clock.now += 7 * 3600
        assert wechat.calls(CHECK) == {0: 1}
        # Also one that is said all the time is checked again.
        await safety.of_ours(account, OPENID, "bot", "订单 1 已发货")
        assert wechat.calls(CHECK) == {0: 2}
        for text in ("人说的数字也查 1", "人说的数字也查 2", "人说的数字也查 2"):
            await safety.of_ours(account, OPENID, "agent", text)
        assert wechat.calls(CHECK) == {0: 4}


async def test_agents_message_that_is_refused_is_never_sent_and_the_agent_sees_why(
    clock: Clock,
) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        number = reply(at_work.conversation, RISKY, clock)
        reply(at_work.conversation, "对不起", clock)
        await at_work.go("dead", "sent")
        assert wechat.sends() == [("对不起", 0)]
        assert f"未送达：{REFUSED}：{ABUSE.reason}" in notes_of([number])[number]
        assert objections() == [("wechat", "risky", ABUSE.reason)]


async def test_bots_refused_text_is_replaced_once(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        # So long that it goes out in parts, each of them refused.
        reply(at_work.conversation, f"{RISKY}。" * 200, clock, "bot")
        assert await at_work.sender.look()
        await at_work.idle()
        assert states() == ["dead", "dead", "sent"]
        ((text, code),) = wechat.sends()
        assert text.startswith(INSTEAD) and "转人工" in text and code == 0
        assert [m.author for m in rows(tables.messages)] == ["customer", "bot", "bot"]


async def test_replacement_that_is_refused_itself_is_not_replaced(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_settings(monkeypatch, tmp_path / "home", content={"forbidden_words": ["不便", "红包"]})
    async with api_stub.serving() as stub, works(api_stub.account(stub.url), clock) as at_work:
        reply(at_work.conversation, "发红包", clock, "bot")
        await at_work.idle()
        await at_work.idle()
        assert states() == ["dead", "dead"]
        assert messages.pending_out(at_work.conversation) == []


async def test_text_to_be_reviewed_goes_out_with_one_note(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        wechat.switch(fault_error_rate=1.0, fault_errors=[-1], fault_left=2)
        reply(at_work.conversation, REVIEW, clock)
        for _ in range(3):
            await at_work.idle()
            clock.now += 5
        assert (states(), errors()) == (["sent"], [(None, None)])
        assert objections() == [("wechat", "review", VULGAR.reason)]


async def test_note_that_cannot_be_kept_does_not_stop_the_message(clock: Clock) -> None:
    async with double(mini()) as wechat, works(mini(wechat.url), clock) as at_work:
        await wechat.say(mini())
        rename_table("objections", "objections_away")
        reply(at_work.conversation, REVIEW, clock)
        await at_work.go("sent")
