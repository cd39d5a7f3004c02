"""Rasa component: words as the knowledge base writes them, whatever way they were typed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.normaliser import NORMALISED, Normaliser
from kefu.nlu.parts import with_parts
from kefu.nlu.pinyin_reader import PinyinReader
from kefu.normalise import normalise

_FILE = "wording.json"
_LATIN_WORD = re.compile(r"[a-z]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_LONGEST_RUN = 4
# Seen this often, a run of characters is more than chance.
_USUAL = 3
_LATIN = re.compile(r"[a-z][a-z' ]*[a-z]|[a-z]")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class Wording(GraphComponent):
    """Rewrites `normalised_text`: synonyms first, then pinyin typed in Latin letters.

    Synonyms (退費, refund) stand in the training data in Rasa's own format. Pinyin is
    read with the words of the training data: tuikuan becomes 退款 because that is
    what customers of this shop write.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [Normaliser]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the component's settings."""
        return {
            # Whether pinyin in Latin letters is read.
            "pinyin": True,
        }

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        synonyms: Mapping[str, str] | None = None, vocabulary: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._learn(synonyms or {}, vocabulary or {})

    def _learn(self, synonyms: Mapping[str, str], vocabulary: Mapping[str, int]) -> None:
        self._synonyms = synonyms
        self._vocabulary = vocabulary
        self._pattern = _any_of(synonyms)
        self._reader = PinyinReader(vocabulary) if self._config["pinyin"] else None

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        execution_context: ExecutionContext,
    ) -> Wording:  # fmt: skip
        """Create an untrained component (see parent class for full docstring)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the synonyms and the words of the training data."""
        synonyms = {normalise(k): normalise(v) for k, v in training_data.entity_synonyms.items()}
        self._learn(synonyms, _words(training_data.intent_examples))
        with self._model_storage.write_to(self._resource) as folder:
            state = {"synonyms": self._synonyms, "vocabulary": self._vocabulary}
            (folder / _FILE).write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Rewrite the messages and their parts."""
        for message in with_parts(messages):
            text = message.get(NORMALISED)
            if text:
                message.set(NORMALISED, self.reworded(text))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Rewrite the training examples alike."""
        self.process(training_data.training_examples)
        return training_data

    def reworded(self, text: str) -> str:
        """Return a normalised text in the words of the knowledge base."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._synonyms[found.group()], text)
        if self._reader is not None:
            text = _LATIN.sub(lambda found: self._read(found.group()), text)
        return text

    def _read(self, letters: str) -> str:
        assert self._reader is not None
        return self._reader.chinese(letters) or letters

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource,
        execution_context: ExecutionContext, **kwargs: Any,
    ) -> Wording:  # fmt: skip
        """Load a trained component (see parent class for full docstring)."""
        with model_storage.read_from(resource) as folder:
            state = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cls(config, model_storage, resource, state["synonyms"], state["vocabulary"])


def _any_of(synonyms: Mapping[str, str]) -> re.Pattern[str] | None:
    """Return a pattern of all variants, the longest first; Latin ones as whole words."""
    if not synonyms:
        return None
    longest_first = sorted(synonyms, key=len, reverse=True)
    return re.compile("|".join(_whole(variant) for variant in longest_first))


def _whole(variant: str) -> str:
    before = "(?<![a-z])" if variant[0].isascii() else ""
    after = "(?![a-z])" if variant[-1].isascii() else ""
    return f"{before}{re.escape(variant)}{after}"


def _words(examples: Iterable[Message]) -> dict[str, int]:
    """Return how often each run of characters, and each Latin word, stands in the examples.

    Runs instead of words: what customers often write in one go reads best in one go.
    """
    counts: Counter[str] = Counter()
    for message in examples:
        text = message.get(NORMALISED) or ""
        counts.update(_LATIN_WORD.findall(text))
        for run in _CHINESE.findall(text):
            counts.update(
                run[start : start + length]
                for length in range(1, _LONGEST_RUN + 1)
                for start in range(len(run) - length + 1)
            )
    return {word: count for word, count in counts.items() if count >= _USUAL}
