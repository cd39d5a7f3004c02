"""The life of one of the two Rasa processes: load, take over, answer, hand over."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from sanic import Sanic
from sanic.server.loop import try_use_uvloop

from kefu.channels import handover
from kefu.elsewhere import Elsewhere
from kefu.errors import KefuError
from kefu.running import baton
from kefu.running.door import Door
from kefu.running.instances import Job, Report, orders, report
from kefu.running.listening import listen

logger = logging.getLogger(__name__)

# A connection without a request is kept that long after the customers were handed over,
_PATIENCE_SECONDS = 5.0
# one with a request, a long poll for example, that long.
_LEAVING_SECONDS = 40.0
_STOP_SECONDS = 4.0
_PORT_SECONDS = 5.0


class NotWanted(Exception):
    """Raised when another instance answers and this one is not to take over."""


def answer(job: Job, load: Callable[[Job], Awaitable[Sanic]]) -> None:
    """Answer customers until a signal to stop comes; `load` gives the application.

    Raises:
        NotWanted: Another instance answers.
        KefuError: The model cannot be loaded, or the port is taken.
    """
    try_use_uvloop()
    asyncio.run(_Answering(job).run(load))


async def _follow(taken: baton.Taken, elsewhere: Elsewhere) -> None:
    await taken.all_ended()
    elsewhere.end()


class _Answering:
    """The process between its start and its end."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._stop = asyncio.Event()

    async def run(self, load: Callable[[Job], Awaitable[Sanic]]) -> None:
        self._app = await load(self._job)
        # Until now a signal ended the process at once.
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        taken, listening = await self._place()
        inherited = handover.received(taken.legacy) if taken else handover.Inherited()
        self._app.ctx.kefu_inherited = inherited
        self._door = Door(self._app, listening)
        await self._door.prepare()
        if taken is not None:
            await taken.ready()
            self._following = asyncio.ensure_future(_follow(taken, inherited.elsewhere))
        await self._answer(listening)

    async def _place(self) -> tuple[baton.Taken | None, socket.socket]:
        """Return what was taken over, if anything, and the socket to answer at.

        Raises:
            NotWanted: Another instance answers.
            KefuError: Somebody else has the port, or the instance before does not give it.
        """
        job, deadline = self._job, time.monotonic() + _PORT_SECONDS
        while True:
            known = orders()
            if not known.wants(job.name):
                raise NotWanted
            taken = await baton.take() if known.may_take_over(job.name) else None
            if taken is not None:
                return taken, taken.listening
            try:
                return None, listen(job.host, job.port, "Rasa", "KEFU_RASA_PORT")
            except KefuError:
                # The one that had it may be about to be gone.
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.2)

    async def _answer(self, listening: socket.socket) -> None:
        """Answer until the end, or until another instance does."""
        incumbent = baton.Incumbent(listening, self._leave, self._go_on, self._is_busy)
        said = Report(os.getpid(), str(self._job.model), time.time())
        report(self._job.name, said)
        await self._door.open()
        await incumbent.open()
        logger.info("%s answers with %s", self._job.name, self._job.model.name)
        await self._until(incumbent.given.wait())
        if not self._stop.is_set():
            logger.info("%s has handed over", self._job.name)
            await self._until(self._left())
            report(self._job.name, replace(said, left=True))
            await self._stop.wait()
        await incumbent.close()
        await self._door.shut(_STOP_SECONDS)

    async def _until(self, event: Coroutine[Any, Any, Any]) -> None:
        """Wait for an event, or for the signal to stop."""
        waited = [asyncio.ensure_future(event), asyncio.ensure_future(self._stop.wait())]
        _, late = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()

    def _leave(self) -> baton.Legacy:
        self._door.close()
        return handover.leave(self._app)

    async def _go_on(self) -> None:
        handover.take_back(self._app)
        await self._door.open_again()

    def _is_busy(self) -> bool:
        return handover.is_busy(self._app)

    async def _left(self) -> None:
        await self._door.empty(_PATIENCE_SECONDS, _LEAVING_SECONDS)
        while self._is_busy():
            await asyncio.sleep(0.1)
