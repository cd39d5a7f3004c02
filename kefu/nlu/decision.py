"""Rasa component: answer, offer up to three options, or admit that nothing was recognised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import (
    RESPONSE_SELECTOR_PREDICTION_KEY,
    RESPONSE_SELECTOR_PROPERTY_NAME,
    RESPONSE_SELECTOR_RANKING_KEY,
    RESPONSE_SELECTOR_RESPONSES_KEY,
    RESPONSE_SELECTOR_RETRIEVAL_INTENTS,
    RESPONSE_SELECTOR_UTTER_ACTION_KEY,
)
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    PREDICTED_CONFIDENCE_KEY,
)
from rasa.shared.nlu.training_data.message import Message

from kefu.handoff.keywords import asks_for_person
from kefu.labels import DENY, REQUEST_HUMAN, category_of
from kefu.nlu.normaliser import NORMALISED
from kefu.nlu.recogniser import CANDIDATES, READING, KnowledgeRecogniser
from kefu.settings import settings

# Attribute of a parsed message: {"outcome", "options": [label], "candidates": [...],
# "questions": whether the options are two questions that were both asked}.
DECISION = "decision"

Outcome = Literal["answer", "options", "not_recognised"]
Candidate = dict[str, Any]

# Candidates kept with a message; each is stored with the conversation.
_KEPT = 5

# 「先不要给我转人工了」, but neither 「能不能转人工」 nor 「不转人工就投诉」.
_DECLINED = (
    r"(?:^|[，。,.!?])[我先再请也还]{0,3}(?:不(?:要|用|想|需要|必|找)?|别|勿)(?:再|给我|帮我)*"
    r"(?:KEYWORD)(?:客服|服务)?[了啦吧哦哈呀啊]*(?:$|[，。,.!])"
)


@dataclass(frozen=True)
class Thresholds:
    """When a score is sure enough; all between 0 and 1."""

    answer: float
    margin: float
    option: float


def decide(
    candidates: Sequence[Candidate], thresholds: Thresholds
) -> tuple[Outcome, list[Candidate]]:
    """Choose one of the three outcomes on the score of the entry.

    Args:
        candidates: Best first, as the recogniser left them.
        thresholds: An entry is answered at `answer` or more with `margin` to the
            next; otherwise entries at `option` or more are offered.

    Returns:
        The outcome and the candidates it concerns: one to answer, up to three to
        offer, none when nothing was recognised.
    """
    if not candidates:
        return "not_recognised", []
    best = candidates[0]
    runner_up = candidates[1]["score"] if len(candidates) > 1 else 0.0
    sure = best["score"] >= thresholds.answer and best["score"] - runner_up >= thresholds.margin
    if sure:
        return "answer", [best]
    options = [c for c in candidates if c["title"] and c["score"] >= thresholds.option][:3]
    return ("options", options) if options else ("not_recognised", [])


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Decision(IntentClassifier, GraphComponent):
    """Turns candidates into Rasa's intent, ranking and response selector output.

    Sure: the entry's category (or the task) is the intent, and the response
    selector's output names the entry. Otherwise the intent is `nlu_fallback`, and
    `decision.options` holds what may be offered. Rasa's own FallbackClassifier
    looks at the intent alone, and so speaks a wrong entry of a sure category.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [KnowledgeRecogniser]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the component's settings."""
        return {
            # Score from which an entry is answered without asking back.
            "answer_threshold": 0.5,
            # Distance to the next candidate that an answer needs.
            "answer_margin": 0.1,
            # Score from which an entry is offered as an option.
            "option_threshold": 0.06,
            # Words that ask for a person; empty: those of settings.yml.
            "human_keywords": [],
        }

    def __init__(self, config: dict[str, Any]) -> None:
        self._thresholds = Thresholds(
            config["answer_threshold"], config["answer_margin"], config["option_threshold"]
        )
        self._given_keywords = tuple(config["human_keywords"])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Decision:
        """Create the component (see parent class for full docstring)."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent, ranking, response selector and decision of each message."""
        for message in messages:
            text = message.get(NORMALISED) or ""
            found: list[Candidate] = message.get(CANDIDATES) or []
            candidates = self._with_keyword(text, found)
            asked = (message.get(READING) or {}).get("questions") or []
            outcome, concerned = decide(candidates, self._thresholds)
            if asked and candidates is found:
                outcome, concerned = "options", asked
            chosen = concerned[0] if outcome == "answer" else None
            _set_intent(message, chosen, candidates)
            _set_response(message, chosen, candidates)
            _set_decision(message, outcome, concerned, candidates)
            if concerned is asked:
                message.get(DECISION)["questions"] = True
        return messages

    def _with_keyword(self, text: str, candidates: list[Candidate]) -> list[Candidate]:
        """Put the request for a person first where a keyword stands and no entry is sure.

        「人工客服几点上班」 holds a keyword and is an entry's question all the same.
        """
        keywords = self._given_keywords or settings().handoff.keywords
        asks = candidates and candidates[0]["label"] == REQUEST_HUMAN
        if asks and _declined(keywords).search(text):
            return _first(DENY, candidates)
        if not asks_for_person(text, keywords):
            return candidates
        outcome, concerned = decide(candidates, self._thresholds)
        if outcome == "answer" and "/" in concerned[0]["label"]:
            return candidates
        return _first(REQUEST_HUMAN, candidates)


