"""Labels and titles of training examples."""

from __future__ import annotations

from collections.abc import Iterable

from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY
from rasa.shared.nlu.training_data.message import Message


def label_of(message: Message) -> str:
    """Return `category/entry` of an FAQ example and the intent of any other."""
    return str(message.get(INTENT_RESPONSE_KEY) or message.get(INTENT))


def titles_of(messages: Iterable[Message]) -> dict[str, str]:
    """Return what customers see instead of a label: the `title` of the intent's metadata."""
    titles: dict[str, str] = {}
    for message in messages:
        metadata = (message.get("metadata") or {}).get("intent")
        if isinstance(metadata, dict) and metadata.get("title"):
            titles[label_of(message)] = str(metadata["title"])
    return titles
