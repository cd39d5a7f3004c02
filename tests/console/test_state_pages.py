"""The state of the service: what is wrong and what to do, for operators; metrics for machines."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select
from starlette.applications import Starlette

from kefu.alerts.book import keep
from kefu.alerts.course import Alert
from kefu.console import state_board
from kefu.console.app import create_app
from kefu.console.state_board import Board
from kefu.doctoring.checkup import Checkup
from kefu.doctoring.finding import Finding, Look
from kefu.environment import ALERT_WEBHOOK, secret
from kefu.staff import access
from kefu.storage.engine import reading, writing
from kefu.storage.tables import sends, turns
from tests.alerts.conftest import Robot, robot
from tests.console.visitors import Visitor
from tests.metrics.conftest import running

__all__ = ["robot", "running"]
AS_FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def operator(console: Starlette) -> Iterator[Visitor]:
    """Give a browser in which the operator 周晴 (zhou) is signed in."""
    with Visitor(console) as visitor:
        visitor.becomes("zhou", "周晴", "operator")
        yield visitor


def letter(error: str = "顾客拒收了消息", state: str = "dead") -> int:
    """Put a message into the outbox that did not arrive; return its number."""
    now = time.time()
    whose = {"conversation": "c", "channel": "wechat:miniprogram", "message": 1, "author": "bot"}
    with writing() as connection:
        made = connection.execute(
            sends.insert().values(
                state=state, attempts=1, error=error, next_at=0.0, body="{}", created_at=now,
                done_at=now, **whose,
            )
        )  # fmt: skip
        return int(made.inserted_primary_key[0])


def findings(visitor: Visitor) -> str:
    page = visitor.get("/state/findings", headers=AS_FRAGMENT)
    assert page.status_code == 200
    return page.text


def shows(console: Starlette, *looks: Look) -> None:
    """Let the page look only so."""
    console.state.board = Board(Checkup(looks))


def test_agents_do_not_see_it(agent: Visitor) -> None:
    for path in ("/state", "/state/findings"):
        assert agent.get(path).status_code == 403
    assert agent.submits(f"/state/dead-letters/{letter()}").status_code == 403
    assert agent.submits("/state/test-alert").status_code == 403
    assert "/state" not in agent.get("/me").text.split("</nav>")[0].split("<nav")[1]


def test_page_answers_before_anything_is_looked_at(console: Starlette, operator: Visitor) -> None:
    def never(name: str) -> Finding:
        raise AssertionError("nobody asked for it")

    shows(console, Look("进程", never))
    page = operator.get("/state")
    assert page.status_code == 200 and 'hx-get="/state/findings"' in page.text
    assert "正在检查" in page.text and 'href="/state"' in page.text


def test_when_all_is_well_it_says_so(console: Starlette, operator: Visitor) -> None:
    shows(console, Look("磁盘", lambda name: Finding(name, True, "剩余 80 GB")))
    text = findings(operator)
    assert "一切正常" in text and "要处理" not in text and "剩余 80 GB" in text


def test_what_is_wrong_stands_first_with_its_remedy(console: Starlette, operator: Visitor) -> None:
    shows(
        console,
        Look("磁盘", lambda name: Finding(name, True, "剩余 80 GB")),
        Look("备份", lambda name: Finding(name, False, "<磁盘已满>", "清理磁盘", "/backups")),
    )
    text = findings(operator)
    assert "有 1 项要处理" in text
    assert text.index("备份") < text.index("剩余 80 GB")
    assert "&lt;磁盘已满&gt;" in text and "清理磁盘" in text and 'href="/backups"' in text
    whole = operator.get("/state/findings")
    assert "<h1>检查结果</h1>" in whole.text and "清理磁盘" in whole.text


def test_many_open_pages_look_once() -> None:
    looked: list[float] = []

    def look(name: str) -> Finding:
        looked.append(time.monotonic())
        return Finding(name, True, "好")

    board = Board(Checkup([Look("进程", look, keep=60)]))
    threads = [threading.Thread(target=board.checkup.findings) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked) == 1


def test_slow_look_holds_up_nobody(console: Starlette, operator: Visitor) -> None:
    goes_on = threading.Event()

    def slow(name: str) -> Finding:
        assert goes_on.wait(20)
        return Finding(name, False, "写错了")

    looks = [Look("知识库", slow), Look("磁盘", lambda name: Finding(name, True, "好"), keep=60)]
    checkup = Checkup(looks, patience=0.1)
    console.state.board = Board(checkup)
    text = findings(operator)
    assert "还没有发现问题，还有 1 项正在检查" in text and "一切正常" not in text
    goes_on.set()
    deadline = time.monotonic() + 20
    while [found.text for found in checkup.findings()] != ["写错了", "好"]:
        assert time.monotonic() < deadline


def test_what_follows_a_file_is_looked_at_when_that_changes() -> None:
    state, looked = ["a"], []

    def look(name: str) -> Finding:
        looked.append(state[0])
        return Finding(name, False, "写错了")

    checkup = Checkup([Look("知识库", look, 3600, lambda: state[0])])
    checkup.findings()
    checkup.findings()
    state[0] = "b"
    checkup.findings()
    assert looked == ["a", "b"]


def test_what_is_being_mended_is_looked_at_again_before_what_is_well() -> None:
    bad = Look("微信", lambda name: Finding(name, False, "坏"), keep=3600)
    good = Look("软件", lambda name: Finding(name, True, "好"), keep=3600)
    checkup = Checkup([bad, good])
    checkup.findings()
    kept = {name: kept.until - time.monotonic() for name, kept in checkup._kept.items()}
    assert kept["微信"] < 60 < kept["软件"]


def test_processes_that_were_stopped_are_shown(
    running: Path,
) -> None:
    with Visitor(create_app(with_duties=False)) as visitor:
        visitor.becomes("zhou", "周晴", "operator")
        text = findings(visitor)
    bad, _, good = text.partition("good-title")
    assert "动作服务" in good and "内存" in good and "演示商城" in good
    assert "Rasa" in bad and "没有应答" in bad and "make run" in bad
    assert "订单系统" in bad  # the stand-in is no shop


def test_failed_replies_and_dead_letters_are_shown(operator: Visitor) -> None:
    now = time.time()
    for number in range(4):
        row = {"conversation": "c", "channel": "rest", "outcome": "failed", "reply_seconds": 2.9}
        with writing() as connection:
            connection.execute(turns.insert().values(started_at=now - number - 1, **row))
    letter("顾客拒收了消息：请等顾客再次来消息")
    text = findings(operator)
    bad = text[: text.index("good-title")]
    assert "4 条没能回答" in bad and "95 % 在 2.9 秒内" in bad
    assert "1 条未送达" in bad and "顾客拒收了消息" in bad


def test_dead_letter_is_sent_again_once(operator: Visitor) -> None:
    number = letter()
    assert "顾客拒收了消息" in operator.get("/state").text
    page = operator.submits(f"/state/dead-letters/{number}")
    assert "已放回发件箱" in page.text and "顾客拒收了消息" not in page.text
    page = operator.submits(f"/state/dead-letters/{number}")
    assert "已经处理过" in page.text
    with reading() as connection:
        states = connection.execute(select(sends.c.state).order_by(sends.c.id)).scalars().all()
    assert states == ["replaced", "pending"]
    noted = [entry for entry in access.entries() if entry.action == "resend"]
    assert [(n.login, n.detail) for n in noted] == [("zhou", f"微信消息 {number}")]


def test_forged_request_sends_nothing(operator: Visitor) -> None:
    number = letter()
    assert operator.post(f"/state/dead-letters/{number}", data={"csrf": "x"}).status_code == 403
    assert operator.submits("/state/dead-letters/99999").status_code == 200


def test_open_alerts_are_shown_with_what_people_were_told(operator: Visitor) -> None:
    now = time.time()
    keep(Alert("waiting", "顾客等人工太久：最久 13 分钟", now - 900, told_at=now - 880))
    keep(Alert("disk", "磁盘快满了：剩余 1 GB", now - 60))
    text = operator.get("/state").text
    assert "最久 13 分钟" in text and "已通知" in text and "还没有通知" in text
    assert "还没有设置接收通知的群" in text


def test_without_a_robot_nothing_can_be_tried(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ALERT_WEBHOOK, raising=False)
    page = operator.submits("/state/test-alert")
    assert page.status_code == 422 and "还没有设置接收告警的地址" in page.text


def test_trial_reaches_the_group_and_a_failure_is_explained(robot: Robot) -> None:
    with Visitor(create_app(with_duties=False)) as visitor:
        visitor.becomes("zhou", "周晴", "operator")
        assert "测试通知已发出" in visitor.submits("/state/test-alert").text
        (text,) = robot.texts()
        assert "测试通知" in text
        robot.plays(errcode=93000)
        page = visitor.submits("/state/test-alert")
    assert page.status_code == 422 and "key 无效" in page.text
    assert robot.url.rpartition("=")[2] not in page.text


def test_metrics_need_the_token_and_no_session(stranger: Visitor, operator: Visitor) -> None:
    for given in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer 令".encode()}):
        refused: Any = stranger.get("/metrics", headers=given)
        assert refused.status_code == 401 and "kefu_" not in refused.text
    assert operator.get("/metrics").status_code == 401
    token = {"Authorization": f"Bearer {secret('metrics_token')}"}
    answer = stranger.get("/metrics", headers=token)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"kefu_turns", "kefu_waiting_customers", "kefu_process_up"} <= names


def test_board_is_one_for_the_whole_console(console: Starlette) -> None:
    assert state_board.board_of(console) is state_board.board_of(console)
