"""What the channels of one Rasa server share: one reception for all of them."""

from __future__ import annotations

import gc
import logging

from sanic import Sanic

from kefu.bell import Bell
from kefu.channels.dialogue import RasaDialogue
from kefu.reception import Reception
from kefu.storage.engine import let_threads_alternate

logger = logging.getLogger(__name__)


async def opened_reception(app: Sanic) -> Reception:
    """Return the server's reception, which has taken up what the last run left unanswered.

    Two of them would each answer that.
    """
    reception: Reception | None = getattr(app.ctx, "kefu_reception", None)
    if reception is None:
        _calm_collector()
        let_threads_alternate()
        bell = Bell("sender")
        reception = Reception(RasaDialogue(lambda: app.ctx.agent), announce=bell.ring)
        left = await reception.recover()
        app.ctx.kefu_reception = reception
        if left:
            logger.warning("answering %s messages that the last run left", left)
    return reception


def _calm_collector() -> None:
    """Keep the garbage collector away from what loading left.

    These millions of objects stay; looking through them makes pauses of 0.3 s. A turn
    makes some thousand objects, so that the usual threshold of 700 runs many times in it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
