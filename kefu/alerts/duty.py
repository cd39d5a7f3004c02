"""The duty of the console to watch: one process at a time, and never for the last time."""

from __future__ import annotations

import asyncio
import logging
import time

from sqlalchemy.exc import SQLAlchemyError

from kefu.alerts.watch import Watch
from kefu.storage.leases import Lease

logger = logging.getLogger(__name__)

LEASE = "alerts"
PAUSE_SECONDS = 30.0


async def keep_watching(pause: float = PAUSE_SECONDS) -> None:
    """Watch while this process has the lease, until cancelled.

    Args:
        pause: Seconds between two looks.
    """
    lease, watch = Lease(LEASE, seconds=3 * pause + 2), Watch()
    try:
        while True:
            await _whole(lease, watch)
            await asyncio.sleep(pause)
    finally:
        await asyncio.to_thread(_give_up, lease)


async def _whole(lease: Lease, watch: Watch) -> None:
    """Wait for a look's end, also when cancelled: its thread goes on, and may just be telling."""
    looking = asyncio.create_task(asyncio.to_thread(_look, lease, watch))
    try:
        await asyncio.shield(looking)
    except asyncio.CancelledError:
        await looking
        raise


def _look(lease: Lease, watch: Watch) -> None:
    try:
        if lease.hold(time.time()):
            watch.look(time.time())
    except Exception:
        # The edge of this duty: a look that failed must not be the last one.
        logger.exception("a look for alerts failed")


def _give_up(lease: Lease) -> None:
    try:
        lease.give_up()
    except SQLAlchemyError:
        logger.exception("the lease of the alerts was not given up; it ends by itself")
