"""Pages of the console: templates with what all of them need."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from kefu.replies import fill, values
from kefu.settings import settings
from kefu.staff.person import ROLES, STATES, Person
from kefu.staff.sessions import Session

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"

# Where the header leads: address, name, for whom.
_PLACES = (
    ("/desk", "工作台", "agent"),
    ("/knowledge", "知识库", "operator"),
    ("/unrecognised", "改进", "operator"),
    ("/publishing", "发布", "operator"),
    ("/figures", "数据", "operator"),
    ("/settings", "设置", "operator"),
    ("/backups", "备份", "operator"),
    ("/state", "状态", "operator"),
    ("/quick-replies", "快捷回复", "agent"),
    ("/staff", "人员", "administrator"),
    ("/access-log", "访问记录", "administrator"),
    ("/me", "我", "agent"),
)


class _Page(HTMLResponse):
    """A page, whatever is on it: a shop's JSON may spell half a letter, which is no UTF-8."""

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return str(content).encode("utf-8", "replace")


def render(request: Request, name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Answer with a page.

    Args:
        request: What is answered; it tells who is signed in.
        name: The template's file.
        status: The HTTP status.
        context: What the template shows, besides person, csrf, path and places.
    """
    session: Session | None = getattr(request.state, "session", None)
    common = {
        "person": session.person if session else None,
        "csrf": session.csrf if session else "",
        "path": request.scope["path"],
        "places": places(session.person) if session else [],
    }
    return _Page(fragment(name, **{**common, **context}), status)


def fragment(template: str, **context: Any) -> str:
    """Return a template's text, autoescaped; for parts of pages and for pushed events."""
    return _templates().get_template(template).render(context)


def moment(at: float | None, now: float | None = None) -> str:
    """Return a time as people write it: 14:03, 06-05 14:03, 2025-06-05 14:03; "" for None."""
    if at is None:
        return ""
    zone = settings().assistant.zone
    then = datetime.fromtimestamp(at, zone)
    today = datetime.fromtimestamp(time.time() if now is None else now, zone)
    if then.date() == today.date():
        return then.strftime("%H:%M")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d %H:%M")


def stamp(at: float) -> str:
    """Return a time to the second, such as 2025-06-05 14:03:07."""
    then = datetime.fromtimestamp(at, settings().assistant.zone)
    return then.strftime("%Y-%m-%d %H:%M:%S")


@cache
def static(name: str) -> str:
    """Return the address of a static file; it changes with the file, so it is kept for good."""
    content = (STATIC / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(moment=moment, stamp=stamp, as_read=_as_read)
    made.globals.update(
        static=static,
        settings=settings,
        roles=ROLES,
        states=STATES,
        csrf_field=_csrf_field,
        csrf_headers=_csrf_headers,
    )
    return made


def _as_read(text: str) -> str:
    """Return an answer as customers read it."""
    return fill(text, **values(settings()))


def _csrf_field(csrf: str) -> Markup:
    """Return the hidden field that every form carries."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(csrf)


def _csrf_headers(csrf: str) -> str:
    """Return the header that every request of htmx carries, as JSON."""
    return json.dumps({"X-CSRF-Token": csrf})


def places(person: Person) -> list[tuple[str, str]]:
    """Return where the header leads somebody: address and name."""
    may = {
        "agent": True,
        "operator": person.is_operator,
        "administrator": person.is_administrator,
    }
    return [(url, name) for url, name, who in _PLACES if may[who]]
