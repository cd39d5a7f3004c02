"""Rasa policy: brings in a person when the limits of settings.yml are reached."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction, SupportedData
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_UNLIKELY_INTENT_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from kefu.handoff import triggers
from kefu.settings import settings

OFFER = "utter_offer_person"
# Above every limit that settings.yml may set, with room for messages that do not count.
_RECENT_MESSAGES = 40


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class HandoffPolicy(Policy):
    """Predicts `action_handoff` on three unrecognised messages, a repeated question, a complaint.

    A slot cannot count these: a turn that ends in a revert takes its slots along
    (RasaHQ/rasa's `action_default_fallback`). The events themselves stay, so they
    are counted. At the first repetition the answer is followed by an offer.
    """

    @staticmethod
    def supported_data() -> SupportedData:
        """Return that rules and stories are both left to the other policies."""
        return SupportedData.ML_AND_RULE_DATA

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the policy's settings."""
        return {
            # Above RulePolicy's 5: a person comes before another answer.
            "priority": 6,
        }

    def train(
        self, training_trackers: list[TrackerWithCachedStates], domain: Domain, **kwargs: Any
    ) -> Resource:
        """Learn nothing: the limits are settings."""
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> HandoffPolicy:
        """Load the policy (see parent class for full docstring)."""
        return cls(config, model_storage, resource, execution_context)

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict the handoff where it is due, and nothing otherwise."""
        action = self._action(tracker)
        probabilities = self._default_predictions(domain)
        if action is not None and action in domain.action_names_or_texts:
            probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(probabilities)

    def _action(self, tracker: DialogueStateTracker) -> str | None:
        last = tracker.latest_action_name
        if last in (triggers.ACTION, OFFER):
            return None if tracker.active_loop_name else ACTION_LISTEN_NAME
        if tracker.active_loop_name or tracker.latest_message is None:
            return None
        if last in (ACTION_LISTEN_NAME, ACTION_UNLIKELY_INTENT_NAME):
            return self._on_message(tracker)
        return self._after_answer(tracker, last or "")

    def _on_message(self, tracker: DialogueStateTracker) -> str | None:
        message = tracker.latest_message
        if message and message.intent_name == "affirm" and _person_was_offered(tracker):
            return triggers.ACTION
        reason = triggers.due(_said(tracker), settings().handoff)
        # A request for a person has its own rule.
        return triggers.ACTION if reason in ("unrecognised", "repeat") else None

    def _after_answer(self, tracker: DialogueStateTracker, last: str) -> str | None:
        parsed: Any = tracker.latest_message.parse_data if tracker.latest_message else None
        label = triggers.full_label(parsed or {})
        if last != f"utter_{label.split('/', 1)[0]}":
            return None
        if label in settings().handoff.complaint_entries:
            return triggers.ACTION
        return OFFER if triggers.repeats_in_a_row(_said(tracker)) else None


def _said(tracker: DialogueStateTracker) -> list[triggers.Said]:
    return triggers.said_since_handoff(event.as_dict() for event in _recent(tracker))


def _recent(tracker: DialogueStateTracker) -> list[Event]:
    """Return the events of the last messages: no limit of the settings counts more."""
    recent: list[Event] = []
    messages = 0
    for event in reversed(tracker.applied_events()):
        messages += isinstance(event, UserUttered)
        if messages > _RECENT_MESSAGES:
            break
        recent.append(event)
    recent.reverse()
    return recent


def _person_was_offered(tracker: DialogueStateTracker) -> bool:
    """Tell whether the last thing said before this message was the bot's offer of a person."""
    for event in reversed(tracker.events):
        if isinstance(event, (BotUttered, UserUttered)) and event.metadata.get(triggers.HELD):
            return False
        if isinstance(event, BotUttered):
            return event.metadata.get("utter_action") in triggers.OFFERS
    return False
