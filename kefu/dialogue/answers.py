"""Rasa's answer generator, with values that come from the settings at run time."""

from __future__ import annotations

from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from kefu import replies
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
            titles = [option["title"] for option in _options(tracker)]
            return replies.options(titles) if titles else replies.not_recognised(settings())
        known = {**replies.values(settings()), **kwargs}
        reply: replies.Reply | None = await super().generate(
            utter_action, tracker, output_channel, **known
        )
        return reply


def _page(tracker: DialogueStateTracker) -> str | None:
    message = tracker.latest_message
    return (message.metadata or {}).get("page") if message else None


def _options(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    message = tracker.latest_message
    if message is None or not message.parse_data:
        return []
    decision: dict[str, Any] = message.parse_data.get("decision", {})
    options: list[dict[str, Any]] = decision.get("options", [])
    return options
