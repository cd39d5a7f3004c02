"""The knowledge base for its pages, and what they answer where its files cannot be read."""

from __future__ import annotations

import asyncio
import functools
import logging

from starlette.requests import Request
from starlette.responses import Response

from kefu.console import responses
from kefu.console.guard import Handler
from kefu.console.pages import render
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge.library import Library, library
from kefu.line_file import LineFileProblem
from kefu.publishing.pending import unpublished

logger = logging.getLogger(__name__)

_SHOWN = 20


def needs_files(handler: Handler) -> Handler:
    """Answer with what is wrong with the files where a handler cannot read them."""

    @functools.wraps(handler)
    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except FileProblems as error:
            logger.warning("the knowledge base cannot be read: %s", error)
            return broken(request, error)
        except LineFileProblem as error:
            logger.warning("the history of the knowledge base cannot be used: %s", error)
            return responses.refused(request, 500, str(error))

    return answered


def broken(request: Request, error: FileProblems) -> Response:
    """Answer with the places in the files that keep them from being read."""
    problems = error.problems
    return render(
        request,
        "knowledge_broken.html",
        503,
        problems=problems[:_SHOWN],
        more=max(0, len(problems) - _SHOWN),
    )


async def the_library() -> Library:
    """Return the knowledge base as it is now. Raises FileProblems."""
    return await asyncio.to_thread(library, environment().home)


def unpublished_labels() -> frozenset[str]:
    """Return the entries that the model in service does not know as they are now."""
    changes = unpublished(environment().home)
    return frozenset(change.label for change in changes if change.kind != "removed")
