"""The scheduled backup: when it is due, by one process, and told when it fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from kefu.backup import duty, rotation, shelf
from kefu.backup.duty import Duty, keep_backing_up
from kefu.handoff.reports import open_reports
from kefu.settings import Backups
from tests.backup.conftest import forget
from tests.backup.shop import Shop, backed_up, left_over

HOUR = 3600.0


def names() -> list[str]:
    return shelf.names(shelf.default_folder())


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_due_without_any_and_then_after_the_hours(sqlite_shop: Shop) -> None:
    looking = Duty(lambda: Backups(every_hours=6))
    assert looking.is_due(time.time())
    backed_up()
    assert not looking.is_due(time.time() + 5.9 * HOUR)
    assert looking.is_due(time.time() + 6.1 * HOUR)


def test_zero_hours_turn_it_off(sqlite_shop: Shop) -> None:
    assert not Duty(lambda: Backups(every_hours=0)).is_due(time.time())


def test_a_clock_that_was_ahead_does_not_stop_it_for_months(sqlite_shop: Shop) -> None:
    backed_up()
    assert Duty(lambda: Backups()).is_due(time.time() - 90 * 24 * HOUR)


def test_failure_is_told_tried_again_later_and_over_with_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = Duty(lambda: Backups())
    in_the_way = shelf.default_folder()
    in_the_way.write_text("not a folder")
    looking.back_up()
    (report,) = open_reports()
    assert report.kind == duty.REPORT and "定时备份没有成功" in report.text
    in_the_way.unlink()
    now = time.time()
    assert not looking.is_due(now) and looking.is_due(now + duty.AGAIN_SECONDS + 1)
    looking.back_up()
    assert open_reports() == [] and rotation.newest_whole() is not None


async def test_one_of_two_processes_makes_it(shop: Shop) -> None:
    tasks = [asyncio.create_task(keep_backing_up(0.01)) for _ in range(2)]
    await until(lambda: len(names()) == 1 and not left_over())
    for _ in range(20):
        await asyncio.sleep(0.01)
    for task in tasks:
        await cancelled(task)
    (made,) = rotation.listed()
    assert made.backup is not None and made.backup.manifest.reason == "scheduled"


async def test_a_process_that_ends_meanwhile_leaves_nothing(shop: Shop) -> None:
    (shop.home / "data/dictionary/large.txt").write_bytes(b"x" * 50_000_000)
    task = asyncio.create_task(keep_backing_up(0.01))
    folder = shelf.default_folder()
    await until(lambda: any(folder.glob(".unfinished-*/data/dictionary/large.txt")))
    await cancelled(task)
    assert names() == [] and left_over() == []


async def test_folder_of_the_settings_is_used(shop: Shop) -> None:
    file = shop.home / "settings.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('folder: ""', "folder: elsewhere"), encoding="utf-8")
    forget()
    task = asyncio.create_task(keep_backing_up(0.01))
    await until(lambda: rotation.newest_whole() is not None)
    await cancelled(task)
    assert len(shelf.names(shop.home / "elsewhere")) == 1
