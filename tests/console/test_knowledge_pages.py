"""The knowledge base listed: by category, searched, a page at a time, and only for operators."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.console import knowledge_faults
from kefu.console.app import create_app
from kefu.knowledge.library import Library
from tests.console.knowledge_scene import INVOICE, colleague, home, operator
from tests.console.visitors import Visitor
from tests.knowledge.small_base import in_git, text_of, write

__all__ = ["colleague", "home", "operator"]

_ASKED = re.compile(r'class="asks"><a href="/knowledge/entries/([^"]+)"')


def listed(visitor: Visitor, **asked: str) -> list[str]:
    page = visitor.get("/knowledge", params=asked)
    assert page.status_code == 200
    return _ASKED.findall(page.text)


def test_all_entries_are_listed_with_what_they_say(operator: Visitor) -> None:
    page = operator.get("/knowledge").text
    assert listed(operator) == ["order/cancel", "payment/invoice", "payment/methods"]
    for text in ("怎么开发票", "在订单详情里申请发票。", "支付", ">15<"):
        assert text in page


def test_one_category_alone_is_listed(operator: Visitor) -> None:
    assert listed(operator, category="order") == ["order/cancel"]
    assert listed(operator, category="gone") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("发票", ["payment/invoice"]),
        ("發票", ["payment/invoice"]),
        ("报销", ["payment/invoice"]),  # a keyword
        ("银行卡", ["payment/methods"]),  # of the answer
        ("fapiao", ["payment/invoice"]),
        ("kfp", ["payment/invoice"]),
        ("支付 方式", ["payment/methods"]),
        ("方式支付", ["payment/methods"]),  # the same pairs of letters in another order
        ("区块链", []),
        ("？", []),
    ],
)
def test_entries_are_found_as_one_types(operator: Visitor, query: str, found: list[str]) -> None:
    assert listed(operator, q=query) == found


def test_the_list_does_not_wait_until_a_large_base_is_looked_through(
    operator: Visitor, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "order", text_of(home, "order").replace("      - 怎么取消订单甲问\n", ""))
    looked, look = threading.Event(), knowledge_faults._faults

    def slowly(known: Library) -> knowledge_faults.Faults:
        looked.wait()
        return look(known)

    monkeypatch.setattr(knowledge_faults, "_faults", slowly)
    assert listed(operator) == ["order/cancel", "payment/invoice", "payment/methods"]
    looked.set()
    assert listed(operator, show="faults") == ["order/cancel"]


def test_who_finds_nothing_can_begin_an_entry_with_it(operator: Visitor) -> None:
    page = operator.get("/knowledge", params={"q": "能预约吗"}).text
    assert "没有找到「能预约吗」" in page
    link = re.search(r'href="(/knowledge/new\?question=[^"]+)"', page)
    assert link is not None
    assert 'name="question" value="能预约吗"' in operator.get(link[1]).text


def test_the_list_alone_is_sent_while_one_types(operator: Visitor) -> None:
    part = operator.get("/knowledge", params={"q": "发票"}, headers={"HX-Request": "true"}).text
    assert "<html" not in part and _ASKED.findall(part) == ["payment/invoice"]


def test_problems_are_named_and_can_be_listed(operator: Visitor, home: Path) -> None:
    assert listed(operator, show="faults") == []
    in_git(home, "payment", "支持微信支付和银行卡。", "全网最低价。")
    in_git(home, "payment", "怎么开发票甲问", "怎么取消订单乙问")
    in_git(home, "order", "[怎么开发票]", "[怎么报税]")
    page = operator.get("/knowledge", params={"show": "faults"}).text
    assert _ASKED.findall(page) == ["order/cancel", "payment/invoice", "payment/methods"]
    for name in ("答案有误", "与别的条目冲突", "按钮失效"):
        assert name in page
    in_git(home, "payment", "全网最低价。", "支持银行卡。")
    assert listed(operator, show="faults") == ["order/cancel", "payment/invoice"]


def test_what_no_model_knows_yet_is_marked(operator: Visitor) -> None:
    assert "未发布" in operator.get("/knowledge").text
    assert len(listed(operator, show="unpublished")) == 3


def test_a_long_list_comes_in_pages(operator: Visitor, home: Path) -> None:
    entries = "".join(
        f"  - id: e{n}\n    question: 问题{n}\n    answer: 好。\n    similar: []\n"
        for n in range(120)
    )
    write(home, "many", f"category: many\ntitle: 很多\nentries:\n{entries}")
    first, last = listed(operator, category="many"), listed(operator, category="many", page="3")
    assert (len(first), len(last)) == (50, 20)
    assert last[-1] == "many/e119"
    assert listed(operator, category="many", page="9") == last
    assert listed(operator, category="many", page="x") == first


def test_html_in_a_search_and_in_entries_stays_text(operator: Visitor, home: Path) -> None:
    evil = "<script>alert(1)</script>"
    in_git(home, "payment", "answer: 支持微信支付和银行卡。", f"answer: '{evil}'")
    page = operator.get("/knowledge", params={"q": evil}).text
    assert evil not in page and evil not in operator.get("/knowledge").text


def test_files_that_cannot_be_read_are_told_with_their_place(operator: Visitor, home: Path) -> None:
    write(home, "payment", text_of(home, "payment").replace("title: 支付", "titel: 支付"))
    for path in ("/knowledge", f"/knowledge/entries/{INVOICE}", "/knowledge/history"):
        page = operator.get(path)
        assert page.status_code == 503
        assert "payment.yml" in page.text and "titel" in page.text


PATHS = [
    "/knowledge",
    "/knowledge/new",
    f"/knowledge/entries/{INVOICE}",
    f"/knowledge/entries/{INVOICE}/delete",
    "/knowledge/categories",
    "/knowledge/history",
    "/knowledge/questions",
    "/knowledge/try?q=发票",
]
POSTS = [
    "/knowledge/new",
    "/knowledge/check",
    f"/knowledge/entries/{INVOICE}",
    f"/knowledge/entries/{INVOICE}/delete",
    "/knowledge/categories/payment",
    "/knowledge/history/x/undo",
]


@pytest.fixture
def agent(home: Path) -> Iterator[Visitor]:
    with Visitor(create_app(with_duties=False)) as visitor:
        visitor.becomes("wang", "小王", "agent")
        yield visitor


def test_agents_neither_see_nor_change_the_knowledge_base(agent: Visitor, home: Path) -> None:
    assert [agent.get(path).status_code for path in PATHS] == [403] * len(PATHS)
    assert [agent.submits(path).status_code for path in POSTS] == [403] * len(POSTS)
    assert "知识库" not in agent.get("/me").text


def test_a_form_of_another_site_changes_nothing(operator: Visitor) -> None:
    assert [operator.post(path, data={}).status_code for path in POSTS] == [403] * len(POSTS)
