"""What one click does with a group: another phrasing of an entry, or an entry of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from kefu.knowledge.carrying_out import Saved
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EditError
from kefu.knowledge.editing import Draft, open_entry, save
from kefu.knowledge.library import library
from kefu.loop.agent_words import LONGEST
from kefu.loop.groups import Group
from kefu.masking import Masker
from kefu.normalise import match_key


def with_phrasings(home: Path, label: str, texts: Sequence[str]) -> Draft:
    """Return an entry's draft with texts added that it does not have yet.

    Raises:
        EntryGone: There is no entry of that label.
    """
    draft = open_entry(home, label)
    content = draft.entry
    known = {match_key(text) for text in (content.question, *content.similar)}
    new = []
    for text in texts:
        if (key := match_key(text)) and key not in known:
            known.add(key)
            new.append(text.strip())
    return replace(draft, entry=replace(content, similar=(*content.similar, *new)))


def add_phrasings(home: Path, label: str, texts: Sequence[str], author: str, now: float) -> Saved:
    """Add texts to an entry as phrasings; raises what `editing.save` does."""
    return save(home, with_phrasings(home, label, texts), author, now)


def taken_from(home: Path, label: str, texts: Iterable[str]) -> list[Draft]:
    """Return the drafts of other entries without these phrasings, which one entry shall have.

    Raises:
        EditError: One of them is the standard question of another entry.
    """
    known, drafts = library(home), dict[str, Draft]()
    for text in texts:
        for other, written in known.askers(match_key(text)):
            if other != label:
                draft = drafts.get(other) or open_entry(home, other)
                drafts[other] = _without(draft, written)
    return list(drafts.values())


def _without(draft: Draft, written: str) -> Draft:
    content = draft.entry
    if content.question == written:
        what = f"「{written}」是另一个条目的标准问题，不能移过来：请改加到那个条目，或合并两个条目"
        raise EditError(what)
    similar = tuple(text for text in content.similar if text != written)
    return replace(draft, entry=replace(content, similar=similar))


def addable(group: Group) -> tuple[str, ...]:
    """Return the examples of a group that may stand in the knowledge base: without masks."""
    masker = Masker()
    return tuple(text for text in group.examples if not masker.found(text))


def new_entry(group: Group) -> Content:
    """Return an entry to begin with: the group's words, and the answer that a person gave."""
    texts = addable(group)
    question = min(texts, key=lambda text: (len(match_key(text)) < 4, len(text)), default="")
    similar = tuple(text for text in texts if match_key(text) != match_key(question))
    return Content(question, group.answer[:LONGEST], similar)
