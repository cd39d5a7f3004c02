"""Each limit of the settings is compared with what happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from kefu.alerts import figures_rules, machine_rules, rules
from kefu.alerts.signals import NothingToTell, Signal
from kefu.backup.duty import REPORT as BACKUP_FAILED
from kefu.handoff.reports import open_report
from kefu.storage import messages, troubles
from kefu.storage.engine import writing
from kefu.storage.tables import handoffs, sends, turns

pytestmark = pytest.mark.usefixtures("fresh_home")
MINUTE, HOUR = 60.0, 3600.0
NOON = 1_764_216_000.0  # 2025-11-27 12:00 in Shanghai

Look = Callable[[float], list[Signal]]


def turn(at: float, outcome: str = "answered", seconds: float | None = 0.5, **more: Any) -> None:
    """Record a turn."""
    row = {"conversation": f"c{at}", "channel": "rest", "label": "order/where", **more}
    with writing() as connection:
        connection.execute(
            turns.insert().values(started_at=at, outcome=outcome, reply_seconds=seconds, **row)
        )


def one(look: Look, now: float) -> Signal:
    (signal,) = look(now)
    return signal


def test_failed_replies_of_the_last_minutes_are_counted() -> None:
    now = time.time()
    for age in (1, 5, 30):
        turn(now - age * MINUTE, "failed")
    turn(now - 2 * MINUTE, "failed", test=True)
    assert not one(rules.look_at_failures, now).on
    turn(now - 3 * MINUTE, "failed")
    found = one(rules.look_at_failures, now)
    assert found.on and "3 条消息没能回答" in found.text


def test_messages_that_nobody_looks_at_are_failures_too() -> None:
    now = time.time()
    for number in range(3):
        messages.record("c", "customer", "text", "在吗", f"k{number}", now - MINUTE)
    assert one(rules.look_at_failures, now).on
    assert not one(rules.look_at_failures, now - 55).on


def test_slow_replies_count_where_there_are_enough_of_them() -> None:
    now = time.time()
    for number in range(19):
        turn(now - 1 - number, seconds=4.0)
    assert not one(rules.look_at_slowness, now).on
    turn(now - 30, seconds=4.0)
    turn(now - 31, "held", seconds=400.0)
    found = one(rules.look_at_slowness, now)
    assert found.on and "4.0 秒" in found.text


def waits(since: float) -> None:
    row = {"conversation": "c", "state": "waiting", "reason": "keyword", "open_key": "c"}
    with writing() as connection:
        connection.execute(handoffs.insert().values(requested_at=since, active_at=since, **row))


def test_the_longest_wait_counts() -> None:
    now = time.time()
    assert not one(rules.look_at_waiting, now).on
    waits(now - 11 * MINUTE)
    found = one(rules.look_at_waiting, now)
    assert found.on and "最久 11 分钟" in found.text


def test_dead_letters_of_an_hour_count() -> None:
    now = time.time()
    row = {"conversation": "c", "channel": "wechat:m", "message": 1, "author": "bot", "body": "{}"}
    ages = (1, 2, 3, 4, 5, 90)
    with writing() as connection:
        for age in ages:
            at = now - age * MINUTE
            values = {"state": "dead", "attempts": 1, "next_at": 0.0, "created_at": at}
            connection.execute(sends.insert().values(done_at=at, **values, **row))
    found = one(rules.look_at_dead_letters, now)
    assert found.on and "5 条微信消息没有送达" in found.text


def test_failures_of_the_shop_and_of_wechat_count_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "_keeping", True)
    now = time.time()
    for _ in range(6):
        troubles.note("shop:orders", now - MINUTE)
        troubles.note("shop:members", now - 2 * MINUTE)
        troubles.note("shop:orders", now - 20 * MINUTE)
        troubles.note("wechat:miniprogram", now)
    troubles.flush()
    shop, wechat = rules.look_at_troubles(now)
    assert shop.on and "12 次" in shop.text
    assert not wechat.on and "6 次" in wechat.text


def test_a_limit_of_zero_is_never_passed(limits: Any) -> None:
    limits(failed_replies=0, waiting_minutes=0, disk_free_gb=0)
    now = time.time()
    turn(now - 1, "failed")
    waits(now - HOUR)
    for look in (rules.look_at_failures, rules.look_at_waiting, machine_rules.look_at_disk):
        assert not one(look, now).on


def test_a_disk_that_is_nearly_full_counts(limits: Any) -> None:
    limits(disk_free_gb=10_000_000)
    assert one(machine_rules.look_at_disk, time.time()).on


def test_a_failed_backup_counts_at_once() -> None:
    now = time.time()
    found = one(machine_rules.look_at_backups, now)
    assert found.hold > 0  # the first one is made soon
    open_report(BACKUP_FAILED, "定时备份没有成功：磁盘已满", now)
    found = one(machine_rules.look_at_backups, now)
    assert found.on and not found.hold and "磁盘已满" in found.text


def test_recognition_of_the_day_counts_where_enough_was_asked(limits: Any) -> None:
    limits(least_questions=10)
    now = NOON
    for number in range(9):
        turn(now - 1 - number, "answered" if number < 5 else "not_recognised")
    with pytest.raises(NothingToTell):
        figures_rules.look_at_recognition(now)
    turn(now - 11, "not_recognised")
    found = one(figures_rules.look_at_recognition, now)
    assert found.on and "50.0 %" in found.text and "5/10" in found.text


def test_handoffs_of_the_day_count_where_there_were_enough(limits: Any) -> None:
    limits(least_questions=2)
    now = NOON
    turn(now - 1, conversation="a")
    with pytest.raises(NothingToTell):
        figures_rules.look_at_handoffs(now)
    turn(now - 2, "human", conversation="c")
    waits(now - 2)
    assert one(figures_rules.look_at_handoffs, now).on
    limits(least_questions=2, handoff_above=0.5)
    assert not one(figures_rules.look_at_handoffs, now).on
