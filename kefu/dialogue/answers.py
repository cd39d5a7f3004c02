"""Rasa's answer generator, with values that come from the settings at run time."""

from __future__ import annotations

from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from kefu import replies, terms
from kefu.settings import settings


class SettingsAnswers(TemplatedNaturalLanguageGenerator):
    """Fills service hours, phone and names, and makes the replies that have live buttons.

    Stands in `endpoints.yml` under `nlg`. A change in settings.yml needs no training,
    and none of these replies needs the action server.
    """

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        super().__init__(domain.responses)

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Return the reply of `utter_action`, or None where there is none."""
        if utter_action == "utter_welcome":
            return replies.welcome(settings(), _page(tracker))
        if utter_action == "utter_not_recognised":
            return _not_sure(_decision(tracker))
        known = {**replies.values(settings()), **kwargs}
        reply: replies.Reply | None = await super().generate(
            utter_action, tracker, output_channel, **known
        )
        return _with_terms(utter_action, reply) if reply else reply


def _with_terms(utter_action: str, reply: replies.Reply) -> replies.Reply:
    """Return the service terms in the place of an entry that is about them."""
    chosen = settings()
    label = utter_action.removeprefix("utter_")
    if not chosen.terms.enabled or label not in chosen.terms.entries:
        return reply
    return {**reply, "text": terms.answer(chosen)}


def _page(tracker: DialogueStateTracker) -> str | None:
    message = tracker.latest_message
    return (message.metadata or {}).get("page") if message else None


def _decision(tracker: DialogueStateTracker) -> dict[str, Any]:
    message = tracker.latest_message
    parsed: Any = message.parse_data if message else None
    decision: dict[str, Any] = (parsed or {}).get("decision") or {}
    return decision


def _not_sure(decision: dict[str, Any]) -> replies.Reply:
    titles = [option["title"] for option in decision.get("options") or []]
    if not titles:
        return replies.not_recognised(settings())
    return replies.which_first(titles) if decision.get("questions") else replies.options(titles)
