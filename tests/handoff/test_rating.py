"""The rating after the service of a person: asked once, taken by a tap or by words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from kefu.handoff import history, holder, rating
from kefu.handoff.records import Handoff
from kefu.storage import messages
from kefu.storage.conversations import Visit, note
from kefu.storage.engine import reading, writing
from kefu.storage.tables import ratings
from tests.handoff.moments import MINUTE, NOON, ask
from tests.handoff.rules import with_settings

HOUR = 3600.0
THANKS = "感谢你的评价！"
ASKS_WHY = "很抱歉没能让你满意。哪里不好？"
C1 = "c1"


@pytest.fixture
def served(database: str) -> Handoff:
    """Give a handoff that a person has just ended."""
    with writing() as connection:
        note(connection, C1, Visit("rest", "o_1"), NOON)
    handoff = holder.accept(ask(C1).id, "li", NOON)
    return holder.close(handoff.id, "done", NOON)


def answered(text: str, now: float = NOON) -> tuple[str, list[str]] | None:
    reply = rating.answer(C1, text, now)
    if reply is None:
        return None
    return reply["text"], [button["payload"] for button in reply.get("buttons", [])]


def row() -> Any:
    with reading() as connection:
        return connection.execute(select(ratings)).one()


def told_to_agents() -> list[str | None]:
    return [e.detail for e in history.events_of(C1) if e.kind == "rated"]


def test_question_is_one_message_of_the_bots_with_two_buttons(served: Handoff) -> None:
    asked = rating.ask(served, NOON, intro="人工客服已结束服务。")
    (waiting,) = messages.pending_out(C1)
    assert (waiting.id, waiting.author) == (asked, "bot")
    reply = json.loads(waiting.body)
    assert reply["text"] == "人工客服已结束服务。请为本次人工服务评价："
    assert [button["payload"] for button in reply["buttons"]] == ["满意", "不满意"]
    assert (row().channel, row().agent, row().state) == ("rest", "li", "asked")


def test_asking_again_says_nothing_more(served: Handoff) -> None:
    first = rating.ask(served, NOON)
    assert rating.ask(served, NOON + MINUTE) == first
    assert len(messages.pending_out(C1)) == 1


def test_of_many_who_ask_at_once_one_says_it(served: Handoff) -> None:
    threads = [Thread(target=rating.ask, args=(served, NOON)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages.pending_out(C1)) == 1


def test_nobody_is_asked_where_no_person_came(served: Handoff) -> None:
    assert rating.ask(replace(served, accepted_at=None), NOON) is None
    assert messages.pending_out(C1) == []


def test_nobody_is_asked_where_it_is_switched_off(
    served: Handoff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with with_settings(tmp_path, monkeypatch, rating={"enabled": False}):
        assert rating.ask(served, NOON) is None
    assert messages.pending_out(C1) == []


@pytest.mark.parametrize("said", ["满意", "满意！", " 很满意 ", "非常满意。", "滿意"])
def test_satisfied_customer_is_thanked(served: Handoff, said: str) -> None:
    rating.ask(served, NOON)
    assert answered(said, NOON + MINUTE) == (THANKS, [])
    assert (row().state, row().satisfied, row().rated_at) == ("rated", True, NOON + MINUTE)
    assert told_to_agents() == ["满意"]


def test_unsatisfied_customer_is_asked_why_and_picks_a_reason(served: Handoff) -> None:
    rating.ask(served, NOON)
    assert answered("不满意") == (ASKS_WHY, ["没有解决问题", "回复太慢", "态度不好", "其他"])
    assert answered("回复太慢") == (THANKS, [])
    assert (row().satisfied, row().reason, row().state) == (False, "回复太慢", "rated")
    assert told_to_agents() == ["不满意", "不满意：回复太慢"]


def test_other_reason_is_the_very_next_text(served: Handoff) -> None:
    rating.ask(served, NOON)
    answered("不满意")
    asked_why = answered("其他")
    assert asked_why is not None and "请写下原因" in asked_why[0]
    assert answered("等了半天也没人理我") == (THANKS, [])
    assert row().reason == "等了半天也没人理我"
    assert answered("怎么开发票") is None


@pytest.mark.parametrize("said", ["怎么开发票", "满意度调查是什么", "我不是很满意这件衣服", "谢谢"])
def test_anything_else_is_a_message_like_any_other(served: Handoff, said: str) -> None:
    rating.ask(served, NOON)
    assert answered(said) is None
    answered("不满意")
    assert answered(said) is None
    assert row().reason is None


def test_person_can_be_asked_for_instead_of_a_reason(served: Handoff) -> None:
    rating.ask(served, NOON)
    answered("不满意")
    answered("其他")
    assert answered("转人工") is None
    assert (row().state, row().reason) == ("rated", None)
    assert answered("怎么开发票") is None


def test_who_comes_back_later_is_not_writing_the_reason(served: Handoff) -> None:
    rating.ask(served, NOON)
    answered("不满意")
    answered("其他")
    assert answered("怎么开发票", NOON + 11 * MINUTE) is None
    assert row().reason is None


def test_words_without_a_question_are_no_rating(served: Handoff) -> None:
    assert answered("满意") is None
    rating.ask(served, NOON)
    assert answered("回复太慢") is None and answered("其他") is None
    assert rating.answer("c2", "满意", NOON) is None


def test_rating_closes_after_its_hours(served: Handoff) -> None:
    rating.ask(served, NOON)
    assert answered("满意", NOON + 24 * HOUR + 1) is None
    assert row().satisfied is None
    assert answered("满意", NOON + 24 * HOUR - 1) == (THANKS, [])


def test_customer_may_change_their_mind(served: Handoff) -> None:
    rating.ask(served, NOON)
    answered("不满意")
    answered("态度不好")
    assert answered("满意") == (THANKS, [])
    assert (row().satisfied, row().reason) == (True, None)
    answered("不满意")
    assert row().satisfied is False


def test_answer_that_comes_again_after_a_crash_changes_nothing(served: Handoff) -> None:
    rating.ask(served, NOON)
    for said in ("不满意", "其他", "说话难听"):
        assert answered(said) == answered(said)
    assert (row().satisfied, row().reason) == (False, "说话难听")
    assert told_to_agents() == ["不满意", "不满意：说话难听"]


def test_what_a_customer_wrote_is_unreadable_in_the_database(served: Handoff) -> None:
    rating.ask(served, NOON)
    for said in ("不满意", "其他", "客服小李骂人"):
        answered(said)
    with reading() as connection:
        raw = connection.exec_driver_sql("SELECT reason FROM ratings").scalar()
        told = connection.exec_driver_sql("SELECT detail FROM handoff_events").scalars().all()
    assert "小李" not in str(raw) and not any("小李" in str(detail) for detail in told)


def test_reasons_are_the_operators(
    served: Handoff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with with_settings(tmp_path, monkeypatch, rating={"reasons": ["太贵"]}):
        rating.ask(served, NOON)
        assert answered("不满意") == (ASKS_WHY, ["太贵", "其他"])
        assert answered("回复太慢") is None
        assert answered("太贵") == (THANKS, [])
