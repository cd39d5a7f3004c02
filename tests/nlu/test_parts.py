"""What is read of a message beside the whole of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.normaliser import NORMALISED
from kefu.nlu.parts import KIND, Parts, leans_on_the_one_before, parts_of, with_parts
from kefu.normalise import normalise

RESOURCE, CONTEXT = Resource("parts"), ExecutionContext(GraphSchema({}))
TOPIC = "after_sales/return_how"
TITLE = "怎么退货"


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage(tmp_path)


@pytest.fixture
def component(storage: LocalModelStorage) -> Parts:
    made = Parts.create(Parts.get_default_config(), storage, RESOURCE, CONTEXT)
    asked = Message.build(TITLE, intent=TOPIC)
    asked.set("metadata", {"intent": {"title": TITLE}})
    assert made.train(TrainingData([asked, Message.build("你好", intent="greet")])) == RESOURCE
    return made


def parts(component: Parts, text: str, topic: str | None = None) -> list[tuple[str, str]]:
    metadata = {"topic": topic} if topic else None
    message = Message({TEXT: text, NORMALISED: normalise(text), "metadata": metadata})
    component.process([message])
    return [(part.get(KIND), part.get(NORMALISED)) for part in parts_of(message)]


def clauses(component: Parts, text: str) -> list[str]:
    return [text for kind, text in parts(component, text) if kind == "clause"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("怎么开发票", []),
        ("运费多少，支持七天无理由吗？", ["运费多少", "支持七天无理由吗"]),
        ("昨天买的。地址写错了；能改吗", ["昨天买的", "地址写错了", "能改吗"]),
        # A greeting is no clause, and hides none.
        ("你好，怎么开发票", ["怎么开发票"]),
        ("在吗 亲，我想退货", ["我想退货"]),
        ("你好在吗怎么开发票", ["怎么开发票"]),
        ("嗯，好，怎么开发票", ["怎么开发票"]),
        ("怎么退款，还有多久能发货", ["怎么退款", "多久能发货"]),
        ("怎么退款。另外发票怎么开", ["怎么退款", "发票怎么开"]),
        ("？？？", []),
        ("", []),
    ],
)
def test_message_is_divided_into_clauses(component: Parts, text: str, expected: list[str]) -> None:
    assert clauses(component, text) == expected


def test_of_a_long_story_the_beginning_and_the_end_are_read(component: Parts) -> None:
    story = "，".join(f"第{number}句话" for number in "一二三四五六七八九")
    assert clauses(component, story) == [f"第{number}句话" for number in "一二六七八九"]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("不是退款，我要换货", [("rest", ",我要换货")]),
        ("我不要退货，快递到哪了", [("rest", ",快递到哪了")]),
        # Nothing to read is left.
        ("我不要退货", []),
        ("别催了。", []),
        ("要不要退货，我想想", []),
    ],
)
def test_what_remains_without_the_denial_is_read(
    component: Parts, text: str, rest: list[tuple[str, str]]
) -> None:
    assert [part for part in parts(component, text) if part[0] == "rest"] == rest


@pytest.mark.parametrize(
    "text",
    [
        "运费呢", "运费呢？", "那要多久", "那开错了呢", "那运费谁出", "那会过期吗", "多久",
        "要几天", "大概几天能到", "什么时候到", "多少钱", "需要多少钱？", "在哪里", "谁出",
        "要钱吗", "为什么", "怎么操作", "那么多久", "然后呢", "还有呢", "所以要多久",
    ],
)  # fmt: skip
def test_message_that_says_nothing_alone_leans_on_the_one_before(text: str) -> None:
    assert leans_on_the_one_before(normalise(text))


@pytest.mark.parametrize(
    "text",
    [
        "怎么开发票", "怎么退货", "谢谢", "转人工", "你好", "我的退款怎么还没到呢",
        "那个快递到哪了", "那些券怎么用", "那边怎么走", "那里可以用吗", "那样可以吗",
        "退款什么时候到账", "",
    ],
)  # fmt: skip
def test_message_that_stands_on_its_own_does_not(text: str) -> None:
    assert not leans_on_the_one_before(normalise(text))


def test_leaning_message_is_read_with_the_question_before_it(component: Parts) -> None:
    assert parts(component, "运费呢", TOPIC) == [("follow_up", f"{TITLE}，运费呢")]
    assert parts(component, "多久", TOPIC) == [("follow_up", f"{TITLE}，多久")]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("运费呢", None),
        # What was answered has no title, or is not known to this model.
        ("运费呢", "greet"),
        ("运费呢", "gone/entry"),
        ("怎么开发票", TOPIC),
    ],
)
def test_other_messages_are_read_alone(component: Parts, text: str, topic: str | None) -> None:
    assert parts(component, text, topic) == []


def test_message_without_text_has_no_parts(component: Parts) -> None:
    message = Message({"intent": "greet"})
    assert component.process([message]) == [message]
    assert parts_of(message) == []


def test_components_after_it_see_messages_and_parts(component: Parts) -> None:
    one = Message({NORMALISED: "怎么退款，多久到账"})
    other = Message({NORMALISED: "你好"})
    seen = [m.get(NORMALISED) for m in with_parts(component.process([one, other]))]
    assert seen == ["怎么退款，多久到账", "怎么退款", "多久到账", "你好"]


def test_loaded_component_knows_the_titles(component: Parts, storage: LocalModelStorage) -> None:
    loaded = Parts.load(Parts.get_default_config(), storage, RESOURCE, CONTEXT)
    assert parts(loaded, "运费呢", TOPIC) == [("follow_up", f"{TITLE}，运费呢")]
