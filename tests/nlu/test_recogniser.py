"""The recogniser, trained on a few entries."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.normaliser import Normaliser
from kefu.nlu.recogniser import CANDIDATES, KnowledgeRecogniser

KNOWN = {
    "logistics/shipping_time": ["下单后多久发货", "几天能发货", "什么时候发出来", "发货要等多久"],
    "after_sales/return_freight": [
        "退货运费谁出",
        "退货的邮费谁承担",
        "寄回去运费算谁的",
        "退货要付运费吗",
    ],
    "query_logistics": ["查物流", "我的快递到哪了", "包裹到哪里了", "帮我查快递"],
    "greet": ["你好", "您好", "在吗", "有人吗"],
}
ASKED = ("发货要几天", "退货运费是谁承担", "快递走到哪了", "你好呀", "完全无关的一句话")
RESOURCE = Resource("recogniser")
CONTEXT = ExecutionContext(GraphSchema({}))


def training_data() -> TrainingData:
    messages = [Message.build(text, intent=label) for label, t in KNOWN.items() for text in t]
    for message in messages:
        if message.get("intent") == "logistics":
            message.set("metadata", {"intent": {"title": "下单后多久发货"}})
    return normaliser().process_training_data(TrainingData(messages))


def normaliser() -> Normaliser:
    return Normaliser({"order_number_patterns": [r"20\d{14}"]})


def candidates(recogniser: KnowledgeRecogniser, text: str) -> list[dict[str, Any]]:
    messages = recogniser.process(normaliser().process([Message({TEXT: text})]))
    found: list[dict[str, Any]] = messages[0].get(CANDIDATES)
    return found


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    (tmp_path / "model").mkdir()
    return LocalModelStorage.create(tmp_path / "model")


@pytest.fixture
def trained(storage: LocalModelStorage) -> KnowledgeRecogniser:
    config = KnowledgeRecogniser.get_default_config()
    recogniser = KnowledgeRecogniser.create(config, storage, RESOURCE, CONTEXT)
    assert recogniser.train(training_data()) == RESOURCE
    return recogniser


@pytest.mark.parametrize(("text", "label"), zip(ASKED[:4], KNOWN, strict=True))
def test_best_candidate_is_the_entry_that_was_asked_for(
    trained: KnowledgeRecogniser, text: str, label: str
) -> None:
    assert candidates(trained, text)[0]["label"] == label


def test_scores_are_probabilities_best_first(trained: KnowledgeRecogniser) -> None:
    for text in ASKED:
        scores = [candidate["score"] for candidate in candidates(trained, text)]
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1)


@pytest.mark.parametrize("text", ["退货运费谁出", "退貨運費誰出？", " 退货 运费谁出！！"])
def test_known_phrasing_is_certain_however_it_is_spelled(
    trained: KnowledgeRecogniser, text: str
) -> None:
    best, second, *_ = candidates(trained, text)
    assert (best["label"], best["score"]) == ("after_sales/return_freight", 1.0)
    assert second["score"] == 0


def test_candidate_carries_the_title_that_customers_see(trained: KnowledgeRecogniser) -> None:
    titles = {c["label"]: c["title"] for c in candidates(trained, "发货")}
    assert titles["logistics/shipping_time"] == "下单后多久发货"
    assert titles["greet"] is None


@pytest.mark.parametrize("text", ["", "？？？", "😊", "\u200b"])
def test_message_without_words_has_no_candidates(trained: KnowledgeRecogniser, text: str) -> None:
    assert candidates(trained, text) == []


def test_loaded_recogniser_gives_the_same_scores(
    trained: KnowledgeRecogniser, storage: LocalModelStorage
) -> None:
    config = KnowledgeRecogniser.get_default_config()
    loaded = KnowledgeRecogniser.load(config, storage, RESOURCE, CONTEXT)
    for text in (*ASKED, "下单后多久发货"):
        assert candidates(loaded, text) == candidates(trained, text)


def test_one_label_alone_trains_and_loads_without_a_classifier(storage: LocalModelStorage) -> None:
    config = KnowledgeRecogniser.get_default_config()
    data = TrainingData([Message.build("你好", intent="greet")])
    KnowledgeRecogniser.create(config, storage, RESOURCE, CONTEXT).train(
        normaliser().process_training_data(data)
    )
    loaded = KnowledgeRecogniser.load(config, storage, RESOURCE, CONTEXT)
    assert candidates(loaded, "你好") == []


def test_model_holds_no_pickle(trained_model: Path) -> None:
    """A pickle runs code when it is read; the components keep JSON and NumPy arrays only."""
    with tarfile.open(trained_model) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        assert any("KnowledgeRecogniser" in member.name for member in files)
        for member in files:
            stream = archive.extractfile(member)
            assert stream is not None
            assert not member.name.endswith((".pkl", ".pickle", ".joblib")), member.name
            # Protocol 2 and later begin so.
            assert not stream.read(2).startswith(b"\x80"), member.name
        stream = archive.extractfile(_named(files, "KnowledgeRecogniser", "vocabulary.json"))
        assert stream is not None
        assert "account/privacy" in json.load(stream)["labels"]


def _named(files: list[tarfile.TarInfo], *parts: str) -> tarfile.TarInfo:
    return next(member for member in files if all(part in member.name for part in parts))
