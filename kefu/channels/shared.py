"""What the channels of one Rasa server share: one reception for all of them."""

from __future__ import annotations

import asyncio
import gc
import logging

from sanic import Sanic

from kefu import rings
from kefu.bell import Bell
from kefu.channels.context import Context
from kefu.channels.dialogue import RasaDialogue
from kefu.channels.handover import inherited
from kefu.channels.live import Live
from kefu.reception import Reception
from kefu.storage.engine import let_threads_alternate

logger = logging.getLogger(__name__)


async def opened_reception(app: Sanic) -> Reception:
    """Return the server's reception, which has taken up what the last run left unanswered.

    Two of them would each answer that.
    """
    reception: Reception | None = getattr(app.ctx, "kefu_reception", None)
    if reception is None:
        calm_collector()
        let_threads_alternate()
        elsewhere = inherited(app).elsewhere
        context = Context(lambda: app.ctx.agent, elsewhere=elsewhere)
        reception = Reception(
            RasaDialogue(lambda: app.ctx.agent, context),
            announce=Bell(rings.SENDER).ring,
            changed=rings.changed,
            held_back=context.soon,
            elsewhere=elsewhere,
        )
        await _open_live(app, context)
        left = await reception.recover()
        app.ctx.kefu_reception, app.ctx.kefu_context = reception, context
        app.ctx.kefu_recovering = asyncio.ensure_future(reception.recover_from_elsewhere())
        if left:
            logger.warning("answering %s messages that the last run left", left)
    return reception


def live_of(app: Sanic) -> Live:
    """Return what the server hears from the desk; there is one once it has its reception."""
    live: Live = app.ctx.kefu_live
    return live


async def closed_reception(app: Sanic) -> None:
    """Stop what goes on beside the turns; once more, it does nothing."""
    live: Live | None = getattr(app.ctx, "kefu_live", None)
    for name in ("kefu_noting", "kefu_recovering"):
        task: asyncio.Task[None] | None = getattr(app.ctx, name, None)
        if task is not None and not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    if live is not None:
        await live.close()


async def _open_live(app: Sanic, context: Context) -> None:
    app.ctx.kefu_live = Live(context.soon)
    app.ctx.kefu_noting = asyncio.ensure_future(context.run())
    await app.ctx.kefu_live.open()


def calm_collector() -> None:
    """Keep the garbage collector away from what loading left.

    These millions of objects stay; looking through them makes pauses of 0.3 s. A turn
    makes some thousand objects, so that the usual threshold of 700 runs many times in it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
