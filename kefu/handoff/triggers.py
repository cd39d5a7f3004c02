"""When the dialogue itself calls a person: pure functions over Rasa's events as dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from kefu.labels import DIALOGUE, NONE_OF_THESE, NOT_RECOGNISED, REQUEST_HUMAN, TASKS, is_entry
from kefu.normalise import match_key
from kefu.settings import Handoff

ACTION = "action_handoff"
# After these the bot has offered a person, so that 「好」 means yes.
OFFERS = frozenset({"utter_offer_person", "utter_none_of_these", "utter_calm"})
# In the metadata of what is only noted: said by a customer while a person was called or
# there, and said by that person.
HELD, AGENT = "held", "agent"

Reason = Literal["keyword", "unrecognised", "repeat", "button", "failed_turn", "complaint", "form"]
Event = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """One message of the customer as the triggers see it.

    Attributes:
        text: What was typed.
        label: `category/entry` or the intent.
        outcome: Of the decision: answer, options or not_recognised.
        button: Whether it was a button that the bot had shown.
        in_form: Whether a form was waiting for input.
    """

    text: str
    label: str
    outcome: str
    button: bool
    in_form: bool


def said_since_handoff(events: Iterable[Event]) -> list[Said]:
    """Return the customer's messages after the last handoff, oldest first.

    What is said while a person is called or there was not said to the bot, and what was
    said to the bot before is settled with it.
    """
    said: list[Said] = []
    offered: set[str] = set()
    form: str | None = None
    for event in events:
        kind = event.get("event")
        if (kind == "action" and event.get("name") == ACTION) or is_with_person(event):
            said.clear()
        elif kind == "active_loop":
            form = event.get("name")
        elif kind == "bot":
            offered.update(_payloads(event))
        elif kind == "user" and event.get("text"):
            said.append(_said(event, offered, form is not None))
    return said


def is_with_person(event: Event) -> bool:
    """Tell whether an event is only noted: a message between the customer and people."""
    metadata = event.get("metadata") or {}
    return bool(metadata.get(HELD) or metadata.get(AGENT))


def due(said: list[Said], limits: Handoff) -> Reason | None:
    """Return why the last message calls a person, or None.

    Args:
        said: Messages since the last handoff, the one to decide on last.
        limits: The operator's limits.
    """
    if not said:
        return None
    if said[-1].label == REQUEST_HUMAN:
        return "button" if said[-1].button else "keyword"
    if said[-1].in_form:
        return None
    if unrecognised_in_a_row(said) >= limits.unrecognised_limit:
        return "unrecognised"
    if repeats_in_a_row(said) >= limits.repeat_limit:
        return "repeat"
    return None


def unrecognised_in_a_row(said: list[Said]) -> int:
    """Count the unrecognised messages at the end.

    Options and words of the dialogue (a number, 不是) neither add nor break.
    """
    count = 0
    for message in reversed(said):
        if message.label == NONE_OF_THESE or message.outcome == "not_recognised":
            count += 1
        elif message.outcome == "answer" and message.label not in DIALOGUE:
            break
    return count


def repeats_in_a_row(said: list[Said]) -> int:
    """Count how often the last question was asked again in a row, presses of buttons aside."""
    if not said or not _is_question(said[-1]):
        return 0
    last = said[-1]
    count = 0
    for message in reversed(said[:-1]):
        if message.button or not _same_question(message, last):
            break
        count += 1
    return count


def _is_question(message: Said) -> bool:
    asks = is_entry(message.label) or (message.label in TASKS and message.label != REQUEST_HUMAN)
    return asks and message.outcome == "answer" and not message.button


def _same_question(one: Said, other: Said) -> bool:
    if one.label != other.label or one.outcome != other.outcome:
        return False
    # Two look-ups of one kind are two questions unless their words are the same.
    return is_entry(one.label) or match_key(one.text) == match_key(other.text)


def _said(event: Event, offered: set[str], in_form: bool) -> Said:
    parsed = event.get("parse_data") or {}
    intent = parsed.get("intent") or {}
    name = intent.get("name") or NOT_RECOGNISED
    outcome = (parsed.get("decision") or {}).get("outcome")
    if outcome is None:
        outcome = "not_recognised" if name == NOT_RECOGNISED else "answer"
    text = event["text"]
    button = text in offered or bool((event.get("metadata") or {}).get("button"))
    return Said(text, full_label(parsed), outcome, button, in_form)


def full_label(parsed: dict[str, Any]) -> str:
    """Return `category/entry` or the intent that Rasa's parse data names."""
    name = (parsed.get("intent") or {}).get("name") or NOT_RECOGNISED
    selected = (parsed.get("response_selector") or {}).get(name) or {}
    return str((selected.get("response") or {}).get("intent_response_key") or name)


def _payloads(event: Event) -> Iterator[str]:
    for shown in (event.get("data") or {}).get("buttons") or []:
        if shown.get("payload"):
            yield shown["payload"]
