"""Rasa component: the vector of a pretrained sentence encoder as a dense sentence feature."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import is_logging_disabled
from tqdm import tqdm

from kefu.environment import environment
from kefu.nlu.encoders import NAMES, encoder, package_of
from kefu.nlu.normaliser import NORMALISED, Normaliser
from kefu.nlu.parts import with_parts
from kefu.nlu.vector_cache import VectorCache
from kefu.storage.recent import Recent

logger = logging.getLogger(__name__)

_BATCH = 512


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class EncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds the encoder's vector of the normalised text, of a message and of its parts.

    Where the encoder's package is not installed it adds nothing and says so once:
    recognition then works on the text alone. May stand in the pipeline twice, with
    different encoders.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Return the components that must come before this one."""
        return [Normaliser]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the component's settings."""
        return {
            **DenseFeaturizer.get_default_config(),
            # `use` (fast) or `e5` (larger, optional: see docs/recognition.md).
            "encoder": "use",
        }

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._encoder = encoder(config["encoder"])
        # Buttons and hot questions make up much of what comes in.
        self._recent: Recent[npt.NDArray[Any]] = Recent(1000)
        if self._encoder is None:
            logger.warning(
                "没有安装 %s，识别只用文字特征（效果会差一些）。安装：sh scripts/setup.sh large",
                package_of(config["encoder"]),
            )

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EncoderFeaturizer:
        """Create the component (see parent class for full docstring)."""
        return cls(config, execution_context.node_name or cls.__name__)

    @staticmethod
    def validate_config(config: dict[str, Any]) -> None:
        """Check the name of the encoder. Raises InvalidConfigException."""
        if config["encoder"] not in NAMES:
            known = "、".join(NAMES)
            raise InvalidConfigException(
                f"config.yml：EncoderFeaturizer 不认识 encoder「{config['encoder']}」，"
                f"可用的有：{known}"
            )

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to each message, and to each of its parts."""
        self._add([m for m in with_parts(messages) if m.get(NORMALISED)])
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to the training examples."""
        examples = [m for m in training_data.training_examples if m.get(NORMALISED)]
        if self._encoder is None:
            return training_data
        cache = VectorCache(environment().var / "cache" / f"{self._encoder.name}.npz")
        new = [m for m in examples if m.get(NORMALISED) not in cache]
        # Rasa's own way to show progress while it trains.
        for start in tqdm(range(0, len(new), _BATCH), "Sentence vectors", disable=_is_quiet(new)):
            texts = [message.get(NORMALISED) for message in new[start : start + _BATCH]]
            cache.add(texts, self._encoder.encode(texts))
        for message in examples:
            self._set(message, cache[message.get(NORMALISED)])
        cache.save()
        return training_data

    def _add(self, messages: Sequence[Message]) -> None:
        if self._encoder is None or not messages:
            return
        vectors: dict[str, npt.NDArray[Any]] = {}
        texts = list(dict.fromkeys(message.get(NORMALISED) for message in messages))
        for text in texts:
            known = self._recent.get(text)
            if known is not None:
                vectors[text] = known
        new = [text for text in texts if text not in vectors]
        for text, vector in zip(new, self._encoder.encode(new), strict=True):
            vectors[text] = vector
            self._recent.set(text, vector)
        for message in messages:
            self._set(message, vectors[message.get(NORMALISED)])

    def _set(self, message: Message, vector: npt.NDArray[Any]) -> None:
        feature = Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
        message.add_features(feature)


def _is_quiet(texts: Sequence[Message]) -> bool:
    return is_logging_disabled() or len(texts) < _BATCH
