"""Keeps what the pages of the knowledge base look up ready, so that no page waits for it."""

from __future__ import annotations

import asyncio
import logging

from kefu.console.knowledge_faults import faults
from kefu.console.knowledge_files import unpublished_labels
from kefu.console.knowledge_lookup import find
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.knowledge.library import library
from kefu.knowledge.search import search

logger = logging.getLogger(__name__)

_SECONDS = 20.0


async def keep_ready() -> None:
    """Read the knowledge base when the console starts, and again when its files changed."""
    while True:
        try:
            await asyncio.to_thread(read_ahead)
        except (KefuError, OSError) as error:
            # The pages say so themselves.
            logger.info("the knowledge base is not read ahead: %s", error)
        await asyncio.sleep(_SECONDS)


def read_ahead() -> None:
    """Read the knowledge base now. Raises FileProblems, LineFileProblem, OSError."""
    known = library(environment().home)
    search()
    faults(known)
    find(known, "怎么")
    unpublished_labels()
