"""Bringing in a person."""

from __future__ import annotations

import time
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.customer import off_loop
from actions.form_slots import cleared, invalid_inputs
from kefu import replies
from kefu.handoff import holder, notice, triggers
from kefu.labels import REQUEST_HUMAN, category_of, is_entry
from kefu.settings import settings


class ActionHandoff(Action):
    """Opens a request for a person and tells the customer how long it takes."""

    def name(self) -> str:
        """Return the action's name."""
        return triggers.ACTION

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Request a person with the reason that the conversation gives."""
        said = triggers.said_since_handoff(tracker.events)
        stuck = invalid_inputs(tracker) >= settings().handoff.invalid_input_limit
        reason = "form" if stuck else _reason(said)
        await request_person(dispatcher, tracker, reason, _last_question(said))
        return cleared()


async def request_person(
    dispatcher: CollectingDispatcher, tracker: Tracker, reason: str, question: triggers.Said | None
) -> None:
    """Open the request (one that is open already is kept) and say what follows."""
    handoff = await off_loop(
        holder.request,
        tracker.sender_id,
        reason,
        question.text if question else None,
        category_of(question.label) if question and is_entry(question.label) else None,
        time.time(),
    )
    text = await off_loop(notice.told, handoff, time.time())
    shown = replies.buttons([replies.CANCEL_WAITING]) if handoff.state == "waiting" else []
    dispatcher.utter_message(text=text, buttons=shown)


def _reason(said: list[triggers.Said]) -> str:
    if said and said[-1].label in settings().handoff.complaint_entries:
        return "complaint"
    return triggers.due(said, settings().handoff) or "button"


def _last_question(said: list[triggers.Said]) -> triggers.Said | None:
    asked = [message for message in said if message.label != REQUEST_HUMAN]
    return asked[-1] if asked else (said[-1] if said else None)
