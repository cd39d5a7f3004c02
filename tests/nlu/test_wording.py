"""What customers wrote, in the words of the knowledge base."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.normaliser import NORMALISED, Normaliser
from kefu.nlu.parts import KIND, PARTS
from kefu.nlu.wording import Wording
from kefu.normalise import normalise

TEXTS = ["我要退款", "退款到哪了", "我的快递到哪了", "怎么开发票", "vip有优惠吗"]
SYNONYMS = {
    "退費": "退款",
    "refund": "退款",
    "点数": "积分",
    "红利点数": "积分",
    "宅配": "快递",
    "ship": "发货",
    "credit card": "信用卡",
}
RESOURCE, CONTEXT = Resource("wording"), ExecutionContext(GraphSchema({}))


def training_data(synonyms: dict[str, str] = SYNONYMS) -> TrainingData:
    texts = [text + end for text in TEXTS for end in ("", "啊", "呀")]
    messages = [Message.build(text, intent="ask") for text in texts]
    data = TrainingData(messages, entity_synonyms=synonyms)
    return Normaliser({"order_number_patterns": []}).process_training_data(data)


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage(tmp_path)


def trained(storage: LocalModelStorage, **config: bool) -> Wording:
    given = {**Wording.get_default_config(), **config}
    wording = Wording.create(given, storage, RESOURCE, CONTEXT)
    assert wording.train(training_data()) == RESOURCE
    return wording


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("退费多久", "退款多久"),
        # An operator may write the variant in Traditional characters.
        ("退費多久", "退款多久"),
        ("我的宅配呢", "我的快递呢"),
        # The longest variant first: not 红利积分.
        ("红利点数怎么用", "积分怎么用"),
        ("点数怎么用", "积分怎么用"),
        ("Refund please", "退款 please"),
        ("我要refund", "我要退款"),
        ("credit card行吗", "信用卡行吗"),
        # No word of its own.
        ("relationship", "relationship"),
        ("refunds", "refunds"),
        ("woyaotuikuan", "我要退款"),
        ("kuaidi dao na le", "快递到哪了"),
        ("那个fapiao呢", "那个发票呢"),
        ("sale什么时候", "sale什么时候"),
        ("vip怎么升级", "vip怎么升级"),
        ("怎么开发票", "怎么开发票"),
        ("", ""),
    ],
)
def test_message_is_reworded(storage: LocalModelStorage, typed: str, read: str) -> None:
    assert trained(storage).reworded(normalise(typed)) == read


def test_pinyin_can_be_switched_off(storage: LocalModelStorage) -> None:
    wording = trained(storage, pinyin=False)
    assert wording.reworded("woyaotuikuan") == "woyaotuikuan"
    assert wording.reworded("refund") == "退款"


def test_without_synonyms_pinyin_is_read_all_the_same(storage: LocalModelStorage) -> None:
    wording = Wording.create(Wording.get_default_config(), storage, RESOURCE, CONTEXT)
    wording.train(training_data(synonyms={}))
    assert wording.reworded("refund tuikuan") == "refund tuikuan"
    assert wording.reworded("退费,tuikuan") == "退费,退款"


def test_message_and_its_parts_are_reworded_and_the_text_stays(storage: LocalModelStorage) -> None:
    clause = Message({NORMALISED: "退费多久", KIND: "clause"})
    typed = "退费多久，tuikuan"
    message = Message({TEXT: typed, NORMALISED: normalise(typed), PARTS: [clause]})
    assert trained(storage).process([message]) == [message]
    assert message.get(TEXT) == typed
    assert message.get(NORMALISED) == "退款多久,退款"
    assert clause.get(NORMALISED) == "退款多久"


def test_message_without_text_is_left_alone(storage: LocalModelStorage) -> None:
    message = Message({"intent": "greet"})
    trained(storage).process([message])
    assert message.get(NORMALISED) is None


def test_training_examples_are_reworded_alike(storage: LocalModelStorage) -> None:
    example = Message({TEXT: "点数在哪", NORMALISED: "点数在哪", "intent": "query_points"})
    trained(storage).process_training_data(TrainingData([example]))
    assert example.get(NORMALISED) == "积分在哪"


def test_loaded_component_words_it_the_same(storage: LocalModelStorage) -> None:
    wording = trained(storage)
    loaded = Wording.load(Wording.get_default_config(), storage, RESOURCE, CONTEXT)
    for text in ("红利点数", "refund", "woyaotuikuan", "我的宅配", "vip"):
        assert loaded.reworded(text) == wording.reworded(text)
