"""Replies that are made while the assistant runs, from the settings and what was recognised."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from kefu import replies
from kefu.dialogue.answers import SettingsAnswers
from kefu.settings import settings

pytestmark = pytest.mark.usefixtures("fresh_home")

DOMAIN = Domain.from_dict(
    {
        "intents": ["order"],
        "responses": {
            "utter_hours": [{"text": "{shop_name}的客服时间：{service_hours}"}],
            "utter_not_recognised": [{"text": "never said"}],
        },
    }
)
INVOICE = {"label": "payment/invoice", "title": "怎么开发票", "score": 1.0}
PARCEL = {"label": "query_logistics", "title": "查物流", "score": 1.0}


async def reply(
    action: str, decision: dict[str, Any] | None = None, page: str | None = None
) -> dict[str, Any] | None:
    parsed = {"decision": decision} if decision else {}
    said = UserUttered("字", {"name": "order"}, parse_data=parsed, metadata={"page": page})
    tracker = DialogueStateTracker.from_events("sender", [said])
    answers = SettingsAnswers(EndpointConfig(), DOMAIN)
    made: dict[str, Any] | None = await answers.generate(action, tracker, "rest")
    return made


async def test_two_questions_are_answered_with_which_comes_first() -> None:
    decision = {"outcome": "options", "options": [INVOICE, PARCEL], "questions": True}
    made = await reply("utter_not_recognised", decision)
    assert made == replies.which_first(["怎么开发票", "查物流"])


async def test_one_unsure_question_is_answered_with_options() -> None:
    decision = {"outcome": "options", "options": [INVOICE, PARCEL]}
    made = await reply("utter_not_recognised", decision)
    assert made == replies.options(["怎么开发票", "查物流"])


@pytest.mark.parametrize("decision", [None, {"outcome": "not_recognised", "options": []}])
async def test_without_options_it_is_said_that_nothing_was_understood(
    decision: dict[str, Any] | None,
) -> None:
    made = await reply("utter_not_recognised", decision)
    assert made == replies.not_recognised(settings())


async def test_before_any_message_nothing_was_understood() -> None:
    tracker = DialogueStateTracker.from_events("sender", [])
    answers = SettingsAnswers(EndpointConfig(), DOMAIN)
    made = await answers.generate("utter_not_recognised", tracker, "rest")
    assert made == replies.not_recognised(settings())


async def test_welcome_is_that_of_the_page() -> None:
    assert await reply("utter_welcome") == replies.welcome(settings())
    assert await reply("utter_welcome", page="order") == replies.welcome(settings(), "order")


async def test_answers_hold_what_the_settings_say_now() -> None:
    made = await reply("utter_hours")
    hours = replies.values(settings())["service_hours"]
    assert made is not None
    assert made["text"] == f"{settings().assistant.shop_name}的客服时间：{hours}"


async def test_unknown_action_has_no_reply() -> None:
    assert await reply("utter_gone") is None
