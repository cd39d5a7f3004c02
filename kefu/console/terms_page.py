"""The service terms as a page that anybody may read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu import terms
from kefu.console.pages import render
from kefu.settings import settings

ADDRESS = "/terms"
_HEADING = re.compile(r"[一二三四五六七八九十]+、\S.{0,38}")


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route(ADDRESS, _terms, methods=["GET"])]


async def _terms(request: Request) -> Response:
    chosen = settings()
    if not chosen.terms.enabled:
        raise HTTPException(404)
    return render(
        request, "terms.html", terms=chosen.terms, parts=list(parts(terms.full_text(chosen)))
    )


def parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a text consists of: its headings as h2, all other lines as p."""
    for line in filter(None, map(str.strip, text.split("\n"))):
        yield ("h2" if _HEADING.fullmatch(line) else "p"), line
