"""What customers would read, while it is being written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kefu import replies, terms
from kefu.console.settings_form import Typed
from kefu.settings import settings
from kefu.settings_editing.fields import Section
from kefu.settings_editing.sections import PAGE_NAMES
from kefu.settings_editing.values import PAGES

# What stands for numbers and names that only a conversation has.
_EXAMPLES = {"minutes": "3", "ahead": "2", "agent": "小王"}
# What is being written in the place of what is saved.
_OWN = {
    "assistant.name": "name",
    "assistant.shop_name": "shop_name",
    "assistant.contact_phone": "contact_phone",
    "terms.title": "title",
    "terms.version": "version",
}


@dataclass(frozen=True)
class Said:
    """One thing that the assistant would say, and when."""

    when: str
    text: str
    buttons: tuple[str, ...] = ()


def shown(section: Section, typed: Typed) -> list[Said]:
    """Return what customers read of a page of settings."""
    known = {**terms.values(settings()), **_EXAMPLES, **_own(typed)}
    said = [
        Said(field.title, replies.fill(typed[field.path], **known), _buttons(field.path, typed))
        for field in section.fields
        if field.shown and typed[field.path]
    ]
    for page in typed.get(PAGES, ()):
        if not page.removed:
            when = f"从{PAGE_NAMES.get(page.key, page.key or '新页面')}进入"
            text = replies.fill(page.welcome, **known)
            said.append(Said(when, text, tuple(page.questions)))
    return said


def _own(typed: Mapping[str, Any]) -> dict[str, str]:
    return {name: typed[path] for path, name in _OWN.items() if typed.get(path)}


def _buttons(path: str, typed: Typed) -> tuple[str, ...]:
    if path == "welcome.text":
        return tuple(typed["welcome.hot_questions"])
    return ("满意", "不满意") if path == "rating.question" else ()
