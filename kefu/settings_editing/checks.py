"""What is wrong with settings beyond the form of each: questions nobody has, words not allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge import checks
from kefu.knowledge.library import Library, library
from kefu.settings import Settings

_GENERAL = ("name", "shop_name", "contact_phone", "service_hours")
_OF_TERMS = (*_GENERAL, "title", "version", "messages_days")
# What may stand in braces in each text.
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "welcome.text": _GENERAL,
    "handoff.waiting_notice": ("minutes",),
    "handoff.waiting_update": ("ahead", "minutes"),
    "handoff.late_notice": (),
    "handoff.accepted_notice": ("agent",),
    "handoff.off_hours_notice": ("service_hours",),
    "terms.first_contact": _OF_TERMS,
    "terms.summary": _OF_TERMS,
    "terms.text": _OF_TERMS,
    "assistant.apology": (),
    "rating.question": (),
    "rating.thanks": (),
    "rating.ask_reason": (),
    "order_numbers.hint": (),
}
_PAGES = "welcome.pages."
_ENTRIES = ("handoff.complaint_entries", "terms.entries")
_WORDS = ("content.forbidden_words", "content.risky_words")
_BRACES = re.compile(r"\{([^{}]*)\}")
# Who writes terms names what is forbidden, and 「最终」 or 「唯一」 promise nothing there.
_NO_ADVERTISING = ("terms.text",)


def objections(settings: Settings, values: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with changed values, by path, in the operator's words.

    Args:
        settings: All of them with the changes, each possible by itself.
        values: What was changed, by path.
    """
    known = knowledge_base() if any(map(_names_questions, values)) else None
    found: dict[str, str] = {}
    for path, value in values.items():
        problem = next(_objections(settings, known, path, value), None)
        if problem is not None:
            found[path] = problem
    return found


def unknown_questions(
    questions: tuple[str, ...] | list[str], settings: Settings, known: Library | None
) -> list[str]:
    """Return the hot questions that the assistant would not understand."""
    if known is None:
        return []
    words = settings.terms.keywords if settings.terms.enabled else ()
    return [text for text in questions if not (known.is_question(text) or text in words)]


def _names_questions(path: str) -> bool:
    return path.startswith("welcome.") or path in _ENTRIES


def _objections(settings: Settings, known: Library | None, path: str, value: Any) -> Iterator[str]:
    if path.startswith(_PAGES):
        if value is not None:
            yield from _of_text(settings, value["welcome"], _GENERAL)
            yield from _of_questions(settings, known, value["hot_questions"])
    elif path == "welcome.hot_questions":
        yield from _of_questions(settings, known, value)
    elif path in PLACEHOLDERS:
        yield from _of_text(settings, value, PLACEHOLDERS[path], path not in _NO_ADVERTISING)
    elif path == "service_hours.holidays":
        days = [day["date"] for day in value]
        yield from (f"{day} 写了两次，请删去一个" for day in days if days.count(day) > 1)
    elif path in _ENTRIES:
        yield from _of_entries(known, value)
    elif path == "assistant.avatar":
        if value and not value.startswith(("https://", "http://", "/")):
            yield "应为以 https:// 开头的图片网址；也可以在下面上传图片"
    elif path in _WORDS:
        yield from (f"「{word}」太短，会误伤正常的话" for word in value if len(word.strip()) < 2)


def _of_text(
    settings: Settings, text: str, placeholders: tuple[str, ...], advertising: bool = True
) -> Iterator[str]:
    for name in _BRACES.findall(text):
        if name not in placeholders:
            usable = "、".join(f"{{{one}}}" for one in placeholders)
            yield f"不认识「{{{name}}}」，" + (f"可以用 {usable}" if usable else "这里不能用花括号")
    rules = settings.content
    words = [word for word in (*rules.forbidden_words, *rules.risky_words) if word in text]
    words += checks.forbidden_words(text) if advertising else []
    for word in words:
        yield f"「{word}」不能对顾客说（违反微信或广告法的规定），请换一种说法"


def _of_questions(settings: Settings, known: Library | None, questions: list[str]) -> Iterator[str]:
    yield from (
        f"「{text}」写了两次，请删去一个" for text in questions if questions.count(text) > 1
    )
    for text in unknown_questions(questions, settings, known):
        yield f"「{text}」不是知识库的标准问题，也不是内置功能，顾客点了会听不懂"


def _of_entries(known: Library | None, labels: list[str]) -> Iterator[str]:
    if known is not None:
        yield from (f"知识库里没有「{label}」" for label in labels if known.entry(label) is None)


def knowledge_base() -> Library | None:
    """Return the knowledge base; None while it is being mended."""
    try:
        return library(environment().home)
    except FileProblems:
        return None
