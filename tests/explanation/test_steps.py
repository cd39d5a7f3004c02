"""What is told of a text before it is recognised."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource

from kefu.explanation.steps import readable, steps
from kefu.explanation.traced_wording import TracedWording
from kefu.normalise import normalise
from kefu.order_numbers import PLACEHOLDER, OrderNumberFinder

NUMBERS = OrderNumberFinder([r"20\d{14,16}"])
SYNONYMS = {"退费": "退款", "refund": "退款", "红利点数": "积分", "点数": "积分"}
WORDS = {"退款": 9, "我": 5, "要": 5, "好": 3}


@pytest.fixture
def wording(tmp_path: Path) -> TracedWording:
    storage, resource = LocalModelStorage(tmp_path), Resource("wording")
    return TracedWording({"pinyin": True}, storage, resource, SYNONYMS, WORDS)


def told(text: str, wording: TracedWording) -> list[tuple[str, str, tuple[str, ...]]]:
    spelled = normalise(NUMBERS.replace(text, PLACEHOLDER))
    return [(step.name, step.text, step.changes) for step in steps(text, spelled, wording)]


@pytest.mark.parametrize("text", ["怎么退款", "退款，多久到账？"])
def test_text_that_stays_as_it_is_has_no_steps(wording: TracedWording, text: str) -> None:
    assert told(text, wording) == []


@pytest.mark.parametrize(
    ("text", "read", "change"),
    [
        ("退貨", "退货", "繁体→简体"),
        ("ＶＩＰ怎么升级", "vip怎么升级", "全角→半角"),
        ("VIP怎么升级", "vip怎么升级", "大写→小写"),
        ("怎么退款😊", "怎么退款", "去掉表情"),
        ("怎么退款[微笑]", "怎么退款", "去掉表情"),
        ("退\u200b款", "退款", "去掉不可见的字符"),
        ("快快快快发货", "快快发货", "重复的字只留两个"),
        ("订单2026110412345678", "订单〔单号〕", "单号→〔单号〕"),
    ],
)
def test_change_of_spelling_is_named(
    wording: TracedWording, text: str, read: str, change: str
) -> None:
    [(name, after, changes)] = told(text, wording)
    assert (name, after) == ("统一写法", read)
    assert change in changes


def test_long_text_is_said_to_be_cut(wording: TracedWording) -> None:
    [(_, _, changes)] = told("退款" * 200, wording)
    assert any("300" in change for change in changes)


def test_replaced_words_are_named_with_what_they_became(wording: TracedWording) -> None:
    spelling, words = told("退費換紅利點數", wording)
    assert spelling == ("统一写法", "退费换红利点数", ("繁体→简体",))
    # Not 点数: the longest variant is what was replaced.
    assert words == ("换词", "退款换积分", ("同义词 退费→退款", "同义词 红利点数→积分"))


def test_pinyin_is_told_from_synonyms(wording: TracedWording) -> None:
    [words] = told("woyaotuikuan，refund", wording)
    assert words == ("换词", "我要退款,退款", ("同义词 refund→退款", "拼音 woyaotuikuan→我要退款"))


def test_sign_for_a_number_never_shows() -> None:
    assert PLACEHOLDER not in readable(f"订单{PLACEHOLDER}")
