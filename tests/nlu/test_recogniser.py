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

from kefu.nlu.held_out import OUTSIDE, HeldOut
from kefu.nlu.normaliser import Normaliser
from kefu.nlu.parts import Parts
from kefu.nlu.recogniser import CANDIDATES, READING, KnowledgeRecogniser

FREIGHT = "after_sales/return_freight"
INVOICE = "payment/invoice"
KNOWN = {
    "logistics/shipping_time": [
        "下单后多久发货", "几天能发货", "什么时候发出来", "发货要等多久", "多久才发货",
        "今天能发货吗",
    ],
    FREIGHT: [
        "退货运费谁出", "退货的邮费谁承担", "寄回去运费算谁的", "退货要付运费吗",
        "退回的运费你们出吗",
    ],
    INVOICE: ["怎么开发票", "发票在哪里开", "可以开电子发票吗", "发票怎么申请", "哪里能开票"],
    "after_sales/refund_time": [
        "退款多久到账", "退款几天能到", "退款要等多久", "钱什么时候退回来", "退款多久能收到",
    ],
    "request_refund": ["我要退货", "申请退款", "我想退款", "帮我办退货", "我要申请退货退款"],
    "query_logistics": ["查物流", "我的快递到哪了", "包裹到哪里了", "帮我查快递", "物流走到哪了"],
    "greet": ["你好", "您好", "在吗", "有人吗"],
    "deny": ["不要", "不用了", "算了", "不是"],
    "out_of_scope": [
        "今天天气怎么样", "放首歌听听", "明早叫我起床", "讲个笑话吧", "西红柿炒蛋怎么做",
        "股票还能买吗", "给我妈打个电话", "附近有什么好玩的",
    ],
}  # fmt: skip
TITLES = {
    "logistics/shipping_time": "下单后多久发货",
    FREIGHT: "退货运费谁出",
    INVOICE: "怎么开发票",
    "request_refund": "申请退款",
}
ASKED = {
    "发货要几天": "logistics/shipping_time",
    "退货运费是谁承担": FREIGHT,
    "哪里申请发票": INVOICE,
    "我要退款": "request_refund",
    "快递走到哪了": "query_logistics",
    "你好呀": "greet",
}
RESOURCE, PARTS_RESOURCE = Resource("recogniser"), Resource("parts")
CONTEXT = ExecutionContext(GraphSchema({}))
CONFIG = KnowledgeRecogniser.get_default_config()


def training_data() -> TrainingData:
    messages = [Message.build(text, intent=label) for label, t in KNOWN.items() for text in t]
    for message in messages:
        label = message.get("intent_response_key") or message.get("intent")
        if label in TITLES:
            message.set("metadata", {"intent": {"title": TITLES[label]}})
    return normaliser().process_training_data(TrainingData(messages))


def normaliser() -> Normaliser:
    return Normaliser({"order_number_patterns": [r"20\d{14}"]})


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> LocalModelStorage:
    return LocalModelStorage.create(tmp_path_factory.mktemp("model"))


@pytest.fixture
def empty_storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage.create(tmp_path)


