"""Rasa component: scores every entry of the knowledge base and every task for a message."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.classifier import CharacterClassifier
from kefu.nlu.normaliser import NORMALISED, Normaliser
from kefu.normalise import words

# Attribute of a message: [{"label", "score", "title"}], best first.
CANDIDATES = "candidates"

_PHRASINGS = "phrasings.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class KnowledgeRecogniser(IntentClassifier, GraphComponent):
    """Sets `candidates`: labels (`category/entry` or an intent) with scores and titles.

    A message that equals a known phrasing up to spelling and punctuation gets its
    label with score 1; the classifier scores all others.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [Normaliser]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the component's settings."""
        return {
            # Shortest and longest character n-gram.
            "min_ngram": 1,
            "max_ngram": 3,
            # Inverse of the regularisation's strength.
            "C": 1.0,
            # Folds on which the scores are made comparable to probabilities.
            "folds": 4,
            # Seed of the folds and of the solver.
            "random_seed": 42,
            # Candidates kept on a message.
            "ranking_length": 6,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        classifier: CharacterClassifier | None = None,
        phrasings: dict[str, str] | None = None,
        titles: dict[str, str] | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._classifier = classifier
        self._phrasings = phrasings or {}
        self._titles = titles or {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> KnowledgeRecogniser:
        """Create an untrained component (see parent class for full docstring)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the classifier on the normalised examples and persist it."""
        examples = [m for m in training_data.intent_examples if m.get(NORMALISED)]
        texts = [message.get(NORMALISED) for message in examples]
        labels = [label_of(message) for message in examples]
        self._titles = dict(_titles(examples))
        self._phrasings = _unambiguous(zip(texts, labels, strict=True))
        if len(set(labels)) > 1:
            ngrams = (self._config["min_ngram"], self._config["max_ngram"])
            self._classifier = CharacterClassifier.train(
                texts, labels, ngrams, self._config["C"], self._config["folds"],
                self._config["random_seed"],
            )  # fmt: skip
        self._persist()
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the candidates of each message that has a normalised text."""
        for message in messages:
            message.set(CANDIDATES, self._candidates(message.get(NORMALISED) or ""))
        return messages

    def _candidates(self, text: str) -> list[dict[str, Any]]:
        key = words(text)
        if not key or self._classifier is None:
            return []
        labels, scores = self._classifier.labels, self._classifier.scores(text)
        exact = self._phrasings.get(key)
        if exact is not None:
            scores = np.where(np.array(labels) == exact, 1.0, 0.0)
        best = np.argsort(-scores, kind="stable")[: self._config["ranking_length"]]
        return [
            {
                "label": labels[i],
                "score": float(scores[i]),
                "title": self._titles.get(labels[i]),
            }
            for i in best
        ]

    def _persist(self) -> None:
        with self._model_storage.write_to(self._resource) as folder:
            known = {"phrasings": self._phrasings, "titles": self._titles}
            text = json.dumps(known, ensure_ascii=False)
            (folder / _PHRASINGS).write_text(text, encoding="utf-8")
            if self._classifier is not None:
                self._classifier.save(folder)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> KnowledgeRecogniser:
        """Load a trained component (see parent class for full docstring)."""
        with model_storage.read_from(resource) as folder:
            known = json.loads((folder / _PHRASINGS).read_text(encoding="utf-8"))
            trained = len(set(known["phrasings"].values())) > 1
            classifier = CharacterClassifier.load(folder) if trained else None
        return cls(config, model_storage, resource, classifier, known["phrasings"], known["titles"])


def label_of(message: Message) -> str:
    """Return `category/entry` of an FAQ example and the intent of any other."""
    return str(message.get(INTENT_RESPONSE_KEY) or message.get(INTENT))


def _titles(messages: list[Message]) -> Iterator[tuple[str, str]]:
    """Yield what customers see instead of a label: the `title` of the intent's metadata."""
    for message in messages:
        metadata = (message.get("metadata") or {}).get("intent")
        if isinstance(metadata, dict) and metadata.get("title"):
            yield label_of(message), str(metadata["title"])


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    seen: dict[str, set[str]] = {}
    for text, label in pairs:
        seen.setdefault(words(text), set()).add(label)
    return {key: labels.pop() for key, labels in seen.items() if key and len(labels) == 1}
