"""What is known about a setting that is changed in the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kefu.settings import Settings

# line: a short text; text: a longer one; words: a list; questions: standard questions or tasks;
# entries: standard questions, kept as labels; day: the hours of a weekday.
Kind = Literal[
    "line", "text", "number", "switch", "choice", "words", "questions", "entries", "day", "holidays"
]


@dataclass(frozen=True)
class Field:
    """One setting on a page.

    Attributes:
        path: Keys of settings.yml, joined by dots.
        title: Its name on the page.
        kind: How it is entered.
        hint: What one should know about it.
        unit: Of a number.
        choices: Value and name of each choice.
        shown: Whether customers read it, so that it is worth a preview.
        guarded: Whether only administrators may change it.
        heading: What stands above it where a group of settings begins.
    """

    path: str
    title: str
    kind: Kind = "line"
    hint: str = ""
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    shown: bool = False
    guarded: bool = False
    heading: str = ""

    @property
    def limits(self) -> dict[str, Any]:
        """Return what HTML calls min, max and maxlength, as far as the settings have them."""
        section, key = self.path.split(".", 1)
        known = Settings.__fields__[section].type_.__fields__.get(key)
        info = known.field_info if known else None
        named = {"min": "ge", "max": "le", "maxlength": "max_length"}
        found = {html: getattr(info, name, None) for html, name in named.items()}
        return {html: value for html, value in found.items() if value is not None}


@dataclass(frozen=True)
class Section:
    """A page of settings."""

    key: str
    title: str
    fields: tuple[Field, ...]
    about: str = ""

    @property
    def names_questions(self) -> bool:
        """Tell whether it speaks of the knowledge base, which takes long to read at first."""
        return any(field.kind in ("questions", "entries") for field in self.fields)
