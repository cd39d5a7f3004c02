"""Training examples that Rasa may copy and compare as often as it likes."""

from __future__ import annotations

import copy

import numpy as np
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.knowledge.example import Example


def example(text: str) -> Example:
    built: Example = Example.build(text, intent="order/reorder")
    return built


def test_copy_is_equal_and_independent() -> None:
    one = example("再来一单")
    other = copy.deepcopy(one)
    assert isinstance(other, Example)
    assert other == one
    other.set("normalised_text", "再来一单")
    other.add_features(Features(np.ones((1, 2)), FEATURE_TYPE_SENTENCE, TEXT, "encoder"))
    assert one.get("normalised_text") is None
    assert one.features == []


def test_changed_property_changes_the_fingerprint() -> None:
    one = example("再来一单")
    before = one.fingerprint()
    one.set(INTENT, one.get(INTENT))
    assert one.fingerprint() == before
    one.set(TEXT, "再买一次")
    assert one.fingerprint() != before


def test_it_equals_the_message_that_rasa_would_make() -> None:
    assert example("再来一单") == Message.build("再来一单", intent="order/reorder")


def test_duplicates_are_dropped_when_data_is_merged() -> None:
    merged = TrainingData([example("再来一单")]).merge(TrainingData([example("再来一单")]))
    assert len(merged.training_examples) == 1
