"""What operators are told: that customers wait and nobody is there."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from kefu.doctor import diagnose
from kefu.handoff import holder, reports, rounds
from kefu.staff import people
from tests.handoff.crew import come, hire
from tests.handoff.moments import MINUTE, NIGHT, NOON, ask
from tests.handoff.rules import with_settings

pytestmark = pytest.mark.usefixtures("database")


def texts() -> list[str]:
    return [report.text for report in reports.open_reports()]


def test_that_nobody_is_there_for_who_waits_is_reported_until_somebody_comes() -> None:
    person = hire("xiaoli", max_chats=1)
    people.set_state(person.id, "busy", NOON)
    ask("c1"), ask("c2", NOON + MINUTE)
    rounds.look(NOON + 2 * MINUTE)
    assert texts() == ["2 位顾客在等人工，最早从 12:00 开始，没有客服在线"]
    come(person, NOON + 3 * MINUTE)
    rounds.look(NOON + 3 * MINUTE)
    assert texts() == []


def test_it_is_over_when_nobody_waits_any_more() -> None:
    ask()
    rounds.look(NOON)
    assert len(texts()) == 1
    holder.cancel("c1", NOON + 1)
    rounds.look(NOON + 2)
    assert texts() == []


def test_nothing_is_reported_outside_the_hours_or_while_another_desk_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(now=NIGHT)
    rounds.look(NIGHT)
    assert texts() == []
    with with_settings(tmp_path, monkeypatch, helpdesk={"url": "https://desk.example.com"}):
        ask("c2")
        rounds.look(NOON)
    assert texts() == []


def test_a_report_is_logged_when_it_opens_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "kefu.handoff.reports")
    assert reports.open_report("helpdesk_down", "外部客服系统没有应答", NOON)
    for minute in range(3):
        assert not reports.open_report("helpdesk_down", f"已经 {minute} 分钟", NOON + minute)
    assert texts() == ["已经 2 分钟"]
    assert reports.close_report("helpdesk_down", NOON + 5)
    assert not reports.close_report("helpdesk_down", NOON + 6)
    assert [record.getMessage() for record in caplog.records] == [
        "report helpdesk_down: 外部客服系统没有应答",
        "report helpdesk_down is over",
    ]


def test_what_comes_again_is_a_new_report() -> None:
    reports.open_report("helpdesk_down", "没有应答", NOON)
    reports.close_report("helpdesk_down", NOON + 1)
    reports.open_report("helpdesk_down", "没有应答", NOON + 2)
    assert [report.first_at for report in reports.open_reports()] == [NOON + 2]


def test_doctor_names_what_is_reported() -> None:
    reports.open_report("nobody_available", "2 位顾客在等人工，没有客服在线", NOON)
    (found,) = [finding for finding in diagnose() if finding.name == "等待人工"]
    assert not found.ok
    assert "2 位顾客在等人工，没有客服在线" in found.text
