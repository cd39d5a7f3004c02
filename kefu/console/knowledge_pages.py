"""The knowledge base in the browser: all entries, by category, searched, a page at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import (
    knowledge_category_pages,
    knowledge_entry_pages,
    knowledge_history_pages,
    knowledge_trial,
)
from kefu.console.guard import operators_only
from kefu.console.knowledge_faults import Faults, faults, faults_in_time
from kefu.console.knowledge_files import needs_files, the_library, unpublished_labels
from kefu.console.knowledge_lookup import find
from kefu.console.pages import render
from kefu.knowledge.library import Library
from kefu.knowledge.model import Entry

_PAGE = "/knowledge"
_A_PAGE = 50
_BEGINNING = 45
_LONGEST_QUERY = 100
SHOWS = {"": "全部", "faults": "有问题的", "unpublished": "未发布的"}


@dataclass(frozen=True)
class _Asked:
    """What the address asks for."""

    query: str
    category: str
    show: str
    page: int

    def address(self, **changed: Any) -> str:
        """Return the address of this list with something else asked for."""
        asked = {"q": self.query, "category": self.category, "show": self.show, **changed}
        kept = {name: value for name, value in asked.items() if value not in ("", 1)}
        return f"{_PAGE}?{urlencode(kept)}" if kept else _PAGE


@dataclass(frozen=True)
class _Row:
    """An entry as the list shows it."""

    label: str
    question: str
    category: str
    answer: str
    phrasings: int
    faults: tuple[str, ...]
    unpublished: bool


def routes() -> list[BaseRoute]:
    """Return the routes of the knowledge base but those of sheets."""
    return [
        Route(_PAGE, _list, methods=["GET"]),
        *knowledge_trial.routes(),
        *knowledge_history_pages.routes(),
        *knowledge_category_pages.routes(),
        *knowledge_entry_pages.routes(),
    ]


@operators_only
@needs_files
async def _list(request: Request) -> Response:
    asked = _asked(request)
    known = await the_library()
    shown = await asyncio.to_thread(_shown, known, asked)
    # htmx replaces the list alone; a browser that goes back asks for the whole page.
    part = request.headers.get("HX-Request") and not request.headers.get(
        "HX-History-Restore-Request"
    )
    name = "_knowledge_list.html" if part else "knowledge.html"
    return render(request, name, asked=asked, shows=SHOWS, **shown)


def _asked(request: Request) -> _Asked:
    given = request.query_params
    page = given.get("page", "")
    return _Asked(
        given.get("q", "").replace("\0", "")[:_LONGEST_QUERY],
        given.get("category", "")[:_LONGEST_QUERY],
        given.get("show", "") if given.get("show", "") in SHOWS else "",
        int(page) if page.isdecimal() and 0 < len(page) < 6 and int(page) else 1,
    )


def _shown(known: Library, asked: _Asked) -> dict[str, Any]:
    # A list of what is wrong must be whole.
    wrong = faults(known) if asked.show == "faults" else faults_in_time(known)
    pending = unpublished_labels()
    only: dict[str, Any] = {"faults": wrong, "unpublished": pending}
    hits = find(known, asked.query)
    if asked.show:
        hits = [entry for entry in hits if entry.label in only[asked.show]]
    counts = Counter(_category_of(entry) for entry in hits)
    chosen = [e for e in hits if asked.category in ("", _category_of(e))]
    pages = max(1, -(-len(chosen) // _A_PAGE))
    number = min(asked.page, pages)
    entries = chosen[(number - 1) * _A_PAGE : number * _A_PAGE]
    titles = {shelf.category.id: shelf.category.title for shelf in known.shelves}
    return {
        "rows": _rows(entries, titles, wrong, pending),
        "found": len(chosen),
        "total": len(hits),
        "categories": [(id_, title, counts[id_]) for id_, title in titles.items()],
        "titles": titles,
        "number": number,
        "pages": pages,
        "faulty": len(wrong),
        "pending": len(pending),
    }


def _rows(
    entries: Sequence[Entry],
    titles: dict[str, str],
    wrong: Faults,
    pending: frozenset[str],
) -> list[_Row]:
    return [
        _Row(
            entry.label,
            entry.question.text,
            titles[_category_of(entry)],
            _beginning(entry.answer.text),
            len(entry.similar),
            wrong.get(entry.label, ()),
            entry.label in pending,
        )
        for entry in entries
    ]


def _beginning(text: str) -> str:
    return text if len(text) <= _BEGINNING else f"{text[: _BEGINNING - 1]}…"


def _category_of(entry: Entry) -> str:
    return entry.label.split("/", 1)[0]
