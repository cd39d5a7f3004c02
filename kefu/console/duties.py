"""What the console does by itself, once a second: the rounds of the desk.

One process at a time has this duty, however many consoles run.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from kefu.handoff import rounds
from kefu.storage.leases import Lease

logger = logging.getLogger(__name__)

LEASE = "desk_rounds"
PAUSE_SECONDS = 1.0

Look = Callable[[float], None]


async def keep_looking(look: Look = rounds.look, pause: float = PAUSE_SECONDS) -> None:
    """Look again and again while this process has the lease, until cancelled.

    Args:
        look: Looks once, at the time that it is given.
        pause: Seconds between two looks.
    """
    lease = Lease(LEASE)
    try:
        while True:
            await _whole(asyncio.to_thread(_look, lease, look))
            await asyncio.sleep(pause)
    finally:
        await asyncio.to_thread(_give_up, lease)


async def _whole(looking: Coroutine[Any, Any, None]) -> None:
    """Wait for a look's end, also when cancelled: its thread goes on and would take the lease."""
    task = asyncio.create_task(looking)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _look(lease: Lease, look: Look) -> None:
    try:
        if lease.hold(time.time()):
            look(time.time())
    except Exception:
        # The edge of this duty: a look that failed must not be the last one.
        logger.exception("a look at the desk failed")


def _give_up(lease: Lease) -> None:
    try:
        lease.give_up()
    except Exception:
        logger.exception("the desk's lease was not given up; it ends by itself")
