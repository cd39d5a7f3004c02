"""Rasa component: writes the normalised spelling of each message beside its text."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.normalise import normalise
from kefu.order_numbers import PLACEHOLDER, OrderNumberFinder

NORMALISED = "normalised_text"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class Normaliser(GraphComponent):
    """Sets the attribute `normalised_text`; the text itself and its offsets stay as typed.

    Order numbers become one placeholder: what they say is for the extractor, that
    there is one is for recognition.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the component's settings."""
        return {
            # Regular expressions of order numbers; empty: those of settings.yml.
            "order_number_patterns": [],
        }

    def __init__(self, config: dict[str, Any]) -> None:
        self._finder = OrderNumberFinder(config["order_number_patterns"])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Normaliser:
        """Create the component (see parent class for full docstring)."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the normalised spelling to each message that has a text."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                message.set(NORMALISED, normalise(self._finder.replace(text, PLACEHOLDER)))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the normalised spelling to the training examples."""
        self.process(training_data.training_examples)
        return training_data
