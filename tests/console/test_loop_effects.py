"""What came of what was done: waiting for a publishing, in service, asked and answered since."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from kefu.console import loop_effects
from kefu.loop import acts, doing
from kefu.publishing import history
from kefu.publishing.entries import EntryDifference
from kefu.publishing.history import Publication
from tests.console.loop_scene import TICKET, app, operator, shop, when_there
from tests.console.visitors import Visitor
from tests.loop import said

__all__ = ["app", "operator", "shop"]
PAGE = "/unrecognised/done"
INVOICE = "payment/invoice"


@pytest.fixture
def added(shop: Path) -> acts.Act:
    """Let a phrasing be added, an hour ago."""
    said.NOW = time.time() - 3600
    return doing.add_phrasings(shop, INVOICE, [TICKET], "li", said.NOW)


def publish(at: float, model: str = "b.tar.gz", kind: str = "publish") -> None:
    changes = (EntryDifference(INVOICE, "怎么开发票", "changed", ("similar",)),)
    history.note(Publication(at, "li", kind, model, changes=changes))  # type: ignore[arg-type]


def page(visitor: Visitor) -> str:
    return when_there(visitor, PAGE)


def test_before_publishing_it_waits_and_leads_there(operator: Visitor, added: acts.Act) -> None:
    shown = page(operator)
    assert "加为相似问法：怎么开发票" in shown and "待发布" in shown and "小李" in shown
    assert "1 项还没有发布" in shown and 'href="/publishing"' in shown


def test_after_publishing_it_tells_how_often_it_was_asked_and_answered(
    operator: Visitor, added: acts.Act
) -> None:
    publish(added.at + 60)
    said.ask(TICKET, "not_recognised", at=30)  # before it was in service
    said.ask(f"你好，{TICKET}？", "answered", at=100, who="c2", label=INVOICE)
    said.ask(f"请问{TICKET}", "not_recognised", at=200, who="c3")
    said.ask(TICKET, "answered", at=300, who="c4", label=INVOICE, test=True)
    said.ask("别的", "answered", at=400, who="c5", label=INVOICE)
    shown = page(operator)
    assert "已发布" in shown and "待发布" not in shown
    assert "问了 <strong>2</strong> 次，<strong>1</strong> 次由这个条目回答了" in shown


def test_publication_that_does_not_know_of_it_changes_nothing(
    operator: Visitor, added: acts.Act
) -> None:
    publish(added.at - 60)
    assert "待发布" in page(operator)


def test_after_going_back_to_the_former_model_it_waits_again(
    operator: Visitor, added: acts.Act
) -> None:
    publish(added.at - 60, "a.tar.gz")
    publish(added.at + 60, "b.tar.gz")
    assert "已发布" in page(operator)
    history.note(Publication(added.at + 120, "li", "rollback", "a.tar.gz"))
    assert "待发布" in page(operator)


def test_it_is_taken_back_here_too(operator: Visitor, added: acts.Act) -> None:
    headers = {"HX-Request": "true"}
    data = {"csrf": operator.csrf, "act": added.id}
    told = operator.post("/unrecognised/undo", data=data, headers=headers).text
    assert "已撤销「加为相似问法」" in told
    assert "小李 已撤销" in page(operator)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"outcome": "answer", "candidates": [{"label": INVOICE}]}, "✔ 会回答「怎么开发票」"),
        ({"outcome": "answer", "candidates": [{"label": "order/cancel"}]}, "✘ 会回答「怎么取消"),
        ({"outcome": "options", "candidates": [], "options": [INVOICE]}, "其中有这个条目"),
        ({"outcome": "options", "candidates": [], "options": []}, "其中没有这个条目"),
        ({"outcome": "not_recognised", "candidates": []}, "✘ 听不懂"),
        ({}, "助手的回答读不懂"),
        (None, "现在问不到助手"),
    ],
)
def test_trying_it_tells_what_the_model_in_service_makes_of_it(
    operator: Visitor, added: acts.Act, monkeypatch: pytest.MonkeyPatch, answer: Any, told: str
) -> None:
    async def model_says(text: str, seconds: float) -> Any:
        return answer if text == TICKET else None

    monkeypatch.setattr(loop_effects, "model_says", model_says)
    assert told in operator.get(f"{PAGE}/try", params={"act": added.id}).text


def test_act_that_is_not_known_cannot_be_tried(operator: Visitor) -> None:
    assert operator.get(f"{PAGE}/try", params={"act": "ffffffff"}).status_code == 404


def test_words_of_customers_are_not_readable_in_the_file(shop: Path, added: acts.Act) -> None:
    file = shop.parent / "var" / acts.FILE
    assert TICKET not in file.read_text() and acts.acts()[0].texts == (TICKET,)
    assert file.stat().st_mode & 0o077 == 0
