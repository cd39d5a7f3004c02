"""The history of the knowledge base in the browser, and taking changes back; categories too."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from kefu.console.knowledge_history_view import marked
from kefu.knowledge import editing
from kefu.knowledge.editing import open_entry, save
from kefu.knowledge.undoing import recent_changes
from tests.console.knowledge_scene import (
    INVOICE,
    METHODS,
    colleague,
    form_of,
    home,
    operator,
)
from tests.console.visitors import Visitor
from tests.knowledge.small_base import ENDINGS, PAYMENT, changed, says, text_of

__all__ = ["colleague", "home", "operator"]

_UNDO = re.compile(r'action="(/knowledge/history/[^"]+/undo)"')


def answered(home: Path, text: str, by: str = "lan", label: str = INVOICE) -> str:
    change = save(home, changed(open_entry(home, label), answer=text), by, 1.0).change
    assert change is not None
    return change


def test_the_history_says_who_changed_what(
    operator: Visitor, colleague: Visitor, home: Path
) -> None:
    answered(home, "在订单详情里申请电子发票。")
    answered(home, "支持微信支付。", "git-user", METHODS)
    page = operator.get("/knowledge/history").text
    assert "小兰" in page and "git-user" in page
    assert "在订单详情里申请<ins>电子</ins>发票。" in page
    mine = operator.get("/knowledge/history", params={"label": INVOICE}).text
    assert "小兰" in mine and "git-user" not in mine


def test_items_of_lists_are_told_that_came_and_went(operator: Visitor, home: Path) -> None:
    draft = open_entry(home, INVOICE)
    similar = (*draft.entry.similar[1:], "开张票")
    save(home, changed(draft, similar=similar), "mei", 1.0)
    page = operator.get("/knowledge/history").text
    assert f"<del>{draft.entry.similar[0]}</del>" in page and "<ins>开张票</ins>" in page
    assert draft.entry.similar[1] not in page


def test_texts_that_have_little_in_common_are_shown_whole() -> None:
    assert list(marked("支持微信支付和银行卡。", "到门店来问")) == [
        ("out", "支持微信支付和银行卡。"),
        ("in", "到门店来问"),
    ]
    assert list(marked("", "新的")) == [("in", "新的")]


def test_a_change_is_taken_back_with_one_press(operator: Visitor, home: Path) -> None:
    answered(home, "第二版。")
    (undo,) = _UNDO.findall(operator.get("/knowledge/history").text)
    done = operator.submits(undo)
    assert "已撤销" in done.text and text_of(home, "payment") == PAYMENT
    newest = recent_changes(home)[0]
    assert (newest.kind, newest.author) == ("undo", "mei")
    again = operator.submits(undo)
    assert again.status_code == 409 and "已经撤销过" in again.text


def test_what_cannot_be_taken_back_is_offered_to_be_looked_at(
    operator: Visitor, home: Path
) -> None:
    similar = (*says(home, INVOICE).similar, "开张票")
    first = save(
        home, changed(open_entry(home, INVOICE), answer="第二版。", similar=similar), "lan", 1.0
    ).change
    answered(home, "第三版。")
    refused = operator.submits(f"/knowledge/history/{first}/undo")
    assert refused.status_code == 409 and "答案之后又改过" in refused.text
    link = re.search(r'href="(/knowledge/entries/[^"]+\?from=[^"]+)"', refused.text)
    assert link is not None
    page = operator.get(link[1])
    assert "还没有保存" in page.text
    assert form_of(page)["answer"] == ["在订单详情里申请发票。"]
    assert len(form_of(page)["similar"]) == len(ENDINGS)
    assert says(home, INVOICE).answer == "第三版。"


def test_an_unknown_change_is_told(operator: Visitor) -> None:
    page = operator.submits("/knowledge/history/none/undo")
    assert page.status_code == 409 and "没有这次修改" in page.text


def test_a_long_history_comes_in_pages(operator: Visitor, home: Path) -> None:
    for number in range(30):
        answered(home, f"第{number}版的答案。")
    first = operator.get("/knowledge/history").text
    assert first.count('class="card change"') == 25 and "更早的" in first
    assert operator.get("/knowledge/history?page=2").text.count('class="card change"') == 5
    assert operator.get("/knowledge/history?page=x").status_code == 200


def test_html_in_the_history_stays_text(operator: Visitor, home: Path) -> None:
    answered(home, "<script>alert(1)</script>", "<b>me</b>")
    page = operator.get("/knowledge/history").text
    assert "<script>alert" not in page and "<b>me" not in page


def test_a_move_with_a_change_is_told_as_both_places(operator: Visitor, home: Path) -> None:
    draft = replace(changed(open_entry(home, METHODS), answer="新的。"), category="order")
    save(home, draft, "mei", 1.0)
    page = operator.get("/knowledge/history", params={"label": "order/methods"}).text
    assert "移动" in page and "订单" in page and "支付" in page


def test_a_category_gets_another_name_and_the_old_one_back(operator: Visitor, home: Path) -> None:
    page = operator.submits("/knowledge/categories/payment", title="付款")
    assert "已改名" in page.text
    assert text_of(home, "payment") == PAYMENT.replace("title: 支付", "title: 付款")
    history = operator.get("/knowledge/history").text
    assert "<del>支付</del> <ins>付款</ins>" in history
    operator.submits(_UNDO.findall(history)[0])
    assert text_of(home, "payment") == PAYMENT


@pytest.mark.parametrize("title", ["", " ", "字" * 21, "订单"])
def test_a_name_that_cannot_be_is_told_and_kept(operator: Visitor, home: Path, title: str) -> None:
    page = operator.submits("/knowledge/categories/payment", title=title)
    assert page.status_code == 422 and 'role="alert"' in page.text
    assert f'value="{title.strip()}"' in page.text
    assert text_of(home, "payment") == PAYMENT


def test_a_category_that_is_gone_is_told(operator: Visitor) -> None:
    assert operator.submits("/knowledge/categories/gone", title="新").status_code == 422


def test_categories_are_listed_with_how_much_is_in_them(operator: Visitor, home: Path) -> None:
    page = operator.get("/knowledge/categories").text
    assert "2 条" in page and "1 条" in page
    editing.rename(home, "order", "<b>订单</b>", "mei", 1.0)
    assert "<b>订单" not in operator.get("/knowledge/categories").text
