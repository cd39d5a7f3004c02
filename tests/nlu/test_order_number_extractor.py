"""Order numbers as entities, whatever way they are typed."""

from __future__ import annotations

import pytest
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.nlu.order_number_extractor import OrderNumberExtractor

CONFIG = {"entity": "order_no", "order_number_patterns": [r"20\d{14,16}", r"[A-Z]{2,4}\d{10,16}"]}


def entities(text: str) -> list[dict[str, object]]:
    message = Message({TEXT: text})
    OrderNumberExtractor(CONFIG).process([message])
    found: list[dict[str, object]] = message.get(ENTITIES)
    return found


@pytest.mark.parametrize(
    ("text", "value", "typed"),
    [
        ("2026110312345678", "2026110312345678", "2026110312345678"),
        ("查一下2026110312345678到哪了", "2026110312345678", "2026110312345678"),
        (
            "单号：２０２６１１０３１２３４５６７８",
            "2026110312345678",
            "２０２６１１０３１２３４５６７８",
        ),
        ("我的是2026 1103 1234 5678，谢谢", "2026110312345678", "2026 1103 1234 5678"),
        ("2026-1103-1234-5678", "2026110312345678", "2026-1103-1234-5678"),
        ("快递sf1234567890123没动", "SF1234567890123", "sf1234567890123"),
        ("SF 1234567890123", "SF1234567890123", "SF 1234567890123"),
    ],
)
def test_number_is_found_as_the_shop_writes_it(text: str, value: str, typed: str) -> None:
    (entity,) = entities(text)
    assert (entity["entity"], entity["value"]) == ("order_no", value)
    assert text[entity["start"] : entity["end"]] == typed  # type: ignore[misc]


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "99999",
        "我买了2026个",
        "1202611031234567890",
        "没有单号",
        "x20261103123456789",
    ],
)
def test_other_numbers_are_none(text: str) -> None:
    assert entities(text) == []


def test_every_number_is_found_in_order() -> None:
    found = entities("不是2026110312345678，是2026110487654321")
    assert [entity["value"] for entity in found] == ["2026110312345678", "2026110487654321"]


def test_other_entities_are_kept() -> None:
    message = Message({TEXT: "2026110312345678", ENTITIES: [{"entity": "city", "value": "上海"}]})
    OrderNumberExtractor(CONFIG).process([message])
    assert [entity["entity"] for entity in message.get(ENTITIES)] == ["city", "order_no"]
