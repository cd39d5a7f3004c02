"""What stands in the fields of a page of settings, and the values that it means.

`Typed` is by path of a setting: a text, a list of texts, or what the two kinds below hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import FormData

from kefu.console import hours_form, settings_holidays, settings_welcome_pages
from kefu.console.forms import plain
from kefu.knowledge.library import Library
from kefu.settings_editing.fields import Field, Section
from kefu.settings_editing.values import PAGES
from kefu.terms_sample import SAMPLE

Typed = dict[str, Any]
MOST_QUESTIONS = 8
_INTEGER = "应为整数"


def typed_from_values(section: Section, values: Mapping[str, Any], known: Library | None) -> Typed:
    """Return what the fields show of values."""
    typed = {field.path: _shown(field, values[field.path], known) for field in section.fields}
    if section.key == "welcome":
        typed[PAGES] = settings_welcome_pages.typed_from_values(values)
    return typed


def typed_from_form(section: Section, form: FormData) -> Typed:
    """Return what was entered, to be shown again where it will not do."""
    typed = {field.path: _entered(field, form) for field in section.fields}
    if section.key == "welcome":
        typed[PAGES] = settings_welcome_pages.typed_from_form(form)
    return typed


def values_in(
    section: Section, typed: Typed, known: Library | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that were entered, and what cannot be read, both by path."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in section.fields:
        try:
            values[field.path] = _value(field, typed[field.path], known)
        except ValueError as error:
            problems[field.path] = str(error)
    if section.key == "welcome":
        pages, wrong = settings_welcome_pages.values_in(typed[PAGES])
        values.update(pages)
        problems.update(wrong)
    return values, problems


def texts(form: FormData, name: str) -> list[str]:
    """Return every text of one name, without blanks around it."""
    return [plain(v).strip() for v in form.getlist(name) if isinstance(v, str)]


def _shown(field: Field, value: Any, known: Library | None) -> Any:
    if field.kind == "words":
        return "\n".join(value)
    if field.kind == "day":
        return " ".join(value)
    if field.kind == "entries":
        return [question_of(label, known) for label in value]
    if field.kind == "holidays":
        return settings_holidays.typed_from_value(value)
    if field.path == "terms.text":
        return value or SAMPLE
    return value if field.kind in ("switch", "questions") else str(value)


def _entered(field: Field, form: FormData) -> Any:
    if field.kind in ("questions", "entries"):
        return [text for text in texts(form, field.path) if text]
    if field.kind == "holidays":
        return settings_holidays.typed_from_form(form)
    given = "\n".join(texts(form, field.path)[-1:]).replace("\r\n", "\n")
    return given == "yes" if field.kind == "switch" else given


def _value(field: Field, typed: Any, known: Library | None) -> Any:
    read = _READ.get(field.kind)
    if read is not None:
        return read(typed)
    if field.kind == "entries":
        return [_label(text, known) for text in typed]
    if field.path == "terms.text":
        return "" if typed.strip() == SAMPLE.strip() else typed
    if field.kind == "text":
        return "\n".join(line.rstrip() for line in typed.split("\n"))
    return typed


def _integer(typed: str) -> int:
    digits = typed.strip().translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise ValueError(_INTEGER)
    return int(digits)


def _words(typed: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in typed.split("\n") if word.strip()))


def _spans(typed: str) -> list[str]:
    return list(hours_form.spans(typed))


_READ: dict[str, Callable[[Any], Any]] = {
    "number": _integer,
    "words": _words,
    "day": _spans,
    "holidays": settings_holidays.value_in,
}


def question_of(label: str, known: Library | None) -> str:
    """Return the standard question of a label; of one that there is not, the label."""
    entry = known.entry(label) if known else None
    return entry.question.text if entry else label


def _label(text: str, known: Library | None) -> str:
    """Return the label of a standard question; what is none stays, for the check to name."""
    labels = [
        label
        for shelf in (known.shelves if known else ())
        for label in shelf.questions.get(text, ())
    ]
    return labels[0] if labels else text
