"""What one click does with a group: another phrasing of an entry, or an entry of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kefu.knowledge.carrying_out import Saved
from kefu.knowledge.content import Content
from kefu.knowledge.editing import Draft, open_entry, save
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
