"""What an agent reads on the command line."""

from __future__ import annotations

import json

import pytest

from kefu.handoff import desk, holder, views
from kefu.storage import messages
from tests.handoff.crew import hire
from tests.handoff.moments import MINUTE, NIGHT, NOON, ask

pytestmark = pytest.mark.usefixtures("database")


def test_lists_the_most_urgent_first() -> None:
    ask("ticket", NIGHT - 86400)
    ask("second", NOON + MINUTE)
    ask("first", NOON)
    held = ask("held", NOON - 5 * MINUTE)
    holder.accept(held.id, "小王", NOON)
    rows = views.rows(NOON + 10 * MINUTE)
    assert [row.state for row in rows] == ["等待接入", "等待接入", "接待中", "留言"]
    assert [row.waited for row in rows[:3]] == ["10 分钟", "9 分钟", "5 分钟"]
    assert rows[2].agent == "小王"
    assert rows[0].reason == "顾客要求"
    assert rows[0].since == "2026-11-23 12:00:00"


def test_a_long_question_is_cut_to_one_line() -> None:
    holder.request("c1", "repeat", "很长\n" * 40, None, NOON)
    [row] = views.rows(NOON)
    assert len(row.question) == 30
    assert row.question.endswith("…")
    assert "\n" not in row.question


def test_shows_reason_question_and_transcript() -> None:
    messages.record("c1", "customer", "text", "转人工", "m1", NOON)
    messages.add_reply("c1", "bot", json.dumps([{"text": "好的"}]), 1, NOON)
    handoff = ask()
    page = views.page(handoff.id)
    assert ("问题", "怎么还没发货") in page.facts
    assert ("原因", "顾客要求") in page.facts
    assert [label for label, _ in page.facts].count("结束时间") == 0
    assert page.transcript == [
        ("2026-11-23 12:00:00", "顾客", "转人工"),
        ("2026-11-23 12:00:00", "助手", "好的"),
    ]


def test_shows_notes_among_the_lines_and_people_by_their_names() -> None:
    hire("xiaoli", "小李")
    messages.record("c1", "customer", "text", "转人工", "m1", NOON)
    handoff = ask()
    desk.note(handoff.id, "xiaoli", "老顾客", NOON + 1)
    desk.take(handoff.id, "xiaoli", NOON + 2)
    page = views.page(handoff.id)
    assert ("客服", "小李") in page.facts
    assert [(author, text) for _, author, text in page.transcript] == [
        ("顾客", "转人工"),
        ("备注（小李）", "老顾客"),
        ("系统", "人工客服小李已接入，为你服务。"),
    ]
