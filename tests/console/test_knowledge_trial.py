"""A customer's question is tried on the model in service, and told in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from kefu.environment import environment
from tests.console.knowledge_scene import INVOICE, METHODS, home, operator
from tests.console.test_suggestions import rasa
from tests.console.visitors import Visitor
from tests.shop.conftest import free_port

__all__ = ["home", "operator"]


def says(outcome: str, *found: tuple[str, float], options: Any = ()) -> Callable[..., Any]:
    candidates = [{"label": label, "score": score} for label, score in found]
    answer = {"candidates": candidates, "outcome": outcome, "options": list(options)}
    return lambda seen: (200, answer)


def tried(operator: Visitor, text: str = "能开票吗") -> str:
    page = operator.get("/knowledge/try", params={"q": text}, headers={"HX-Request": "true"})
    assert page.status_code == 200
    return page.text


def test_a_sure_answer_is_told(operator: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    with rasa(monkeypatch, says("answer", (INVOICE, 0.93), (METHODS, 0.04))) as stub:
        text = tried(operator)
    assert "会直接回答" in text and "很有把握（93 分）" in text
    assert f'href="/knowledge/entries/{INVOICE}"' in text
    assert text.count('class="chosen"') == 1
    (seen,) = stub.seen
    assert json.loads(seen.body) == {"text": "能开票吗"}


def test_options_and_what_is_no_entry_are_told(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ((INVOICE, 0.3), ("query_logistics", 0.25), ("greet", 0.1), ("payment/gone", 0.05))
    with rasa(monkeypatch, says("options", *found, options=(INVOICE, "query_logistics"))):
        text = tried(operator)
    for words in ("会让顾客点选", "查物流", "闲聊", "已经删除或移走的条目", "不太确定"):
        assert words in text
    assert text.count('class="chosen"') == 2


def test_what_is_not_understood_is_told(operator: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    with rasa(monkeypatch, says("not_recognised", (INVOICE, 0.001))):
        text = tried(operator)
    assert "听不懂" in text and "没有一个条目像这个问题" in text


@pytest.mark.parametrize("answer", [(503, {}), (200, b"no json")])
def test_an_assistant_that_does_not_answer_is_told(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, Any]
) -> None:
    with rasa(monkeypatch, lambda seen: answer):
        assert "现在问不到助手" in tried(operator)


@pytest.mark.parametrize("answer", [[], {"candidates": [{"label": 1}]}, {"candidates": None}])
def test_an_answer_that_makes_no_sense_is_told(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    with rasa(monkeypatch, lambda seen: (200, answer)):
        assert "读不懂" in tried(operator)


def test_while_rasa_is_away_that_is_told(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_RASA_PORT", str(free_port()))
    environment.cache_clear()
    assert "现在问不到助手" in tried(operator, "<script>alert(1)</script>")
    page = operator.get("/knowledge/try", params={"q": "<script>alert(1)</script>"})
    assert "<script>alert" not in page.text and "问不到助手" in page.text


def test_without_a_question_nothing_is_asked(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rasa(monkeypatch, says("answer")) as stub:
        assert operator.get("/knowledge/try", params={"q": " "}).status_code == 200
    assert stub.seen == []
