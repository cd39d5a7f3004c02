"""What a form of a page sent, as text that the database takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request


async def fields(request: Request) -> dict[str, str]:
    """Return the text fields of a form; of several with one name, the last."""
    form = await request.form()
    return {name: plain(value) for name, value in form.items() if isinstance(value, str)}


async def all_of(request: Request, name: str) -> Sequence[str]:
    """Return every value of a text field, such as the boxes that were ticked."""
    form = await request.form()
    return [plain(value) for value in form.getlist(name) if isinstance(value, str)]


def json_of(text: str) -> Any:
    """Return what a hidden field holds as JSON; None where it holds none, or half a letter."""
    try:
        held = json.loads(text)
        json.dumps(held, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return held


def plain(text: str) -> str:
    """Return a text without NUL, which no keyboard makes and PostgreSQL does not keep."""
    return text.replace("\0", "")