@lru_cache(maxsize=8)
def _declined(keywords: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(map(re.escape, keywords))
    return re.compile(_DECLINED.replace("KEYWORD", words or r"(?!)"))


def _first(label: str, candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates with `label` made certain."""
    known = next((c for c in candidates if c["label"] == label), {})
    certain = {"label": label, "score": 1.0, "title": known.get("title")}
    return [certain, *({**c, "score": 0.0} for c in candidates if c["label"] != label)]


def _set_intent(message: Message, chosen: Candidate | None, candidates: list[Candidate]) -> None:
    ranking: dict[str, float] = {}
    for candidate in candidates:
        ranking.setdefault(category_of(candidate["label"]), candidate["score"])
    ranked = [{INTENT_NAME_KEY: k, PREDICTED_CONFIDENCE_KEY: v} for k, v in ranking.items()]
    if chosen is None:
        top = candidates[0]["score"] if candidates else 0.0
        fallback = {
            INTENT_NAME_KEY: DEFAULT_NLU_FALLBACK_INTENT_NAME,
            PREDICTED_CONFIDENCE_KEY: 1.0 - top,
        }
        ranked.insert(0, fallback)
    message.set(INTENT, ranked[0], add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranked, add_to_output=True)


def _set_response(message: Message, chosen: Candidate | None, candidates: list[Candidate]) -> None:
    """Write what Rasa's ResponseSelector would, for the category that is answered."""
    entries = [c for c in candidates if "/" in c["label"]]
    selectors: dict[str, Any] = {
        RESPONSE_SELECTOR_RETRIEVAL_INTENTS: sorted({category_of(c["label"]) for c in entries})
    }
    best = chosen if chosen and "/" in chosen["label"] else (entries[0] if entries else None)
    if best is not None:
        category = category_of(best["label"])
        selectors[category] = {
            RESPONSE_SELECTOR_PREDICTION_KEY: {
                RESPONSE_SELECTOR_RESPONSES_KEY: [],
                PREDICTED_CONFIDENCE_KEY: best["score"],
                INTENT_RESPONSE_KEY: best["label"],
                RESPONSE_SELECTOR_UTTER_ACTION_KEY: f"utter_{best['label']}",
            },
            RESPONSE_SELECTOR_RANKING_KEY: [
                {INTENT_RESPONSE_KEY: c["label"], PREDICTED_CONFIDENCE_KEY: c["score"]}
                for c in entries
                if category_of(c["label"]) == category
            ],
        }
    message.set(RESPONSE_SELECTOR_PROPERTY_NAME, selectors, add_to_output=True)


def _set_decision(
    message: Message, outcome: Outcome, concerned: list[Candidate], candidates: list[Candidate]
) -> None:
    decision = {
        "outcome": outcome,
        "options": concerned if outcome == "options" else [],
        "candidates": [
            {"label": c["label"], "score": round(c["score"], 4)} for c in candidates[:_KEPT]
        ],
    }
    message.set(DECISION, decision, add_to_output=True)
