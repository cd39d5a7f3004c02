"""Welcomes of single entry pages as parts of a form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from kefu.console.forms import plain
from kefu.settings_editing.values import PAGES

_KEY = re.compile(r"[A-Za-z0-9_.\-/]{1,32}")
_MOST = 30


@dataclass(frozen=True)
class EntryPage:
    """One page as it was typed.

    Attributes:
        key: What the mini-program calls it.
        welcome: Its greeting.
        questions: Its hot questions.
        is_new: Whether its key may still be chosen.
        removed: Whether it is to go.
    """

    key: str = ""
    welcome: str = ""
    questions: list[str] = field(default_factory=list)
    is_new: bool = False
    removed: bool = False

    @property
    def path(self) -> str:
        """Return the path of its setting."""
        return f"{PAGES}.{self.key}"


def typed_from_values(values: Mapping[str, Any]) -> list[EntryPage]:
    """Return the pages that there are."""
    return [
        EntryPage(path.removeprefix(f"{PAGES}."), page["welcome"], list(page["hot_questions"]))
        for path, page in values.items()
        if path.startswith(f"{PAGES}.")
    ]


def typed_from_form(form: FormData) -> list[EntryPage]:
    """Return the pages that were entered; the new one only where something stands in it."""
    pages = [_entered(form, number) for number in range(_MOST) if f"page_{number}_key" in form]
    return [page for page in pages if not page.is_new or page.key or page.welcome]


def values_in(pages: Sequence[EntryPage]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return pages by the path of their settings, and what is wrong; None takes one away."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for page in pages:
        problem = _problem(page, values)
        if problem:
            problems[f"{PAGES}." if page.is_new else page.path] = problem
        else:
            whole = {"welcome": page.welcome, "hot_questions": page.questions}
            values[page.path] = None if page.removed else whole
    return values, problems


def _problem(page: EntryPage, others: Mapping[str, Any]) -> str:
    if page.removed:
        return ""
    if page.is_new and not _KEY.fullmatch(page.key):
        return "页面名称由小程序决定，用字母、数字和 _ . - /，至多 32 个"
    if page.path in others:
        return f"已经有页面「{page.key}」了"
    return "" if page.welcome else "欢迎语为空，请填上"


def _entered(form: FormData, number: int) -> EntryPage:
    def given(name: str) -> list[str]:
        values = form.getlist(f"page_{number}_{name}")
        return [plain(v).strip().replace("\r\n", "\n") for v in values if isinstance(v, str)]

    return EntryPage(
        "".join(given("key")[:1]),
        "".join(given("welcome")[:1]),
        [text for text in given("hot") if text],
        bool(given("new")),
        bool(given("remove")),
    )
