"""Reception's view of Rasa: recognise a text, run a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.processor import MessageProcessor

from kefu.bursts import Recognition
from kefu.channels.context import Context
from kefu.exchange import Turn, TurnResult
from kefu.handoff.triggers import full_label
from kefu.labels import NOT_RECOGNISED, OUT_OF_SCOPE, REQUEST_HUMAN, TASKS, is_entry
from kefu.replies import Reply
from kefu.storage.held import active_loop

# What an order number helps with: where the entry page's order stands in for a missing one.
_ABOUT_ORDER = TASKS - {"query_points", "query_membership", REQUEST_HUMAN}
_ENTRY_PAGE = "entry_page"


class DialogueNotReady(Exception):
    """Raised while no model is loaded."""


class RasaDialogue:
    """Runs turns on the agent of a Rasa server."""

    def __init__(self, agent: Callable[[], Agent], context: Context | None = None) -> None:
        """Take a function that gives the server's current agent."""
        self._agent = agent
        self._context = context or Context(agent)

    async def recognise(self, text: str) -> Recognition:
        """Recognise a text without touching any conversation."""
        parsed = await self._processor().parse_message(UserMessage(as_text(text)))
        return recognition(parsed)

    async def take_turn(self, turn: Turn) -> TurnResult:
        """Run one turn of a conversation and collect what the bot says."""
        if turn.called:
            turn = await self._caught_up(turn)
        message = UserMessage(
            as_text(turn.text),
            CollectingOutputChannel(),
            turn.conversation,
            input_channel=turn.channel,
            message_id=turn.message_id,
            metadata=turn.metadata,
        )
        parsed = await self._processor().parse_message(message)
        _fill_order_number(parsed, turn)
        message.parse_data = parsed
        said = await self._agent().handle_message(message) or []
        seen = recognition(parsed)
        replies = [without_recipient(reply) for reply in said]
        return TurnResult(replies, outcome_of(seen, turn), seen.label, seen.score)

    async def _caught_up(self, turn: Turn) -> Turn:
        """Let the tracker know what was said to people before this turn."""
        await self._context.catch_up(turn.conversation)
        if turn.active_loop is None:
            return turn
        # A form from before is not waited for any more.
        return replace(turn, active_loop=await asyncio.to_thread(active_loop, turn.conversation))

    def _processor(self) -> MessageProcessor:
        processor = self._agent().processor
        if processor is None:
            raise DialogueNotReady("no model is loaded")
        return processor


def as_text(text: str) -> str:
    """Return what a customer typed so that Rasa reads it as text.

    Rasa runs `/intent{"slot": "x"}` with confidence 1.0, whoever typed it
    (RasaHQ/rasa#5075); the full-width slash reads the same and means nothing.
    """
    stripped = text.lstrip()
    return f"／{stripped[1:]}" if stripped.startswith("/") else text


def recognition(parsed: dict[str, Any]) -> Recognition:
    """Return outcome, label and score of Rasa's parse data."""
    decision = parsed.get("decision") or {}
    label = full_label(parsed)
    candidates = decision.get("candidates") or []
    best: dict[str, Any] = candidates[0] if candidates else {"label": NOT_RECOGNISED, "score": 0.0}
    if label in (NOT_RECOGNISED, OUT_OF_SCOPE):
        label = best["label"]
    return Recognition(decision.get("outcome", "not_recognised"), label, best["score"])


def outcome_of(seen: Recognition, turn: Turn) -> str:
    """Return the turn's outcome as the figures name it (see tables.turns)."""
    if seen.label == REQUEST_HUMAN and seen.outcome == "answer":
        return "human"
    if turn.active_loop and not (seen.outcome == "answer" and is_entry(seen.label)):
        return "form"
    if seen.outcome != "answer":
        return seen.outcome
    is_task = seen.label in TASKS
    if turn.metadata.get("button") and (is_task or is_entry(seen.label)):
        return "picked"
    if is_entry(seen.label):
        return "answered"
    return "task" if is_task else "small_talk"


def without_recipient(reply: dict[str, Any]) -> Reply:
    """Return a collected reply as every channel may use it."""
    return {key: value for key, value in reply.items() if key != "recipient_id" and value}


def _fill_order_number(parsed: dict[str, Any], turn: Turn) -> None:
    """Let the entry page's order stand in where a task needs one and none is named."""
    number = turn.metadata.get("order_no")
    wants = (parsed.get("intent") or {}).get("name") in _ABOUT_ORDER
    if number and wants and not turn.active_loop and not parsed.get("entities"):
        entity = {"entity": "order_no", "value": number, "start": 0, "end": 0}
        parsed["entities"] = [{**entity, "extractor": _ENTRY_PAGE}]
