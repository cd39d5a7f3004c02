"""Entries that are taken for each other, and what is done against it."""

from __future__ import annotations

import time
from pathlib import Path

from kefu.loop import acts
from kefu.loop.reviews import judge
from kefu.loop.sampling import answers_between
from tests.console.loop_scene import app, operator, shop, when_there
from tests.console.visitors import Visitor
from tests.knowledge.small_base import ORDER, in_git, says, write
from tests.loop import said

__all__ = ["app", "operator", "shop"]
PAGE = "/unrecognised/mixups"
INVOICE, METHODS, CANCEL = "payment/invoice", "payment/methods", "order/cancel"


def picks(text: str, offered: str, picked: str, who: str = "c1", at: float = 0.0) -> None:
    said.ask(text, "options", at, who, offered)
    said.ask("选", "picked", at + 5, who, picked)


def page(visitor: Visitor) -> str:
    return when_there(visitor, PAGE)


def test_pairs_come_from_picked_options_and_reviews_with_examples(operator: Visitor) -> None:
    picks("要票 13812345678", METHODS, INVOICE)
    picks("能开票不", METHODS, INVOICE, who="c2")
    picks("怎么付款", METHODS, METHODS, who="c3")  # the first one was right
    said.ask("不要了", "answered", who="c4", label=INVOICE)
    now = time.time()
    (answer,) = (a for a in answers_between(said.NOW, now) if a.conversation == "c4")
    judge(answer, "should_be", CANCEL, "li", now)
    shown = page(operator)
    assert shown.index("「支持哪些支付方式」→ 应为「怎么开发票」") < shown.index(
        "应为「怎么取消订单」"
    )
    assert "顾客点选 2" in shown and "抽查 1" in shown
    assert "要票 〔手机号〕" in shown and "13812345678" not in shown
    assert "→ 应为「支持哪些支付方式」" not in shown


def test_customers_words_are_added_to_the_right_entry_and_taken_back(
    operator: Visitor, shop: Path
) -> None:
    picks("能开票不", METHODS, INVOICE)
    assert "建议：多加几种问法" in page(operator)
    told = operator.submits(f"{PAGE}/add", right=INVOICE, text="能开票不").text
    assert "已把 1 句加到「怎么开发票」" in told and "小李" in told and "处理过" in told
    assert says(shop, INVOICE).similar[-1] == "能开票不"
    headers = {"HX-Request": "true"}
    data = {"csrf": operator.csrf, "act": acts.acts()[0].id}
    operator.post("/unrecognised/undo", data=data, headers=headers)
    assert "能开票不" not in says(shop, INVOICE).similar


def test_entries_with_the_same_answer_are_merged_as_one_change(
    operator: Visitor, shop: Path
) -> None:
    in_git(shop, "payment", "支持微信支付和银行卡。", "请在订单详情里申请发票。")
    picks("能开票不", METHODS, INVOICE)
    assert "建议：合并成一个条目" in page(operator)
    form = operator.get(f"{PAGE}/merge", params={"kept": INVOICE, "gone": METHODS}).text
    assert "在订单详情里申请发票。</textarea>" in form
    before = says(shop, INVOICE)
    refused = operator.submits(f"{PAGE}/merge", kept=INVOICE, gone=METHODS, answer="长" * 101)
    assert refused.status_code == 422 and "至多 100 个" in refused.text
    told = operator.submits(f"{PAGE}/merge", kept=INVOICE, gone=METHODS, answer="申请就行。")
    assert "已合并成「怎么开发票」" in told.text
    merged = says(shop, INVOICE)
    assert merged.answer == "申请就行。" and "支持哪些支付方式" in merged.similar
    assert len(merged.similar) == 2 * len(before.similar) + 1
    assert (
        operator.get(f"{PAGE}/merge", params={"kept": INVOICE, "gone": METHODS}).status_code == 404
    )
    operator.submits("/unrecognised/undo", act=acts.acts()[0].id)
    assert says(shop, INVOICE) == before and says(shop, METHODS).question == "支持哪些支付方式"


def test_entry_that_a_button_of_another_asks_for_is_not_merged_away(
    operator: Visitor, shop: Path
) -> None:
    refused = operator.submits(f"{PAGE}/merge", kept=METHODS, gone=INVOICE, answer="都在这里。")
    assert refused.status_code == 422 and "的按钮「怎么开发票」指向它" in refused.text
    assert "都在这里。</textarea>" in refused.text
    assert says(shop, INVOICE).question == "怎么开发票"


def test_entry_whose_neighbours_are_elsewhere_is_moved_there(operator: Visitor, shop: Path) -> None:
    names = ["改收件人", "改手机号", "改规格", "改数量"]
    entries = "".join(
        f"  - id: change_{n}\n    question: 订单怎么{name}\n    answer: 第{n}种。\n"
        f"    similar: [订单想{name}, 订单能不能{name}]\n"
        for n, name in enumerate(names)
    )
    write(shop, "order", ORDER + entries)
    moved = "  - id: change_address\n    question: 订单怎么改地址\n    answer: 点修改地址。\n"
    moved += "    similar: [想改地址]\n"
    in_git(shop, "payment", "  # 银行卡", f"{moved}  # 银行卡")
    picks("地址错了", "order/change_0", "payment/change_address")
    shown = page(operator)
    assert "建议：换个分类" in shown and "移到「订单」" in shown
    told = operator.submits(f"{PAGE}/move", right="payment/change_address", category="order").text
    assert "已移动「订单怎么改地址」" in told
    assert says(shop, "order/change_address").similar == ("想改地址",)
    operator.submits("/unrecognised/undo", act=acts.acts()[0].id)
    assert says(shop, "payment/change_address").answer == "点修改地址。"


def test_without_mixups_the_page_says_so(operator: Visitor) -> None:
    assert "没有发现混淆的条目" in page(operator)
