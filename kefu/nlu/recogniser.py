"""Rasa component: scores every entry of the knowledge base and every task for a message."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.labels import DENY, OUT_OF_SCOPE
from kefu.nlu import reading
from kefu.nlu.classifier import EntryClassifier
from kefu.nlu.classifier_training import Settings, train
from kefu.nlu.heads import Training
from kefu.nlu.negation import Wishes, negated_wish
from kefu.nlu.normaliser import NORMALISED, Normaliser
from kefu.nlu.parts import KIND, TOPIC, Kind, parts_of
from kefu.nlu.reading import Reading, Scored
from kefu.nlu.training_labels import label_of, titles_of
from kefu.normalise import words

Array = npt.NDArray[Any]

# Attributes of a message: [{"label", "score", "title"}], best first, and how they came about.
CANDIDATES = "candidates"
READING = "reading"

_KNOWN = "known.json"
# With less of its characters known a text is gibberish to this model.
_LEAST_KNOWN = 0.34


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class KnowledgeRecogniser(IntentClassifier, GraphComponent):
    """Sets `candidates`: labels (`category/entry` or an intent) with scores and titles.

    The score is the probability that the label is meant, times the probability that
    the message is any business of this assistant (learnt from `out_of_scope`). A
    message that equals a known phrasing up to spelling and punctuation gets its label
    with score 1.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [Normaliser]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the component's settings."""
        return {
            # Shortest and longest n-gram of characters and of syllables.
            "min_ngram": 1,
            "max_ngram": 2,
            # Share of the syllables beside the characters, 0 to 1.
            "sound_weight": 0.4,
            # Dimensions that the n-grams are reduced to.
            "dimensions": 1000,
            # Phrasings that an encoder's vector is compared with.
            "landmarks": 1000,
            # Strength of the L2 penalty, and batches that are learnt from.
            "penalty": 0.1,
            "steps": 400,
            # Folds on which the scores are made probabilities.
            "folds": 3,
            # Seed of whatever is drawn.
            "random_seed": 42,
            # Candidates kept on a message.
            "ranking_length": 6,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        classifier: EntryClassifier | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._know(classifier, known or {"phrasings": {}, "titles": {}, "wishes": {}})

    def _know(self, classifier: EntryClassifier | None, known: Mapping[str, Any]) -> None:
        self._classifier = classifier
        self._labels = classifier.labels if classifier else []
        self._places = {label: place for place, label in enumerate(self._labels)}
        self._phrasings: dict[str, str] = known["phrasings"]
        self._titles: dict[str, str] = known["titles"]
        self._wishes = Wishes.from_dict(known["wishes"])

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
        known = {
            "phrasings": _unambiguous(zip(texts, labels, strict=True)),
            "titles": titles_of(examples),
            "wishes": Wishes.learn(_by_label(texts, labels)).as_dict(),
        }
        inside = {label for label in labels if label != OUT_OF_SCOPE}
        with self._model_storage.write_to(self._resource) as folder:
            text = json.dumps(known, ensure_ascii=False)
            (folder / _KNOWN).write_text(text, encoding="utf-8")
            if len(inside) > 1:
                classifier, held_out = train(
                    texts, _vectors(examples), labels, OUT_OF_SCOPE, self._settings()
                )
                classifier.save(folder)
                held_out.save(folder)
                self._know(classifier, known)
        return self._resource

    def _settings(self) -> Settings:
        given = self._config
        return Settings(
            ngrams=(given["min_ngram"], given["max_ngram"]),
            sound_weight=given["sound_weight"],
            dimensions=given["dimensions"],
            training=Training(
                penalty=given["penalty"],
                steps=given["steps"],
                folds=given["folds"],
                landmarks=given["landmarks"],
                seed=given["random_seed"],
            ),
        )

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the candidates of each message that has a normalised text."""
        for message in messages:
            found = self._read(message)
            message.set(CANDIDATES, self._candidates(found.scores) if found else [])
            asked = found.questions if found else ()
            # What is asked of these is which one comes first, not how sure they are.
            questions = [self._candidate(place, 1.0) for place in asked]
            because = found.because if found else ""
            message.set(READING, {"questions": questions, "because": because})
        return messages

    def _read(self, message: Message) -> Reading | None:
        """Return what a message asks; None when nothing in it can be read."""
        text = message.get(NORMALISED) or ""
        if self._classifier is None or not words(text):
            return None
        known = self._phrasings.get(words(text), "")
        if known == OUT_OF_SCOPE:
            return Reading(np.zeros(len(self._labels)), (), "与一条超出范围的例句相同")
        exact = self._places.get(known)
        if exact is not None:
            return Reading(_certain(exact, len(self._labels)), (), "与已有的一条问法相同")
        if _is_gibberish(words(text)) or self._classifier.known_share(text) < _LEAST_KNOWN:
            return None
        whole, parts = self._scored(message), self._parts(message)
        clauses = [clause for clause in parts["clause"] if not self._is_denied(clause)]
        found = reading.of_story(self._labels, whole, clauses)
        found = self._without_denied(text, found, parts["rest"])
        for together in parts["follow_up"]:
            topic = self._places.get((message.get("metadata") or {}).get(TOPIC, ""))
            found = reading.of_follow_up(found, together, topic)
        return found

    def _is_denied(self, scored: Scored) -> bool:
        """Return whether a text was read as the wish that it denies."""
        wish = negated_wish(scored.text)
        best = self._labels[int(scored.scores.argmax())]
        return wish is not None and self._wishes.mistaken(best, wish)

    def _without_denied(self, text: str, found: Reading, rest: Sequence[Scored]) -> Reading:
        if not self._is_denied(Scored(text, found.scores)):
            return found
        if rest:
            return reading.without_denied(rest[0])
        if DENY in self._places:
            certain = _certain(self._places[DENY], len(self._labels))
            return Reading(certain, (), f"说的是不要「{negated_wish(text)}」")
        return found

    def _parts(self, message: Message) -> dict[Kind, list[Scored]]:
        scored: dict[Kind, list[Scored]] = {"clause": [], "rest": [], "follow_up": []}
        for part in parts_of(message):
            scored[part.get(KIND)].append(self._scored(part))
        return scored

    def _scored(self, message: Message) -> Scored:
        assert self._classifier is not None
        text = message.get(NORMALISED)
        return Scored(text, self._classifier.scores(text, _vectors_of(message)))

    def _candidates(self, scores: Array) -> list[dict[str, Any]]:
        best = np.argsort(-scores, kind="stable")[: self._config["ranking_length"]]
        return [self._candidate(place, float(scores[place])) for place in best]

    def _candidate(self, place: int, score: float) -> dict[str, Any]:
        label = self._labels[place]
        return {"label": label, "score": score, "title": self._titles.get(label)}

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
            known = json.loads((folder / _KNOWN).read_text(encoding="utf-8"))
            classifier = EntryClassifier.load(folder) if EntryClassifier.is_in(folder) else None
        return cls(config, model_storage, resource, classifier, known)


def _vectors(examples: Sequence[Message]) -> list[Array]:
    """Return the encoders' vectors of all examples, one array (examples, dimensions) each."""
    rows = [_vectors_of(message) for message in examples]
    return [np.vstack(column) for column in zip(*rows, strict=True)]


def _vectors_of(message: Message) -> list[Array]:
    """Return the dense sentence features of a message, one an encoder in the pipeline."""
    return [
        np.asarray(feature.features)[0]
        for feature in message.features
        if feature.attribute == TEXT
        and feature.type == FEATURE_TYPE_SENTENCE
        and feature.is_dense()
    ]


def _is_gibberish(text: str) -> bool:
    """Return whether a text is one character again and again (的的的), or nothing but digits."""
    return text.isdigit() or (len(text) > 1 and len(set(text)) == 1)


def _certain(place: int, labels: int) -> Array:
    scores = np.zeros(labels)
    scores[place] = 1
    return scores


def _by_label(texts: Sequence[str], labels: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        found.setdefault(label, []).append(text)
    return found


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    seen: dict[str, set[str]] = {}
    for text, label in pairs:
        seen.setdefault(words(text), set()).add(label)
    return {key: labels.pop() for key, labels in seen.items() if key and len(labels) == 1}
