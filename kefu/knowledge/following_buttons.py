"""Buttons that go on asking a question when a sheet gives it other words."""

from __future__ import annotations

from dataclasses import replace

from kefu.knowledge.model import Entry, Phrasing
from kefu.knowledge.sheet_targets import Target


def reworded(targets: list[Target], entries: dict[str, dict[str, Entry]]) -> dict[str, Phrasing]:
    """Return the standard questions that no entry has any more, with their new words.

    Args:
        targets: Rows of a sheet and the entries that they change.
        entries: The knowledge base as it would be, by category and name.
    """
    asked = {e.question.text for named in entries.values() for e in named.values()}
    return {
        target.entry.question.text: target.row.question
        for target in targets
        if target.entry is not None
        and target.row.question.text
        and target.entry.question.text not in asked
    }


def follow(entries: dict[str, dict[str, Entry]], words: dict[str, Phrasing]) -> None:
    """Change the buttons of entries that ask a question whose words are others now."""
    for named in entries.values():
        for key, entry in named.items():
            if any(button.text in words for button in entry.buttons):
                buttons = tuple(
                    replace(button, text=words[button.text].text)
                    if button.text in words
                    else button
                    for button in entry.buttons
                )
                named[key] = replace(entry, buttons=buttons)
