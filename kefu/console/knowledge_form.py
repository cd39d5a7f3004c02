"""What the form of an entry holds, read so that what was not touched stays to the letter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request

from kefu.console.forms import json_of, plain
from kefu.knowledge.content import FIELDS, LISTS, Content
from kefu.knowledge.editing import Draft
from kefu.knowledge.others import Taken
from kefu.normalise import match_key

# Forms of entries hold every phrasing, and once more as they were.
MAX_FORM = 1024 * 1024
NEW_CATEGORY = "+"
_BETWEEN_KEYWORDS = re.compile(r"[、，,；;\r\n]")
_LINE_ENDS = re.compile(r"[\r\n]+")
_NEW_LINE = re.compile(r"\r\n?")


@dataclass(frozen=True)
class Given:
    """The form of an entry as it was sent, or as it is to be shown.

    Attributes:
        content: What the entry shall say.
        base: What it said when it was opened; None for a new one.
        category: Id of the category chosen, or NEW_CATEGORY.
        title: Of a category that begins with this entry.
        taken: Phrasings that move here from other entries.
        conflicts: Fields that others changed too, and that have to be chosen.
        choices: What was chosen for them: mine or theirs.
    """

    content: Content
    base: Content | None = None
    category: str = ""
    title: str = ""
    taken: tuple[Taken, ...] = ()
    conflicts: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def unchosen(self) -> tuple[str, ...]:
        """Return the fields in conflict for which nothing was chosen."""
        chosen = dict(self.choices)
        return tuple(field for field in self.conflicts if not chosen.get(field))

    @property
    def wanted(self) -> Content:
        """Return what shall be saved, once all conflicts are chosen."""
        if self.base is None:
            return self.content
        theirs = [field for field, choice in self.choices if choice == "theirs"]
        return replace(self.content, **{field: getattr(self.base, field) for field in theirs})

    @property
    def base_text(self) -> str:
        """Return the base as the form carries it."""
        return "" if self.base is None else json.dumps(self.base.as_dict())

    def draft(self, label: str) -> Draft:
        """Return it as `editing` wants it."""
        assert self.base is not None
        return Draft(label, self.base, self.wanted, self.category, self.taken)


async def given(request: Request) -> Given:
    """Read the form that a request carries."""
    return read(await request.form())


def read(form: FormData) -> Given:
    """Read the form of an entry."""
    base = _base(_one(form, "base"))
    content = _content(form)
    conflicts = tuple(field for field in _many(form, "conflict") if field in FIELDS)
    choices = tuple((field, _one(form, f"choose_{field}")) for field in conflicts)
    return Given(
        content if base is None else _as_it_was(content, base),
        base,
        _one(form, "category").strip(),
        _one(form, "title").strip(),
        tuple(_taken(_many(form, "take"), content)),
        conflicts if base is not None else (),
        tuple((f, c) for f, c in choices if c in ("mine", "theirs")),
    )


def taken_value(taken: Taken) -> str:
    """Return a phrasing to be moved as a box of the form carries it."""
    return json.dumps([taken.label, taken.text])


def _content(form: FormData) -> Content:
    more = _one(form, "similar_more").splitlines()
    keywords = _BETWEEN_KEYWORDS.split(_one(form, "keywords"))
    return Content.from_dict(
        {
            "question": _one(form, "question"),
            "answer": _NEW_LINE.sub("\n", _one(form, "answer")),
            "similar": [*_many(form, "similar"), *more],
            "buttons": _many(form, "buttons"),
            "keywords": keywords,
            "page": _one(form, "page"),
        }
    )


def _as_it_was(content: Content, base: Content) -> Content:
    """Put back what a browser cannot keep in a field: line ends, separators in keywords."""
    similar = {_in_browser(text): text for text in base.similar}
    changes: dict[str, Any] = {
        "similar": tuple(similar.get(_in_browser(text), text) for text in content.similar)
    }
    for field in ("question", "answer", "page"):
        if _in_browser(getattr(content, field)) == _in_browser(getattr(base, field)):
            changes[field] = getattr(base, field)
    if "、".join(content.keywords) == "、".join(_split(base.keywords)):
        changes["keywords"] = base.keywords
    return replace(content, **changes)


def _split(keywords: Sequence[str]) -> list[str]:
    found = (text.strip() for word in keywords for text in _BETWEEN_KEYWORDS.split(word))
    return [text for text in found if text]


def _in_browser(text: str) -> str:
    return _LINE_ENDS.sub("", text)


def _base(text: str) -> Content | None:
    held = json_of(text)
    if not isinstance(held, dict) or not all(_fits(*item) for item in held.items()):
        return None
    return Content.from_dict(held)


def _fits(field: str, value: Any) -> bool:
    return _are_texts(value) if field in LISTS else isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _taken(values: Sequence[str], content: Content) -> Iterator[Taken]:
    """Yield the phrasings that move here; one that was removed here again stays where it is."""
    here = {match_key(text) for text in (content.question, *content.similar)}
    for value in values:
        held = json_of(value)
        if _are_texts(held) and len(held) == 2:
            label, text = held
            if match_key(text) in here:
                yield Taken(label, text)


def _one(form: FormData, name: str) -> str:
    value = form.get(name)
    return plain(value) if isinstance(value, str) else ""


def _many(form: FormData, name: str) -> list[str]:
    return [plain(value) for value in form.getlist(name) if isinstance(value, str)]
