"""What an agent's acts mean for the customer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kefu.handoff import desk, holder
from kefu.handoff.history import events_of
from kefu.handoff.holder import HandoffError
from kefu.staff import people
from kefu.storage import conversations, internal_notes, media, messages
from tests.handoff.crew import hire, open_window, told
from tests.handoff.moments import MINUTE, NIGHT, NOON, ask

pytestmark = pytest.mark.usefixtures("database")

QUESTION = "人工客服已结束服务，我继续为你服务。\n请为本次人工服务评价：[满意][不满意]"


def kinds() -> list[tuple[str, str | None, str | None]]:
    return [(event.kind, event.actor, event.target) for event in events_of("c1")]


def test_the_customer_reads_who_has_come_by_the_nickname() -> None:
    hire("xiaoli", "小李")
    desk.take(ask().id, "xiaoli", NOON)
    assert told("c1") == ["人工客服小李已接入，为你服务。"]


def test_taking_it_twice_says_it_once() -> None:
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    desk.take(handoff.id, "xiaoli", NOON + 1)
    assert len(told("c1")) == 1
    assert kinds() == [("requested", None, None), ("accepted", "xiaoli", "xiaoli")]


def test_who_comes_too_late_reads_who_was_faster() -> None:
    hire("xiaoli", "小李")
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    for late in (
        lambda: desk.take(handoff.id, "xiaowang", NOON),
        lambda: desk.say(handoff.id, "xiaowang", "你好", NOON),
        lambda: desk.put_back(handoff.id, "xiaowang", NOON),
        lambda: desk.say_picture(handoff.id, "xiaowang", b"x", "image/png", NOON),
    ):
        with pytest.raises(HandoffError, match="正由 小李 接待"):
            late()
    assert told("c1") == ["人工客服小李已接入，为你服务。"]


def test_a_word_takes_the_customer_and_is_said_once_however_often_it_is_sent() -> None:
    handoff = ask()
    first = desk.say(handoff.id, "xiaoli", "你好", NOON + 5, key="k1")
    again = desk.say(handoff.id, "xiaoli", "你好", NOON + 9, key="k1")
    assert again == first
    assert told("c1") == ["人工客服xiaoli已接入，为你服务。", "你好"]
    held = holder.get(handoff.id)
    assert (held.state, held.first_reply_at) == ("agent", NOON + 5)


def test_a_word_whose_answer_was_lost_is_known_after_the_end_too() -> None:
    handoff = ask()
    first = desk.say(handoff.id, "xiaoli", "再见", NOON, key="k1")
    desk.finish(handoff.id, NOON + 1)
    assert desk.say(handoff.id, "xiaoli", "再见", NOON + 2, key="k1") == first
    with pytest.raises(HandoffError, match="已结束"):
        desk.say(handoff.id, "xiaoli", "还有", NOON + 2, key="k2")
    assert told("c1").count("再见") == 1


def test_two_tabs_that_send_the_same_say_it_once() -> None:
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    with ThreadPoolExecutor(4) as pool:
        sent = pool.map(lambda _: desk.say(handoff.id, "xiaoli", "你好", NOON, "k1"), range(8))
        assert len(set(sent)) == 1
    assert told("c1").count("你好") == 1


def test_of_agents_who_race_one_gets_the_customer_and_the_customer_reads_one_name() -> None:
    handoff = ask()

    def grab(number: int) -> str | None:
        try:
            return desk.take(handoff.id, f"agent{number}", NOON).agent
        except HandoffError as lost:
            assert "正由" in str(lost)
            return None

    with ThreadPoolExecutor(6) as pool:
        winners = [agent for agent in pool.map(grab, range(6)) if agent]
    assert winners == [holder.get(handoff.id).agent]
    assert told("c1") == [f"人工客服{winners[0]}已接入，为你服务。"]
    assert [kind for kind, _, _ in kinds()] == ["requested", "accepted"]


@pytest.mark.parametrize(("text", "problem"), [(" \n", "内容为空"), ("长" * 2001, "至多 2000 个")])
def test_words_that_cannot_be_sent_are_refused(text: str, problem: str) -> None:
    handoff = ask()
    with pytest.raises(HandoffError, match=problem):
        desk.say(handoff.id, "xiaoli", text, NOON)
    assert holder.get(handoff.id).state == "waiting"


def test_a_picture_is_kept_with_its_message_and_sent_once() -> None:
    conversation = conversations.remember("rest", "openid-1", NOON)
    handoff = ask(conversation)
    first = desk.say_picture(handoff.id, "xiaoli", b"\x89PNG", "image/png", NOON, "p1")
    assert desk.say_picture(handoff.id, "xiaoli", b"\x89PNG", "image/png", NOON, "p1") == first
    picture = messages.pending_out(conversation)[-1]
    assert (picture.id, picture.kind, picture.author, picture.body) == (first, "image", "agent", "")
    kept = media.stored(first)
    assert kept is not None
    assert (kept.content, kept.content_type) == (b"\x89PNG", "image/png")


def test_the_customer_reads_to_whom_a_transfer_goes() -> None:
    hire("xiaoli", "小李")
    hire("xiaowang", "小王")
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    given = desk.transfer(handoff.id, "xiaoli", "xiaowang", NOON + 1, "要看发票")
    assert (given.state, given.agent, given.accepted_at) == ("agent", "xiaowang", NOON)
    assert told("c1")[1:] == ["已转给人工客服小王，请稍候。"]
    assert events_of("c1")[-1].detail == "要看发票"
    with pytest.raises(HandoffError, match="正由 小王 接待"):
        desk.say(handoff.id, "xiaoli", "还有一句", NOON + 2)


def test_only_who_has_a_customer_gives_the_customer_away_unless_an_operator_does() -> None:
    for login in ("xiaoli", "xiaowang", "xiaozhao"):
        hire(login)
    handoff = ask()
    with pytest.raises(HandoffError, match="请先接入"):
        desk.transfer(handoff.id, "xiaoli", "xiaowang", NOON)
    desk.take(handoff.id, "xiaoli", NOON)
    with pytest.raises(HandoffError, match="正由 xiaoli 接待"):
        desk.transfer(handoff.id, "xiaozhao", "xiaowang", NOON)
    with pytest.raises(HandoffError, match="没有登录名为 nobody 的客服"):
        desk.transfer(handoff.id, "xiaoli", "nobody", NOON)
    with pytest.raises(HandoffError, match="已经由 xiaoli 接待"):
        desk.transfer(handoff.id, "xiaoli", "xiaoli", NOON)
    assert desk.transfer(handoff.id, "boss", "xiaowang", NOON, force=True).agent == "xiaowang"


def test_an_operator_gives_a_waiting_customer_to_somebody() -> None:
    hire("xiaoli", "小李")
    given = desk.transfer(ask().id, "boss", "xiaoli", NOON, force=True)
    assert (given.state, given.agent) == ("agent", "xiaoli")
    assert told("c1") == ["人工客服小李已接入，为你服务。"]


def test_nobody_who_has_left_the_firm_is_given_a_customer() -> None:
    gone = hire("xiaoli")
    people.change(gone.id, active=False)
    with pytest.raises(HandoffError, match="没有登录名为 xiaoli 的客服"):
        desk.transfer(ask().id, "boss", "xiaoli", NOON, force=True)


def test_who_is_put_back_waits_at_the_old_place_and_reads_the_next_name() -> None:
    handoff = ask(now=NOON - 5 * MINUTE)
    desk.say(handoff.id, "xiaoli", "请稍等", NOON)
    back = desk.put_back(handoff.id, "xiaoli", NOON + 1)
    assert (back.state, back.agent, back.requested_at) == ("waiting", None, NOON - 5 * MINUTE)
    desk.take(handoff.id, "xiaowang", NOON + 2)
    assert told("c1")[2:] == [
        "正在为你转接其他人工客服，请稍候。",
        "已转给人工客服xiaowang，请稍候。",
    ]
    assert kinds()[-2:] == [("returned", "xiaoli", "xiaoli"), ("accepted", "xiaowang", "xiaowang")]


def test_a_customer_who_gets_the_same_person_again_is_not_told_the_name_again() -> None:
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    holder.put_back(handoff.id, NOON + 1)
    desk.take(handoff.id, "xiaoli", NOON + 2)
    assert told("c1") == ["人工客服xiaoli已接入，为你服务。"]


def test_a_customer_told_of_another_person_reads_that_the_same_one_is_back() -> None:
    handoff = ask()
    desk.say(handoff.id, "xiaoli", "请稍等", NOON)
    desk.put_back(handoff.id, "xiaoli", NOON + 1)
    desk.take(handoff.id, "xiaoli", NOON + 2)
    assert told("c1")[2:] == [
        "正在为你转接其他人工客服，请稍候。",
        "人工客服xiaoli已接入，为你服务。",
    ]


def test_a_customer_whom_nobody_spoke_with_counts_as_not_taken() -> None:
    silent, spoken = ask("c1"), ask("c2")
    desk.take(silent.id, "xiaoli", NOON)
    desk.say(spoken.id, "xiaoli", "你好", NOON)
    assert desk.put_back(silent.id, "xiaoli", NOON + 1).accepted_at is None
    assert desk.put_back(spoken.id, "xiaoli", NOON + 1).accepted_at == NOON


def test_the_end_of_a_service_is_one_message_with_the_question() -> None:
    handoff = ask()
    desk.say(handoff.id, "xiaoli", "你好", NOON)
    desk.finish(handoff.id, NOON + MINUTE, by="xiaoli")
    assert told("c1")[2:] == [QUESTION]
    assert kinds()[-1] == ("done", "xiaoli", None)
    with pytest.raises(HandoffError, match="已结束"):
        desk.finish(handoff.id, NOON + 2 * MINUTE)
    assert told("c1")[2:] == [QUESTION]


def test_a_ticket_that_nobody_took_ends_silently() -> None:
    desk.finish(ask(now=NIGHT).id, NIGHT)
    assert told("c1") == []


def test_a_waiting_customer_who_is_sent_away_reads_that_the_bot_goes_on() -> None:
    desk.finish(ask().id, NOON)
    assert told("c1") == ["人工排队已结束，我继续为你服务。"]


def test_notices_leave_the_last_message_that_wechat_takes_for_the_agents_words() -> None:
    open_window("c1", 1, NOON + 3600)
    desk.say(ask().id, "xiaoli", "你好", NOON)
    assert told("c1") == ["你好"]


def test_nothing_is_said_unasked_where_wechat_takes_nothing_any_more() -> None:
    open_window("c1", 5, NOON - 1)
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)
    desk.put_back(handoff.id, "xiaoli", NOON)
    desk.take(handoff.id, "xiaowang", NOON)
    desk.finish(handoff.id, NOON)
    assert told("c1") == []


def test_a_note_is_for_agents_alone() -> None:
    handoff = ask()
    desk.note(handoff.id, "xiaoli", "老顾客，脾气急", NOON)
    assert [(n.author, n.body) for n in internal_notes.of("c1")] == [("xiaoli", "老顾客，脾气急")]
    assert told("c1") == []


def test_a_person_of_an_outside_helpdesk_is_named_without_the_mark() -> None:
    handoff = ask()
    desk.take(handoff.id, "外部:张三", NOON)
    assert told("c1") == ["人工客服张三已接入，为你服务。"]


@pytest.mark.parametrize("round_", range(4))
def test_an_end_and_a_word_that_race_leave_no_word_after_the_end(round_: int) -> None:
    handoff = ask()
    desk.take(handoff.id, "xiaoli", NOON)

    def say() -> bool:
        try:
            desk.say(handoff.id, "xiaoli", "等等", NOON)
        except HandoffError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        said = pool.submit(say)
        pool.submit(desk.finish, handoff.id, NOON).result()
    expected = ["等等", QUESTION] if said.result() else [QUESTION]
    assert [text for text in told("c1") if text in ("等等", QUESTION)] == expected


def test_what_changed_hands_meanwhile_is_not_ended_under_them() -> None:
    hire("xiaowang", "小王")
    ticket = ask(now=NIGHT)
    desk.take(ticket.id, "xiaowang", NIGHT + 1)
    with pytest.raises(HandoffError, match="没有结束"):
        desk.finish(ticket.id, NIGHT + 2, by="xiaoli", seen=ticket)
    held = holder.get(ticket.id)
    assert (held.state, held.agent) == ("agent", "xiaowang")
    desk.finish(ticket.id, NIGHT + 3, by="xiaowang", seen=held)
    assert holder.get(ticket.id).state == "closed"