class Pipeline:
    """The recogniser behind what it needs."""

    def __init__(self, recogniser: KnowledgeRecogniser, parts: Parts) -> None:
        self.recogniser = recogniser
        self._parts = parts

    def read(self, text: str, topic: str | None = None) -> Message:
        given = Message({TEXT: text, "metadata": {"topic": topic} if topic else None})
        (message,) = self.recogniser.process(self._parts.process(normaliser().process([given])))
        return message

    def candidates(self, text: str, topic: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.read(text, topic).get(CANDIDATES)
        return found

    def best(self, text: str, topic: str | None = None) -> str:
        label: str = self.candidates(text, topic)[0]["label"]
        return label


@pytest.fixture(scope="module")
def trained(storage: LocalModelStorage) -> Pipeline:
    recogniser = KnowledgeRecogniser.create(CONFIG, storage, RESOURCE, CONTEXT)
    assert recogniser.train(training_data()) == RESOURCE
    parts = Parts.create(Parts.get_default_config(), storage, PARTS_RESOURCE, CONTEXT)
    parts.train(training_data())
    return Pipeline(recogniser, parts)


def loaded(storage: LocalModelStorage) -> Pipeline:
    return Pipeline(
        KnowledgeRecogniser.load(CONFIG, storage, RESOURCE, CONTEXT),
        Parts.load(Parts.get_default_config(), storage, PARTS_RESOURCE, CONTEXT),
    )


@pytest.mark.parametrize(("text", "label"), ASKED.items())
def test_best_candidate_is_the_entry_that_was_asked_for(
    trained: Pipeline, text: str, label: str
) -> None:
    assert trained.best(text) == label


@pytest.mark.parametrize("text", [*ASKED, "今天股票怎么样", "运费", "退货，几天发货"])
def test_scores_are_probabilities_best_first(trained: Pipeline, text: str) -> None:
    scores = [candidate["score"] for candidate in trained.candidates(text)]
    assert scores == sorted(scores, reverse=True)
    assert 0 < sum(scores) <= 1 + 1e-6


@pytest.mark.parametrize("text", ["退货运费谁出", "退貨運費誰出？", " 退货 运费谁出！！"])
def test_known_phrasing_is_certain_however_it_is_spelled(trained: Pipeline, text: str) -> None:
    best, second, *_ = trained.candidates(text)
    assert (best["label"], best["score"]) == (FREIGHT, 1.0)
    assert second["score"] == 0


def test_phrasing_of_two_entries_is_not_certain_of_either(empty_storage: LocalModelStorage) -> None:
    data = training_data()
    twice = Message.build("查物流", intent="logistics/track")
    data = data.merge(normaliser().process_training_data(TrainingData([twice])))
    recogniser = KnowledgeRecogniser.create(CONFIG, empty_storage, RESOURCE, CONTEXT)
    recogniser.train(data)
    (message,) = recogniser.process(normaliser().process([Message({TEXT: "查物流"})]))
    assert message.get(CANDIDATES)[0]["score"] < 0.99


def test_candidate_carries_the_title_that_customers_see(trained: Pipeline) -> None:
    titles = {c["label"]: c["title"] for c in trained.candidates("发货的发票")}
    assert titles["logistics/shipping_time"] == "下单后多久发货"
    titles = {c["label"]: c["title"] for c in trained.candidates("你好")}
    assert titles["greet"] is None


@pytest.mark.parametrize(
    "text", ["今天股票怎么样", "放首歌", "给我讲个笑话", *KNOWN["out_of_scope"]]
)
def test_what_is_out_of_scope_is_no_candidate_and_makes_the_others_unsure(
    trained: Pipeline, text: str
) -> None:
    found = trained.candidates(text)
    assert "out_of_scope" not in {c["label"] for c in found}
    assert sum(c["score"] for c in found) < 0.5


@pytest.mark.parametrize(
    "text", ["", "？？？", "😊", "\u200b", "1111", "13800138000", "12 34", "的的的", "啊啊啊啊啊啊",
             "好好", "龘靐齉", "qwzx"]
)  # fmt: skip
def test_message_that_says_nothing_has_no_candidates(trained: Pipeline, text: str) -> None:
    message = trained.read(text)
    assert message.get(CANDIDATES) == []
    assert message.get(READING) == {"questions": [], "because": ""}


def test_single_character_that_is_known_is_read(trained: Pipeline) -> None:
    assert trained.best("退") == "request_refund"


def test_message_that_is_read_as_it_stands_needs_no_reason(trained: Pipeline) -> None:
    assert trained.read("发货要几天").get(READING) == {"questions": [], "because": ""}


@pytest.mark.parametrize("text", ["我不要退货", "我没说要退款", "别给我退款", "不是退货"])
def test_task_that_is_denied_is_not_what_is_meant(trained: Pipeline, text: str) -> None:
    assert trained.best(text) == "deny"


def test_reason_names_what_was_denied(trained: Pipeline) -> None:
    assert trained.read("我没说要退款").get(READING)["because"] == "说的是不要「退款」"


def test_what_is_asked_beside_a_denial_is_read(trained: Pipeline) -> None:
    text = "不是退货，发票怎么申请"
    assert trained.best(text) == INVOICE
    assert trained.candidates(text)[0]["score"] > 0.5


def test_two_questions_in_one_message_are_both_named(trained: Pipeline) -> None:
    questions = trained.read("发货要几天，发票怎么申请").get(READING)["questions"]
    assert [(q["label"], q["title"]) for q in questions] == [
        ("logistics/shipping_time", "下单后多久发货"),
        (INVOICE, "怎么开发票"),
    ]


def test_question_inside_a_story_is_found(trained: Pipeline) -> None:
    story = "昨天给我妈买了两箱水果听她说挺好，附近邻居也想要，想问下哪里申请发票"
    assert trained.best(story) == INVOICE
    assert trained.read(story).get(READING)["questions"] == []


def test_leaning_message_is_understood_with_what_was_answered_before(trained: Pipeline) -> None:
    text, meant = "大概几天", "after_sales/refund_time"
    alone = {c["label"]: c["score"] for c in trained.candidates(text)}
    message = trained.read(text, topic="request_refund")
    best = message.get(CANDIDATES)[0]
    assert best["label"] == meant
    assert best["score"] > 0.6 > alone[meant]
    assert "申请退款，大概几天" in message.get(READING)["because"]


@pytest.mark.parametrize("text", ["怎么开发票", "哪里申请发票", "你好呀"])
def test_other_messages_ignore_what_was_answered_before(trained: Pipeline, text: str) -> None:
    alone = trained.candidates(text)
    assert trained.candidates(text, topic="request_refund") == alone


def test_loaded_recogniser_gives_nearly_the_same_scores(
    trained: Pipeline, storage: LocalModelStorage
) -> None:
    again = loaded(storage)
    for text in (*ASKED, "下单后多久发货", "我不要退货", "今天股票怎么样"):
        before = {c["label"]: c for c in trained.candidates(text)}
        after = {c["label"]: c for c in again.candidates(text)}
        assert trained.best(text) == again.best(text)
        for label in before.keys() & after.keys():
            assert after[label]["score"] == pytest.approx(before[label]["score"], abs=0.01)
            assert after[label]["title"] == before[label]["title"]


def test_training_keeps_what_thresholds_are_chosen_from(
    trained: Pipeline, storage: LocalModelStorage
) -> None:
    with storage.read_from(RESOURCE) as folder:
        held_out = HeldOut.load(folder)
    texts = sum(len(t) for t in KNOWN.values())
    assert len(held_out.truth) == texts
    assert (held_out.truth == OUTSIDE).sum() == len(KNOWN["out_of_scope"])


@pytest.mark.parametrize("labels", [["greet"], ["greet", "out_of_scope"]])
def test_one_label_alone_trains_and_loads_without_a_classifier(
    empty_storage: LocalModelStorage, labels: list[str]
) -> None:
    data = TrainingData([Message.build(KNOWN[label][0], intent=label) for label in labels])
    recogniser = KnowledgeRecogniser.create(CONFIG, empty_storage, RESOURCE, CONTEXT)
    recogniser.train(normaliser().process_training_data(data))
    again = KnowledgeRecogniser.load(CONFIG, empty_storage, RESOURCE, CONTEXT)
    (message,) = again.process(normaliser().process([Message({TEXT: "你好"})]))
    assert message.get(CANDIDATES) == []


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
        stream = archive.extractfile(_named(files, "KnowledgeRecogniser", "classifier.json"))
        assert stream is not None
        assert "account/privacy" in json.load(stream)["labels"]


def _named(files: list[tarfile.TarInfo], *parts: str) -> tarfile.TarInfo:
    return next(member for member in files if all(part in member.name for part in parts))
