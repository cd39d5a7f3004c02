"""Entries as a model holds them: a digest of each field, and what differs between two states."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kefu.knowledge.content import FIELDS, Content

# Keywords are for operators who search; no model holds them.
PUBLISHED = ("question", "answer", "similar", "buttons", "page")
Kind = Literal["added", "changed", "removed"]
KINDS: dict[Kind, str] = {"added": "新增", "changed": "修改", "removed": "删除"}


@dataclass(frozen=True)
class EntryDifference:
    """What became of an entry between two states of the knowledge base.

    Attributes:
        label: `category/id`.
        title: The standard question, the later one where it has changed.
        kind: added, changed or removed.
        fields: Keys of the fields that differ, in the order of the form; none unless changed.
    """

    label: str
    title: str
    kind: Kind
    fields: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """Return what became of it, such as 修改：答案、相似问法."""
        named = "、".join(FIELDS[field] for field in self.fields)
        return f"{KINDS[self.kind]}：{named}" if named else KINDS[self.kind]

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> EntryDifference:
        """Read what `dataclasses.asdict` gave."""
        return cls(given["label"], given["title"], given["kind"], tuple(given["fields"]))


@dataclass(frozen=True)
class Known:
    """What is known of one entry: its title, and a digest of each field."""

    title: str
    digests: Mapping[str, str]


@dataclass(frozen=True)
class Contents:
    """What a state of the knowledge base, or a model, holds.

    Attributes:
        entries: By their labels.
        exact: Whether the phrasings are known too.
    """

    entries: Mapping[str, Known]
    exact: bool = True


def known_of(content: Content) -> Known:
    """Return what is known of an entry that says this."""
    said = content.as_dict()
    return Known(content.question, {field: digest(said[field]) for field in PUBLISHED})


def digest(value: Any) -> str:
    """Return what tells a field from what it said before."""
    text = json.dumps(value, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def differences(before: Contents, after: Contents) -> list[EntryDifference]:
    """Return what became of the entries, in the order of their labels.

    A field that one side does not know of counts as the same.
    """
    return list(_differences(before.entries, after.entries))


def _differences(
    before: Mapping[str, Known], after: Mapping[str, Known]
) -> Iterator[EntryDifference]:
    for label in sorted(before.keys() | after.keys()):
        old, new = before.get(label), after.get(label)
        if new is None:
            assert old is not None
            yield EntryDifference(label, old.title, "removed")
        elif old is None:
            yield EntryDifference(label, new.title, "added")
        elif fields := _different(old.digests, new.digests):
            yield EntryDifference(label, new.title, "changed", fields)


def _different(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    both = [field for field in PUBLISHED if field in old and field in new]
    return tuple(field for field in both if old[field] != new[field])
