"""What the forms collect, and emptying it."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

FORM_SLOTS = ("order_no", "reason", "confirmed", "invalid_inputs")
Slots = dict[str, Any]


def cleared() -> list[dict[str, Any]]:
    """Return the events that empty everything a form collects."""
    return [SlotSet(slot, None) for slot in FORM_SLOTS]


def invalid_inputs(tracker: Tracker) -> int:
    """Return how many inputs of the running form were of no use."""
    return int(tracker.get_slot("invalid_inputs") or 0)
