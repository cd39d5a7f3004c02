"""What in settings.yml speaks of entries that the knowledge base does not have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kefu.errors import FileProblems
from kefu.knowledge.model import Category, read_knowledge
from kefu.settings import Settings, read_settings

SETTINGS = "settings.yml"


def settings_hints(home: Path, titles: list[str]) -> list[str]:
    """Return what to change in the settings so that hot questions and entries are known.

    Nothing is said about settings or knowledge that cannot be read: others do.

    Args:
        home: Project directory.
        titles: Texts besides standard questions that a hot question may be.
    """
    try:
        settings, categories = read_settings(home / SETTINGS), read_knowledge(home)
    except FileProblems:
        return []
    return [*_hot_questions(settings, categories, titles), *_complaints(settings, categories)]


def _hot_questions(
    settings: Settings, categories: tuple[Category, ...], titles: list[str]
) -> Iterator[str]:
    known = {entry.question.text for category in categories for entry in category.entries}
    known.update(titles)
    known.update(settings.terms.keywords if settings.terms.enabled else ())
    places = {"welcome": settings.welcome.hot_questions}
    for name, page in settings.welcome.pages.items():
        places[f"welcome.pages.{name}"] = page.hot_questions
    for place, questions in places.items():
        for question in questions:
            if question not in known:
                yield (
                    f"{SETTINGS} 的 {place}.hot_questions 里，"
                    f"「{question}」已不是标准问题，请改成现有的标准问题或内置功能"
                )


def _complaints(settings: Settings, categories: tuple[Category, ...]) -> Iterator[str]:
    labels = {entry.label for category in categories for entry in category.entries}
    for label in settings.handoff.complaint_entries:
        if label not in labels:
            yield (
                f"{SETTINGS} 的 handoff.complaint_entries 里，没有条目「{label}」，"
                "请改成投诉条目的编号，没有就写 []"
            )
