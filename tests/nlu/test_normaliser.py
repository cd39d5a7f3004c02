"""The spelling that recognition works on, beside the text as it was typed."""

from __future__ import annotations

import pytest
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.normaliser import NORMALISED, Normaliser


@pytest.fixture
def normaliser() -> Normaliser:
    return Normaliser(
        {**Normaliser.get_default_config(), "order_number_patterns": [r"20\d{14,16}"]}
    )


def test_text_stays_and_its_normal_spelling_is_added(normaliser: Normaliser) -> None:
    message = Message({TEXT: "我的訂單 ＶＩＰ？😊"})
    normaliser.process([message])
    assert message.get(TEXT) == "我的訂單 ＶＩＰ？😊"
    assert message.get(NORMALISED) == "我的订单vip?"


def test_every_order_number_reads_the_same(normaliser: Normaliser) -> None:
    messages = [
        Message({TEXT: text})
        for text in ("查2026110312345678到哪了", "查２０２５０１０２８７６５４３２１到哪了")
    ]
    one, other = normaliser.process(messages)
    assert one.get(NORMALISED) == other.get(NORMALISED)
    assert not any(character.isdigit() for character in one.get(NORMALISED))


def test_message_without_text_is_left_alone(normaliser: Normaliser) -> None:
    message = Message({"intent": "greet"})
    normaliser.process([message])
    assert message.get(NORMALISED) is None


def test_training_examples_are_normalised_alike(normaliser: Normaliser) -> None:
    data = TrainingData([Message.build("退貨運費誰出", intent="after_sales/return_freight")])
    (example,) = normaliser.process_training_data(data).training_examples
    assert example.get(NORMALISED) == "退货运费谁出"
