"""The scheduled backup: made by one process at a time, and never for the last time."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from kefu.backup import making, rotation
from kefu.backup.errors import BackupError
from kefu.errors import KefuError
from kefu.handoff.reports import close_report, open_report
from kefu.settings import Backups, settings
from kefu.storage.leases import Lease

logger = logging.getLogger(__name__)

LEASE = "backup"
REPORT = "backup_failed"
PAUSE_SECONDS = 30.0
AGAIN_SECONDS = 600.0  # after a failure
_HOUR = 3600.0


class _Stopped(Exception):
    """Raised inside a backup when the process ends."""


class Duty:
    """Looks whether a backup is due, and makes it."""

    def __init__(self, chosen: Callable[[], Backups]) -> None:
        """Take what tells how often, and how long backups are kept, at the moment."""
        self._chosen = chosen
        self._not_before = 0.0
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let a backup that is being made end at once and leave nothing."""
        self._stopping.set()

    def is_due(self, now: float) -> bool:
        """Tell whether the newest whole backup, by whomever, is old enough for another."""
        every_hours = self._chosen().every_hours
        if not every_hours or now < self._not_before:
            return False
        newest = rotation.newest_whole()
        if newest is None:
            return True
        # One from the future was made before the clock was put right.
        age = now - newest.manifest.created_at
        return age >= every_hours * _HOUR or age < 0

    def back_up(self) -> None:
        """Make a backup, delete old ones, and report what failed."""
        try:
            made, chosen = making.make("scheduled", tell=self._tell), self._chosen()
            gone = rotation.rotate(chosen.keep_days, chosen.keep_at_least, time.time())
            logger.info("backup %s was made; %d old ones went", made.name, len(gone))
            close_report(REPORT, time.time())
        except _Stopped:
            logger.info("the backup was stopped with the process")
        except BackupError as error:
            self._failed(str(error))
        except SQLAlchemyError as error:
            self._failed(f"数据库不可用（{type(error).__name__}）")

    def _failed(self, reason: str) -> None:
        self._not_before = time.time() + AGAIN_SECONDS
        logger.error("the scheduled backup failed: %s", reason)
        open_report(REPORT, f"定时备份没有成功：{reason}", time.time())

    def _tell(self, _what: str, _done: int, _total: int) -> None:
        if self._stopping.is_set():
            raise _Stopped


async def keep_backing_up(pause: float = PAUSE_SECONDS) -> None:
    """Back up when it is due while this process has the lease, until cancelled.

    Args:
        pause: Seconds between two looks. The lease lasts longer, and is renewed meanwhile.
    """
    lease, duty = Lease(LEASE, seconds=4 * pause + 2), Duty(lambda: settings().backup)
    try:
        while True:
            if await asyncio.to_thread(_is_ours_and_due, lease, duty):
                await _made(lease, duty, pause)
            await asyncio.sleep(pause)
    finally:
        duty.stop()
        await asyncio.to_thread(_give_up, lease)


async def _made(lease: Lease, duty: Duty, pause: float) -> None:
    making_it = asyncio.create_task(asyncio.to_thread(_back_up, duty))
    try:
        while not making_it.done():
            await asyncio.wait({making_it}, timeout=pause)
            await asyncio.to_thread(_holds, lease)
    except asyncio.CancelledError:
        # Its thread goes on until it is told, and would outlive the lease.
        duty.stop()
        await making_it
        raise


def _is_ours_and_due(lease: Lease, duty: Duty) -> bool:
    try:
        return _holds(lease) and duty.is_due(time.time())
    except (OSError, KefuError) as error:
        logger.error("whether a backup is due cannot be told: %s", error)
        return False


def _holds(lease: Lease) -> bool:
    try:
        return lease.hold(time.time())
    except SQLAlchemyError as error:
        logger.error("the backup's lease cannot be held (%s)", type(error).__name__)
        return False


def _back_up(duty: Duty) -> None:
    try:
        duty.back_up()
    except Exception:
        # The edge of this duty: a backup that failed must not be the last one.
        logger.exception("the scheduled backup failed")


def _give_up(lease: Lease) -> None:
    try:
        lease.give_up()
    except SQLAlchemyError:
        logger.exception("the backup's lease was not given up; it ends by itself")
