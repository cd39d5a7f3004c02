"""The featurizer that keeps long sessions fast gives RulePolicy what Rasa's own would."""

from __future__ import annotations

import pytest
from rasa.core.featurizers.tracker_featurizers import (
    MaxHistoryTrackerFeaturizer,
    TrackerFeaturizer,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from kefu.dialogue.recent_states import RecentStatesFeaturizer

DOMAIN = Domain.from_dict(
    {
        "intents": ["greet", "order"],
        "slots": {"known": {"type": "text", "mappings": [{"type": "custom"}]}},
        "forms": {"a_form": {"required_slots": []}},
        "actions": ["utter_order"],
    }
)


def turn(intent: str, *events: Event) -> list[Event]:
    said = UserUttered("字", {"name": intent, "confidence": 1.0})
    return [ActionExecuted("action_listen"), said, *events]


def tracker(turns: int) -> DialogueStateTracker:
    events = turn("greet", SlotSet("known", "yes"))
    for _ in range(turns):
        events += turn("order", ActionExecuted("utter_order"))
    events += turn("order", ActionExecuted("a_form"), ActiveLoop("a_form"))
    return DialogueStateTracker.from_events("sender", events, slots=DOMAIN.slots)


@pytest.mark.parametrize("turns", [0, 1, 3, 40])
def test_the_last_states_are_those_of_rasas_featurizer(turns: int) -> None:
    session = tracker(turns)
    [every] = MaxHistoryTrackerFeaturizer().prediction_states([session], DOMAIN)
    [recent] = RecentStatesFeaturizer(last_states=6).prediction_states([session], DOMAIN)
    assert recent == every[-6:]


def test_rules_on_the_text_are_looked_for_in_one_state() -> None:
    session = tracker(3)
    featurizer = RecentStatesFeaturizer()
    [states] = featurizer.prediction_states([session], DOMAIN, use_text_for_last_user_input=True)
    assert len(states) == 1


def test_a_model_brings_its_featurizer_back() -> None:
    again = TrackerFeaturizer.from_dict(RecentStatesFeaturizer(last_states=4).to_dict())
    assert isinstance(again, RecentStatesFeaturizer)
    assert again.last_states == 4
