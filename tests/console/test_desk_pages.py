"""The desk's pages: what they show, to whom, and what a request may do."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from kefu.console import desk_transcript, viewing
from kefu.console.viewing import View
from kefu.handoff import desk, holder, rating, reports
from kefu.handoff.history import events_of, note_in
from kefu.staff import access, people
from kefu.storage import internal_notes, media, messages
from kefu.storage.engine import writing
from kefu.storage.tables import ratings
from tests.console import scene
from tests.console.seats import Seat, seat
from tests.handoff.rules import with_settings

pytestmark = pytest.mark.usefixtures("database")

EVIL = "<script>alert(1)</script>"


def said_by_agents(conversation: str) -> list[str]:
    return [line.text for line in messages.transcript(conversation) if line.author == "agent"]


def acts(who: Seat, number: int, act: str, **fields: str) -> tuple[int, dict[str, object]]:
    answer = who.post(f"/desk/{number}/{act}", data=fields)
    return answer.status_code, answer.json()


def test_the_lists_show_who_waits_whom_one_has_and_what_was_left() -> None:
    scene.waits(scene.arrives("o_1"), "发票怎么开", "payment")
    mine = scene.waits(scene.arrives("o_2"), "我的那位")
    other = scene.waits(scene.arrives("o_3"), "别人的那位")
    scene.leaves_ticket(scene.arrives("o_4"), "晚上的留言")
    wang = seat("wang")
    desk.take(mine.id, "wang", time.time())
    desk.take(other.id, "li", time.time())
    scene.says(mine.conversation, "还在吗")
    page = wang.get("/desk").text
    assert "发票怎么开" in page and "支付与发票" in page and "晚上的留言" in page
    assert "还在吗" in page and "别人的那位" not in page
    assert "全部" not in page
    assert 'data-unread="1"' in page and "等回复" in page


def test_operators_see_who_has_whom_and_what_is_reported() -> None:
    seat("li", nickname="小李")
    other = scene.waits(scene.arrives(), "别人的那位")
    desk.take(other.id, "li", time.time())
    reports.open_report("nobody_available", "有 1 位顾客在等，没有客服在线", time.time())
    text = seat("boss", "operator").get("/desk").text
    assert "别人的那位" in text and "小李" in text and "没有客服在线" in text
    assert seat("mei").get("/desk/lists/all").status_code == 404


def test_the_transcript_tells_who_said_what_and_what_happened_between() -> None:
    conversation = scene.arrives()
    scene.says(conversation, "你好")
    scene.bot_says(conversation, "请问有什么可以帮你？", "查物流", "转人工")
    handoff = scene.waits(conversation)
    seat("li", nickname="小李")
    wang = seat("wang", nickname="小王")
    desk.take(handoff.id, "li", time.time())
    desk.say(handoff.id, "li", "我是小李", time.time(), "k1")
    desk.transfer(handoff.id, "li", "wang", time.time(), "要退款")
    desk.say(handoff.id, "wang", "我是小王", time.time(), "k2")
    desk.note(handoff.id, "wang", "情绪不好", time.time())
    text = wang.get(f"/desk/{handoff.id}").text.split('id="transcript"')[1]
    order = ["你好", "请问有什么可以帮你", "查物流", "转人工：顾客要求", "小李 接入", "我是小李",
             "小李 转接给 小王", "要退款", "我是小王", "情绪不好"]  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "人工客服 小李" in text and "人工客服 小王" in text and "顾客看不到" in text


def test_what_the_customer_thought_of_it_stands_in_the_transcript() -> None:
    handoff = scene.waits(scene.arrives())
    wang = seat("wang")
    desk.take(handoff.id, "wang", time.time())
    desk.finish(handoff.id, time.time())
    with writing() as connection:
        rated = ratings.update().where(ratings.c.handoff == handoff.id)
        connection.execute(rated.values(satisfied=False, reason="回复太慢", state="rated"))
        note_in(connection, handoff.id, handoff.conversation, "rated", time.time())
    # An event from before events said what the customer thought.
    assert "顾客评价：不满意（回复太慢）" in wang.get(f"/desk/{handoff.id}").text


def test_a_message_is_text_whatever_stands_in_it() -> None:
    handoff = scene.waits(scene.arrives(), EVIL)
    scene.bot_says(handoff.conversation, EVIL, EVIL)
    wang = seat("wang", nickname=EVIL[:20])
    desk.take(handoff.id, "wang", time.time())
    desk.note(handoff.id, "wang", EVIL, time.time())
    for path in ("/desk", f"/desk/{handoff.id}", f"/desk/{handoff.id}/since?after=0"):
        text = wang.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_earlier_messages_come_a_page_at_a_time_without_gap_or_repeat() -> None:
    conversation = scene.arrives()
    for number in range(230):
        messages.record(conversation, "customer", "text", f"第{number}句", None, 1000.0 + number)
    handoff = scene.waits(conversation, "最后一句")
    wang = seat("wang")
    page = wang.get(f"/desk/{handoff.id}").text
    assert "第150句" in page and "第100句" not in page
    before = int(page.split('data-earlier="')[1].split('"')[0])
    seen: list[str] = []
    while before:
        answer = wang.get(f"/desk/{handoff.id}/earlier?before={before}").json()
        seen = [line["key"] for line in answer["lines"]] + seen
        before = answer["earlier"]
    assert len(seen) == len(set(seen)) == 131
    assert seen[0] == "m-1"


def test_a_stranger_to_the_customer_gets_nothing() -> None:
    handoff = scene.waits(scene.arrives(), "秘密的问题")
    seat("li")
    desk.take(handoff.id, "li", time.time())
    wang = seat("wang")
    number = handoff.id
    for path in ("", "/earlier?before=9", "/since?after=0", "/head", "/people", "/panel"):
        answer = wang.get(f"/desk/{number}{path}")
        assert answer.status_code == 403 and "秘密的问题" not in answer.text
    for act in ("say", "note", "transfer", "put-back", "finish", "seen", "typing", "take-over"):
        status, _ = acts(wang, number, act, text="x", key="k", to="wang", message="1")
        assert status == 403
    assert holder.get(number).agent == "li"
    assert said_by_agents(handoff.conversation) == []


def test_an_agent_does_not_read_what_comes_after_a_handoff_of_theirs() -> None:
    handoff = scene.waits(scene.arrives())
    wang, boss = seat("wang"), seat("boss", "operator")
    long_ago = time.time() - 7200
    desk.take(handoff.id, "wang", long_ago)
    holder.close(handoff.id, "done", long_ago)
    scene.says(handoff.conversation, "后来对助手说的话")
    assert "后来对助手说的话" not in wang.get(f"/desk/{handoff.id}").text
    assert "后来对助手说的话" not in wang.get(f"/desk/{handoff.id}/since?after=0").text
    assert "后来对助手说的话" in boss.get(f"/desk/{handoff.id}").text


def test_every_view_of_a_conversation_is_in_the_access_log() -> None:
    handoff = scene.waits(scene.arrives())
    wang = seat("wang")
    wang.get(f"/desk/{handoff.id}")
    entry = access.entries(action="view_conversation")[0]
    assert (entry.login, entry.conversation) == ("wang", handoff.conversation)


def test_an_act_without_the_sessions_token_does_nothing() -> None:
    handoff = scene.waits(scene.arrives())
    wang = seat("wang")
    fields = {"text": "x", "key": "k"}
    assert wang.post(f"/desk/{handoff.id}/say", csrf="forged", data=fields).status_code == 403
    foreign = {"Origin": "https://evil.example"}
    answer = wang.post(f"/desk/{handoff.id}/take", headers=foreign)
    assert answer.status_code == 403
    assert holder.get(handoff.id).state == "waiting"
    assert said_by_agents(handoff.conversation) == []


def test_the_same_key_says_something_once_and_is_answered_alike() -> None:
    handoff = scene.waits(scene.arrives())
    wang = seat("wang")
    first = acts(wang, handoff.id, "say", text="在的", key="k1")
    again = acts(wang, handoff.id, "say", text="在的", key="k1")
    assert first[0] == again[0] == 200
    assert first[1]["key"] == again[1]["key"]
    assert said_by_agents(handoff.conversation) == ["在的"]
    assert holder.get(handoff.id).agent == "wang"


@pytest.mark.parametrize("key", ["", "字", "x" * 65])
def test_a_message_without_a_proper_key_is_refused(key: str) -> None:
    handoff = scene.waits(scene.arrives())
    wang = seat("wang")
    assert acts(wang, handoff.id, "say", text="在的", key=key)[0] == 400
    assert said_by_agents(handoff.conversation) == []


def test_whoever_comes_second_reads_who_has_the_customer() -> None:
    handoff = scene.waits(scene.arrives())
    seat("li", nickname="小李")
    desk.take(handoff.id, "li", time.time())
    status, told = acts(seat("wang"), handoff.id, "take")
    assert (status, told["error"]) == (409, "已由 小李 接入")


def test_a_closed_window_refuses_what_is_new_but_not_what_was_said() -> None:
    conversation = scene.arrives(channel="wechat:miniprogram")
    handoff = scene.waits(conversation)
    wang = seat("wang")
    scene.window(conversation, 3, time.time() + 3600)
    assert acts(wang, handoff.id, "say", text="在的", key="k1")[0] == 200
    scene.window(conversation, 3, time.time() - 1)
    assert acts(wang, handoff.id, "say", text="在的", key="k1")[0] == 200
    status, told = acts(wang, handoff.id, "say", text="还在", key="k2")
    assert status == 409 and "顾客再来消息后可以回复" in str(told["error"])
    assert said_by_agents(conversation) == ["在的"]


def test_a_note_that_is_sent_again_is_kept_once() -> None:
    handoff = scene.waits(scene.arrives())
    wang = seat("wang")
    first = acts(wang, handoff.id, "note", text="情绪不好", key="k1")[1]
    again = acts(wang, handoff.id, "note", text="情绪不好", key="k1", again="1")[1]
    other = acts(wang, handoff.id, "note", text="情绪不好", key="k2")[1]
    assert first["key"] == again["key"] != other["key"]


def test_only_the_agent_who_has_the_customer_counts_as_having_seen() -> None:
    handoff = scene.waits(scene.arrives())
    wang, boss = seat("wang"), seat("boss", "operator")
    desk.take(handoff.id, "wang", time.time())
    number = scene.says(handoff.conversation, "在吗")
    acts(boss, handoff.id, "seen", message=str(number))
    assert holder.get(handoff.id).seen_message == 0
    acts(wang, handoff.id, "seen", message=str(number))
    assert holder.get(handoff.id).seen_message == number
    assert acts(wang, handoff.id, "seen", message="x")[0] == 400


def test_an_operator_takes_over_and_gives_to_somebody_else() -> None:
    handoff = scene.waits(scene.arrives())
    seat("li")
    desk.take(handoff.id, "li", time.time())
    boss = seat("boss", "operator")
    assert acts(boss, handoff.id, "take-over")[0] == 200
    assert holder.get(handoff.id).agent == "boss"
    assert acts(boss, handoff.id, "transfer", to="li", note="请继续")[0] == 200
    assert holder.get(handoff.id).agent == "li"
    assert acts(boss, handoff.id, "finish")[0] == 200
    assert holder.get(handoff.id).state == "closed"


def test_the_history_tells_that_an_operator_let_the_customer_wait_again() -> None:
    handoff = scene.waits(scene.arrives())
    seat("li", nickname="小李")
    desk.take(handoff.id, "li", time.time())
    assert acts(seat("boss", "operator", nickname="老板"), handoff.id, "put-back")[0] == 200
    returned = [e for e in events_of(handoff.conversation) if e.kind == "returned"]
    assert [(event.actor, event.target) for event in returned] == [("boss", "li")]


def test_the_line_of_a_list_shows_what_people_said_and_no_notice() -> None:
    handoff = scene.waits(scene.arrives(), "发票怎么开")
    wang = seat("wang")
    desk.take(handoff.id, "wang", time.time())
    listed = wang.get("/desk/lists/mine").text
    assert "发票怎么开" in listed and "已接入" not in listed


def test_customers_of_wechats_own_desk_are_nobodys_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = scene.waits(scene.arrives("o_1", "wechat:ours"), "我们的")
    theirs = scene.waits(scene.arrives("o_2", "wechat:theirs"), "微信客服的")
    wang = seat("wang")
    section = "kefu.channels.wechat.connector.WechatChannel"
    accounts = f"{section}:\n  accounts:\n    theirs: {{kind: miniprogram, desk: wechat}}\n"
    with with_settings(tmp_path, monkeypatch, credentials=accounts):
        listed = wang.get("/desk/lists/waiting").text
        assert "我们的" in listed and "微信客服的" not in listed
        status, answer = acts(wang, theirs.id, "take")
        assert status == 409 and "微信自带的客服工具" in str(answer["error"])
        assert acts(wang, ours.id, "take")[0] == 200


def test_an_agent_ends_their_own_and_tickets_but_not_who_waits() -> None:
    waiting = scene.waits(scene.arrives("o_1"))
    ticket = scene.leaves_ticket(scene.arrives("o_2"))
    wang = seat("wang")
    assert acts(wang, waiting.id, "finish")[0] == 403
    assert acts(wang, ticket.id, "finish")[0] == 200
    assert acts(wang, waiting.id, "take")[0] == 200
    assert acts(wang, waiting.id, "put-back")[0] == 200
    assert holder.get(waiting.id).state == "waiting"
    assert acts(wang, waiting.id, "put-back")[0] == 409


@pytest.mark.parametrize("path", ["/desk/999", "/desk/99999999999999999999", "/desk/999/head"])
def test_what_does_not_exist_is_not_found(path: str) -> None:
    assert seat("wang").get(path).status_code == 404


@pytest.mark.parametrize("query", ["", "before=x", "before=-1", "before=99999999999999"])
def test_a_page_that_cannot_be_is_refused(query: str) -> None:
    handoff = scene.waits(scene.arrives())
    assert seat("wang").get(f"/desk/{handoff.id}/earlier?{query}").status_code == 400


@pytest.mark.parametrize("path", ["/desk", "/desk/1", "/desk/events", "/desk/1/since?after=0"])
def test_nobody_who_is_not_signed_in_is_told_anything(path: str) -> None:
    scene.waits(scene.arrives(), "秘密的问题")
    wang = seat("wang")
    wang.client.cookies.clear()
    answer = wang.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 401 and "秘密的问题" not in answer.text


def test_a_conversation_that_somebody_else_has_taken_says_so() -> None:
    handoff = scene.waits(scene.arrives())
    desk.take(handoff.id, "li", time.time())
    answer = seat("wang").get(f"/desk/{handoff.id}")
    assert answer.status_code == 403 and "由其他客服接待" in answer.text


@pytest.mark.parametrize("path", ["since?after=0", "earlier?before=999999"])
def test_whatever_shows_a_conversation_is_noted_once_an_hour(path: str) -> None:
    handoff = scene.waits(scene.arrives(), "怎么退货")
    wang = seat("wang")
    for _ in range(2):
        assert "怎么退货" in wang.get(f"/desk/{handoff.id}/{path}").json()["lines"][0]["html"]
    noted = access.entries(action="view_conversation")
    assert [(one.login, one.conversation) for one in noted] == [("wang", handoff.conversation)]
    viewing.read_on(View(wang.person, handoff.id, handoff.conversation, ""), time.time() + 2 * 3600)
    assert len(access.entries(action="view_conversation")) == 2


def test_what_was_not_said_yet_cannot_have_been_seen() -> None:
    handoff = scene.waits(scene.arrives())
    wang = seat("wang")
    desk.take(handoff.id, "wang", time.time())
    acts(wang, handoff.id, "seen", message=str(2**31 - 1))
    assert 'data-unread="0"' in wang.get("/desk/lists/mine").text
    scene.says(handoff.conversation, "还在吗")
    assert 'data-unread="1"' in wang.get("/desk/lists/mine").text


def test_whoever_gets_a_customer_has_them_unread_until_they_look() -> None:
    handoff = scene.waits(scene.arrives(), "怎么开发票")
    scene.bot_says(handoff.conversation, "正在为你转接人工客服…")
    wang, li = seat("wang"), seat("li")
    desk.assign(handoff.id, "wang", time.time())
    listed = wang.get("/desk/lists/mine").text
    assert 'data-unread="1"' in listed and "怎么开发票" in listed and "正在为你转接" not in listed
    last = desk_transcript.last_message(handoff.conversation)
    acts(wang, handoff.id, "seen", message=str(last))
    assert 'data-unread="0"' in wang.get("/desk/lists/mine").text
    acts(wang, handoff.id, "transfer", to="li")
    assert 'data-unread="1"' in li.get("/desk/lists/mine").text
    acts(li, handoff.id, "seen", message=str(last))
    assert 'data-unread="0"' in li.get("/desk/lists/mine").text
    acts(li, handoff.id, "put-back")
    desk.assign(handoff.id, "wang", time.time())
    assert 'data-unread="1"' in wang.get("/desk/lists/mine").text


def test_a_note_into_what_ended_long_ago_is_refused() -> None:
    handoff = scene.waits(scene.arrives())
    wang, boss = seat("wang"), seat("boss", "operator")
    desk.take(handoff.id, "wang", time.time() - 7200)
    holder.close(handoff.id, "done", time.time() - 3600)
    status, told = acts(wang, handoff.id, "note", text="想起来了", key="k1")
    assert status == 409 and "已经结束" in str(told["error"])
    assert acts(boss, handoff.id, "note", text="核查过", key="k2")[0] == 200
    assert [note.body for note in internal_notes.of(handoff.conversation)] == ["核查过"]


def test_a_text_with_nul_is_said_without_it() -> None:
    handoff = scene.waits(scene.arrives())
    assert acts(seat("wang"), handoff.id, "say", text="在\0的", key="k1")[0] == 200
    assert said_by_agents(handoff.conversation) == ["在的"]


def test_each_step_of_a_rating_stands_in_the_transcript_as_it_was() -> None:
    handoff = scene.waits(scene.arrives())
    wang = seat("wang")
    desk.take(handoff.id, "wang", time.time())
    desk.finish(handoff.id, time.time())
    rating.answer(handoff.conversation, "不满意", time.time())
    rating.answer(handoff.conversation, "其他", time.time())
    rating.answer(handoff.conversation, "包裹里少了一件", time.time())
    text = wang.get(f"/desk/{handoff.id}").text
    assert re.findall("顾客评价：[^<]*", text.replace("\n", "<")) == [
        "顾客评价：不满意",
        "顾客评价：不满意（包裹里少了一件）",
    ]


def test_the_list_of_tickets_shows_what_was_left() -> None:
    ticket = scene.leaves_ticket(scene.arrives("o_1"), "转人工")
    scene.says(ticket.conversation, "我的快递坏了，要赔偿")
    scene.leaves_ticket(scene.arrives("o_2"), "只有这一句")
    listed = seat("wang").get("/desk/lists/left").text
    assert "我的快递坏了" in listed and "转人工" not in listed and "只有这一句" in listed


def test_a_colleague_who_is_away_or_full_is_not_chosen_beforehand() -> None:
    handoff = scene.waits(scene.arrives())
    boss, li = seat("boss", "operator"), seat("li", nickname="小李")
    assert " checked" not in boss.get(f"/desk/{handoff.id}/people").text
    with_hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ("00:00-24:00",))
    people.change(li.person.id, max_chats=1, hours=with_hours)
    people.set_state(li.person.id, "online", time.time())
    people.seen(li.person.id, time.time())
    shown = boss.get(f"/desk/{handoff.id}/people").text
    assert shown.split(" checked")[0].rstrip().endswith('value="li" required')
    busy = scene.waits(scene.arrives("o_2"))
    desk.take(busy.id, "li", time.time())
    assert " checked" not in boss.get(f"/desk/{handoff.id}/people").text


def test_a_picture_that_browsers_do_not_show_is_offered_as_a_file() -> None:
    handoff = scene.waits(scene.arrives())
    for kind in ("image/heif", "image/png"):
        number = scene.says(handoff.conversation, "", "image")
        with writing() as connection:
            media.keep(connection, number, handoff.conversation, "rest", b"x", kind, time.time())
    text = seat("wang").get(f"/desk/{handoff.id}").text
    assert "下载图片（HEIC）" in text and text.count('<img src="/media/') == 1


def test_words_that_never_arrived_are_marked_in_the_list_of_what_is_over() -> None:
    wang = seat("wang")
    numbers = []
    for name, state in (("o_1", "dead"), ("o_2", "sent")):
        ticket = scene.leaves_ticket(scene.arrives(name, "wechat:miniprogram"))
        numbers.append(desk.say(ticket.id, "wang", "周末也发货", time.time()))
        desk.finish(ticket.id, time.time())
        scene.send_row(ticket.conversation, numbers[-1], state, "微信：对方已取消关注")
    rows = wang.get("/desk/lists/over").text.split("row-item")[1:]
    assert ["未送达" in row for row in rows] == [False, True]
