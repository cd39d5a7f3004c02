"""HandoffPolicy on trackers: a person, an offer, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from kefu.dialogue.handoff_policy import HandoffPolicy
from tests.model import PROJECT

SHIPPING = "logistics/shipping_time"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(PROJECT / "domain.yml"))


@pytest.fixture
def policy(fresh_home: Path) -> HandoffPolicy:
    fresh_home.mkdir(exist_ok=True)
    return HandoffPolicy(
        HandoffPolicy.get_default_config(),
        LocalModelStorage.create(fresh_home),
        Resource("handoff"),
        ExecutionContext(GraphSchema({})),
    )


def asked(label: str, text: str = "", outcome: str = "answer") -> list[Event]:
    """Return one message of the customer, after the bot has listened."""
    category = label.split("/")[0]
    parsed: dict[str, Any] = {"decision": {"outcome": outcome}}
    if "/" in label:
        parsed["response_selector"] = {category: {"response": {"intent_response_key": label}}}
    message = UserUttered(text or label, {"name": category}, parse_data=parsed)
    parsed.setdefault("intent", {"name": category})
    return [ActionExecuted("action_listen"), message]


def answered(label: str) -> list[Event]:
    return [*asked(label), ActionExecuted(f"utter_{label.split('/')[0]}")]


def unknown() -> list[Event]:
    message = asked("nlu_fallback", "嗯哼", "not_recognised")
    return [*message, ActionExecuted("utter_not_recognised")]


def predicted(policy: HandoffPolicy, domain: Domain, events: list[Event]) -> str | None:
    tracker = DialogueStateTracker.from_events("c1", events, slots=domain.slots)
    probabilities = policy.predict_action_probabilities(tracker, domain).probabilities
    if max(probabilities) == 0:
        return None
    return domain.action_names_or_texts[probabilities.index(max(probabilities))]


def to_a_person(text: str) -> list[Event]:
    """Return what a customer said to a person, as it is noted."""
    return [UserUttered(text, metadata={"held": True}), ActionExecuted("action_listen")]


BY_A_PERSON = BotUttered("你好", metadata={"agent": True})
OFFERED = BotUttered("…", metadata={"utter_action": "utter_offer_person"})
HANDOFF, OFFER = "action_handoff", "utter_offer_person"
FORM = ActiveLoop("lookup_form")


@pytest.mark.parametrize(
    ("events", "action"),
    [
        ([], None),
        (asked(SHIPPING), None),
        (answered(SHIPPING), None),
        ([*unknown(), *asked("nlu_fallback", "?", "not_recognised")], None),
        ([*unknown(), *unknown(), *asked("nlu_fallback", "?", "not_recognised")], HANDOFF),
        ([*answered(SHIPPING), *asked(SHIPPING)], None),
        # The second time it is answered with an offer, the third time a person comes.
        ([*answered(SHIPPING), *answered(SHIPPING)], OFFER),
        ([*answered(SHIPPING), *answered(SHIPPING), *asked(SHIPPING)], HANDOFF),
        ([*answered("thank"), *answered("thank")], None),
        (asked("service/complaint"), None),
        (answered("service/complaint"), HANDOFF),
        ([*answered(SHIPPING), OFFERED, *asked("affirm", "好")], HANDOFF),
        ([*answered(SHIPPING), BotUttered("…"), *asked("affirm", "好")], None),
        ([*answered(SHIPPING), OFFERED, *asked("deny", "不用")], None),
        # A person, or a message to one, ends what was offered and counted before.
        ([*answered(SHIPPING), OFFERED, BY_A_PERSON, *asked("affirm", "好")], None),
        ([*answered(SHIPPING), OFFERED, *to_a_person("?"), *asked("affirm", "好")], None),
        (
            [*unknown(), *unknown(), BY_A_PERSON, *asked("nlu_fallback", "?", "not_recognised")],
            None,
        ),
        # A request for a person has its rule.
        (asked("request_human", "转人工"), None),
        ([*asked(SHIPPING), ActionExecuted(HANDOFF)], "action_listen"),
        ([*answered(SHIPPING), ActionExecuted(OFFER)], "action_listen"),
        # Within a form nothing is counted.
        ([*unknown(), FORM, *unknown(), *asked("nlu_fallback", "?", "not_recognised")], None),
    ],
)
def test_prediction(
    policy: HandoffPolicy, domain: Domain, events: list[Event], action: str | None
) -> None:
    assert predicted(policy, domain, events) == action
