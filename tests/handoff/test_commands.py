"""`kefu handoff`: what an agent without the console does on a terminal."""

from __future__ import annotations

import time

import pytest
from typer.testing import CliRunner

from kefu.cli import app
from kefu.handoff import holder
from kefu.handoff.holder import HandoffError
from tests.handoff.crew import hire, open_window, told
from tests.handoff.moments import NOON, ask

pytestmark = pytest.mark.usefixtures("database")


def kefu(*words: str) -> str:
    result = CliRunner().invoke(app, ["handoff", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_customer_is_taken_answered_transferred_and_given_back() -> None:
    hire("xiaoli", "小李"), hire("xiaowang", "小王")
    number = str(ask().id)
    kefu("take", number, "--agent", "xiaoli")
    kefu("reply", number, "你好", "--agent", "xiaoli")
    kefu("note", number, "要发票", "--agent", "xiaoli")
    kefu("transfer", number, "xiaowang")
    with pytest.raises(HandoffError, match="正由 小王 接待"):
        kefu("reply", number, "还在", "--agent", "xiaoli")
    assert "小王" in kefu("list")
    shown = kefu("show", number)
    assert "备注（小李）：要发票" in shown
    kefu("close", number)
    assert holder.who_holds("c1", NOON) == "bot"
    assert [text.splitlines()[0] for text in told("c1")] == [
        "人工客服小李已接入，为你服务。",
        "你好",
        "已转给人工客服小王，请稍候。",
        "人工客服已结束服务，我继续为你服务。",
    ]


def test_a_reply_that_wechat_would_not_take_is_refused_and_takes_nobody() -> None:
    open_window("c1", 0, time.time() + 3600)
    number = ask().id
    with pytest.raises(HandoffError, match="微信现在不接收消息"):
        kefu("reply", str(number), "你好")
    assert told("c1") == []
    assert holder.get(number).state == "waiting"
