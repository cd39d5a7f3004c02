"""An entry is opened, checked while one types, saved, moved and removed; nothing gets lost."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kefu.console.knowledge_form import taken_value
from kefu.knowledge import checks, editing
from kefu.knowledge.editing import open_entry
from kefu.knowledge.model import FOLDER
from kefu.knowledge.others import Taken
from kefu.knowledge.undoing import history_of, recent_changes
from tests.console.knowledge_scene import (
    CANCEL,
    INVOICE,
    METHODS,
    colleague,
    entry_page,
    form_of,
    home,
    operator,
    sends,
)
from tests.console.visitors import Visitor
from tests.knowledge.small_base import (
    ENDINGS,
    PAYMENT,
    changed,
    in_git,
    says,
    text_of,
    write,
)

__all__ = ["colleague", "home", "operator"]

HOSTILE = [
    "<script>alert(1)</script>",
    "\"quoted\" & 'single' </textarea>",
    "👩🏽‍🚀🈚️ 表情",
    "- key: [value] # 注释 !!tag *alias &x %y | > ? {",
    "bell\x07 and \x1b[31m",
    "ｔａｂ\there，全角：？",
    "'yes'",
    "12345",
]


def test_a_saved_answer_changes_its_line_alone(operator: Visitor, home: Path) -> None:
    page = sends(operator, entry_page(operator, INVOICE), answer="到订单页申请。")
    assert page.url.path == f"/knowledge/entries/{INVOICE}" and "已保存" in page.text
    assert text_of(home, "payment") == PAYMENT.replace("在订单详情里申请发票。", "到订单页申请。")
    (change,) = history_of(home, INVOICE)
    assert (change.author, change.kind) == ("mei", "edit")


def test_a_form_that_is_sent_unchanged_changes_nothing(operator: Visitor, home: Path) -> None:
    page = sends(operator, entry_page(operator, INVOICE))
    assert "没有要改的" in page.text
    assert text_of(home, "payment") == PAYMENT and recent_changes(home) == []


def test_a_form_that_is_sent_twice_is_one_change(operator: Visitor, home: Path) -> None:
    page = entry_page(operator, INVOICE)
    for _ in range(2):
        assert sends(operator, page, answer="到订单页申请。").status_code == 200
    assert len(history_of(home, INVOICE)) == 1


def test_phrasings_are_added_one_a_line(operator: Visitor, home: Path) -> None:
    before = says(home, INVOICE).similar
    sends(operator, entry_page(operator, INVOICE), similar_more="开张票\r\n\r\n  要票 \n开票呗")
    assert says(home, INVOICE).similar == (*before, "开张票", "要票", "开票呗")


def test_everything_on_the_form_is_saved(operator: Visitor, home: Path) -> None:
    sends(
        operator, entry_page(operator, METHODS), question="能用什么付款",
        similar=[f"付款{ending}" for ending in ENDINGS], buttons=["怎么开发票", "", ""],
        keywords="刷卡，微信、 花呗", page="pages/pay",
    )  # fmt: skip
    content = says(home, METHODS)
    assert content.question == "能用什么付款"
    assert content.similar == tuple(f"付款{ending}" for ending in ENDINGS)
    assert content.buttons == ("怎么开发票",)
    assert content.keywords == ("刷卡", "微信", "花呗")
    assert content.page == "pages/pay"
    assert "# 银行卡以结算页为准" in text_of(home, "payment")


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_survives_saving_and_opening(operator: Visitor, home: Path, text: str) -> None:
    similar = [*says(home, METHODS).similar, f"问{text}"]
    page = entry_page(operator, METHODS)
    saved = sends(operator, page, answer=text, similar=similar, page=text)
    assert "已保存" in saved.text
    content = says(home, METHODS)
    assert (content.answer, content.page, content.similar[-1]) == (text, text, f"问{text}")
    sends(operator, entry_page(operator, METHODS), keywords="刷卡")
    assert (says(home, METHODS).answer, says(home, METHODS).similar[-1]) == (text, f"问{text}")
    assert "<script>alert" not in entry_page(operator, METHODS).text


def test_what_a_browser_cannot_hold_stays_as_it_was(operator: Visitor, home: Path) -> None:
    in_git(home, "payment", "      - 怎么开发票甲问\n", '      - "第一行\\n第二行"\n')
    in_git(home, "payment", "keywords: [报销]", "keywords: ['a,b', c]")
    similar = ["第一行第二行", *says(home, INVOICE).similar[1:]]  # as an input of one line gives it
    sends(operator, entry_page(operator, INVOICE), answer="新的。", similar=similar)
    content = says(home, INVOICE)
    assert content.similar[0] == "第一行\n第二行"
    assert content.keywords == ("a,b", "c")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"answer": "好" * 101}, "至多 100 个"),
        ({"answer": "全网最低价"}, "广告法"),
        ({"answer": ""}, "答案为空"),
        ({"question": " "}, "标准问题为空"),
        ({"question": "支持哪些支付方式？"}, "同一问法只能属于一个条目"),
        ({"buttons": ["没有的问题"]}, "点了会听不懂"),
        ({"similar_more": "我手机号13812345678怎么开票"}, "手机号"),
        ({"similar_more": "怎么开发票"}, "重复"),
    ],
)
def test_a_mistake_is_told_while_one_types_and_keeps_from_saving(
    operator: Visitor, home: Path, fields: dict[str, object], said: str
) -> None:
    page = entry_page(operator, INVOICE)
    checked = sends(operator, page, "/knowledge/check", **fields)
    assert said in checked.text and "改好才能保存" in checked.text
    refused = sends(operator, page, **fields, keywords="我刚写的")
    assert refused.status_code == 422 and said in refused.text
    assert form_of(refused)["keywords"] == ["我刚写的"]
    assert text_of(home, "payment") == PAYMENT


def test_the_check_shows_the_other_entry_and_a_way_out(operator: Visitor, home: Path) -> None:
    page, text = entry_page(operator, INVOICE), says(home, METHODS).similar[4]
    checked = sends(operator, page, "/knowledge/check", similar_more=text)
    assert f"<mark>{text}</mark>" in checked.text
    assert f'href="/knowledge/entries/{METHODS}"' in checked.text
    assert "从那边移过来" in checked.text
    take = taken_value(Taken(METHODS, text))
    again = sends(operator, page, "/knowledge/check", similar_more=text, take=take)
    assert "改好才能保存" not in again.text and "保存时从「支持哪些支付方式」移过来" in again.text
    sends(operator, page, similar_more=text, take=take)
    assert text in says(home, INVOICE).similar and text not in says(home, METHODS).similar


def test_what_was_removed_here_again_is_not_taken_there(operator: Visitor, home: Path) -> None:
    text = says(home, METHODS).similar[4]
    take = taken_value(Taken(METHODS, text))
    sends(operator, entry_page(operator, INVOICE), answer="新的。", take=[take, "no json", "[1]"])
    assert text in says(home, METHODS).similar


def test_too_few_phrasings_are_told_and_saved(operator: Visitor, home: Path) -> None:
    page = entry_page(operator, INVOICE)
    checked = sends(operator, page, "/knowledge/check", similar=["要发票"])
    assert "还差 14 条问法" in checked.text and "可以保存" in checked.text
    assert "已保存" in sends(operator, page, similar=["要发票"]).text


def test_an_empty_form_complains_of_nothing(operator: Visitor) -> None:
    page = operator.get("/knowledge/new").text
    assert not re.search('class="problem[ "]', page) and "还没有写完" in page


def test_the_preview_fills_placeholders_and_numbers_buttons(operator: Visitor) -> None:
    page = entry_page(operator, CANCEL)
    checked = sends(operator, page, "/knowledge/check", answer="{service_hours}来问", page="p/a")
    assert "9:00–18:00来问" in checked.text
    assert "1. 怎么开发票" in checked.text and "p/a" in checked.text


def test_changes_of_two_people_in_other_fields_meet(
    operator: Visitor, colleague: Visitor, home: Path
) -> None:
    mine, theirs = entry_page(operator, INVOICE), entry_page(colleague, INVOICE)
    sends(colleague, theirs, answer="小兰的答案。", similar_more="开张票")
    in_git(home, "payment", "[报销]", "[报销, 专票]")
    page = sends(operator, mine, page="pages/invoice", similar_more="要票")
    assert "同时保留了别人刚改的" in page.text and "答案" in page.text
    content = says(home, INVOICE)
    assert (content.answer, content.page) == ("小兰的答案。", "pages/invoice")
    assert {"开张票", "要票"} < set(content.similar)
    assert content.keywords == ("报销", "专票")


def test_who_changed_the_same_field_chooses_and_loses_nothing(
    operator: Visitor, colleague: Visitor, home: Path
) -> None:
    mine, theirs = entry_page(operator, INVOICE), entry_page(colleague, INVOICE)
    sends(colleague, theirs, answer="小兰的答案。", page="pages/a")
    clash = sends(operator, mine, answer="小美的答案。", keywords="小美的词")
    assert clash.status_code == 409
    for text in ("小兰刚才也改了", "小兰的答案。", "小美的答案。"):
        assert text in clash.text
    assert says(home, INVOICE).answer == "小兰的答案。"

    undecided = sends(operator, clash)
    assert undecided.status_code == 422 and "请先选好" in undecided.text
    assert form_of(undecided)["keywords"] == ["小美的词"]
    sends(operator, undecided, choose_answer="theirs")
    content = says(home, INVOICE)
    assert (content.answer, content.page, content.keywords) == (
        "小兰的答案。", "pages/a", ("小美的词",),
    )  # fmt: skip


def test_ones_own_side_can_be_chosen_and_changed_further(operator: Visitor, home: Path) -> None:
    mine = entry_page(operator, INVOICE)
    in_git(home, "payment", "在订单详情里申请发票。", "文件里的答案。")
    clash = sends(operator, mine, answer="小美的答案。")
    assert "有人刚才也改了" in clash.text
    sends(operator, clash, choose_answer="mine", answer="小美再改的答案。")
    assert says(home, INVOICE).answer == "小美再改的答案。"


def test_a_third_change_while_one_chooses_is_shown_too(operator: Visitor, home: Path) -> None:
    mine = entry_page(operator, INVOICE)
    in_git(home, "payment", "在订单详情里申请发票。", "第二版。")
    clash = sends(operator, mine, answer="小美的答案。")
    in_git(home, "payment", "第二版。", "第三版。")
    again = sends(operator, clash, choose_answer="mine")
    assert again.status_code == 409 and "第三版。" in again.text
    assert says(home, INVOICE).answer == "第三版。"


def test_an_entry_that_was_moved_meanwhile_is_saved_where_it_is(
    operator: Visitor, home: Path
) -> None:
    mine = entry_page(operator, METHODS)
    editing.move(home, open_entry(home, METHODS), "order", "lan", 1.0)
    page = sends(operator, mine, answer="新的。")
    assert page.status_code == 409 and "被移到了「订单」" in page.text
    sends(operator, page, "/knowledge/entries/order/methods")
    assert says(home, "order/methods").answer == "新的。"
    assert operator.get(f"/knowledge/entries/{METHODS}").url.path.endswith("order/methods")


def test_an_entry_that_was_removed_meanwhile_can_be_saved_as_a_new_one(
    operator: Visitor, home: Path
) -> None:
    mine = entry_page(operator, METHODS)
    editing.remove(home, open_entry(home, METHODS), "lan", 1.0)
    page = sends(operator, mine, answer="新的。")
    assert page.status_code == 409 and "存为新条目" in page.text
    sends(operator, page, "/knowledge/new")
    (entry,) = [c for c in recent_changes(home) if c.kind == "add"]
    assert says(home, entry.entries[0].label).answer == "新的。"


def test_a_form_without_its_base_is_not_saved(operator: Visitor, home: Path) -> None:
    page = sends(operator, entry_page(operator, INVOICE), base="", answer="新的。")
    assert page.status_code == 422 and form_of(page)["answer"] == ["新的。"]
    assert text_of(home, "payment") == PAYMENT


def test_while_the_files_are_broken_the_form_is_kept(operator: Visitor, home: Path) -> None:
    mine = entry_page(operator, INVOICE)
    write(home, "order", "entries: 1\n")
    page = sends(operator, mine, answer="新的。")
    assert page.status_code == 422 and "文件有误" in page.text
    assert form_of(page)["answer"] == ["新的。"]


def test_another_category_moves_the_entry(operator: Visitor, home: Path) -> None:
    page = sends(operator, entry_page(operator, METHODS), category="order", answer="新的。")
    assert page.url.path == "/knowledge/entries/order/methods"
    assert says(home, "order/methods").answer == "新的。"
    assert checks.check(home) == []


def test_a_new_entry_gets_an_id_of_its_question(operator: Visitor, home: Path) -> None:
    blank = operator.get("/knowledge/new", params={"category": "payment"})
    assert "为空" not in blank.text
    page = sends(
        operator, blank, question="能货到付款吗", answer="不能。",
        similar_more="\n".join(f"货到付款{ending}" for ending in ENDINGS),
    )  # fmt: skip
    assert "已保存" in page.text
    assert page.url.path == "/knowledge/entries/payment/neng_huo_dao_fu_kuan_ma"
    assert checks.check(home) == []


def test_a_new_entry_that_is_sent_twice_is_one(operator: Visitor, home: Path) -> None:
    blank = operator.get("/knowledge/new", params={"category": "payment"})
    pages = [sends(operator, blank, question="能货到付款吗", answer="不能。") for _ in range(2)]
    assert pages[0].url.path == pages[1].url.path
    assert len(recent_changes(home)) == 1


def test_a_new_entry_comes_filled_in_from_elsewhere(operator: Visitor) -> None:
    given = {"question": "能开专票吗", "similar": "专票\n要专票", "answer": "能。"}
    form = form_of(operator.get("/knowledge/new", params={**given, "category": "payment"}))
    assert (form["question"], form["similar"]) == (["能开专票吗"], ["专票", "要专票"])
    assert (form["answer"], form["category"]) == (["能。"], ["payment"])


def test_a_category_begins_with_its_first_entry(operator: Visitor, home: Path) -> None:
    blank = operator.get("/knowledge/new", params={"category": "+"})
    given = {"question": "怎么预约", "answer": "点首页的预约。"}
    nameless = sends(operator, blank, **given)
    assert nameless.status_code == 422 and "新分类的名称" in nameless.text
    sends(operator, nameless, title="预约")
    assert text_of(home, "yu_yue").startswith("category: yu_yue\ntitle: 预约\n")
    page = sends(operator, blank, question="能改期吗", answer="能。", title="预约")
    assert page.url.path.startswith("/knowledge/entries/yu_yue/")


@pytest.mark.parametrize("category", ["", "gone", "../x"])
def test_a_new_entry_needs_a_category(operator: Visitor, home: Path, category: str) -> None:
    page = sends(
        operator, operator.get("/knowledge/new"), category=category, question="问", answer="答"
    )
    assert page.status_code == 422 and "请选择分类" in page.text
    assert form_of(page)["question"] == ["问"]


def test_who_deletes_sees_what_points_to_it_and_can_take_it_back(
    operator: Visitor, home: Path
) -> None:
    asked = operator.get(f"/knowledge/entries/{INVOICE}/delete")
    assert "怎么取消订单" in asked.text
    version = re.search(r'name="version" value="(\w+)"', asked.text)
    assert version is not None
    done = operator.submits(f"/knowledge/entries/{INVOICE}/delete", version=version[1])
    assert "已删除" in done.text
    assert says(home, CANCEL).buttons == () and checks.check(home) == []
    gone = operator.get(f"/knowledge/entries/{INVOICE}")
    assert gone.status_code == 404 and "可以恢复" in gone.text
    undo = re.search(r'action="(/knowledge/history/[^"]+/undo)"', done.text)
    assert undo is not None
    operator.submits(undo[1])
    assert text_of(home, "payment") == PAYMENT and says(home, CANCEL).buttons == ("怎么开发票",)


def test_an_entry_changed_since_it_was_seen_is_not_deleted(operator: Visitor, home: Path) -> None:
    version = open_entry(home, METHODS).version
    editing.save(home, changed(open_entry(home, METHODS), answer="新的。"), "lan", 1.0)
    page = operator.submits(f"/knowledge/entries/{METHODS}/delete", version=version)
    assert page.status_code == 409 and "刚刚被别人改过" in page.text and "新的。" in page.text
    assert says(home, METHODS).answer == "新的。"


def test_a_deleted_entry_is_filled_in_again(operator: Visitor, home: Path) -> None:
    change = editing.remove(home, open_entry(home, METHODS), "lan", 1.0).change
    form = form_of(operator.get("/knowledge/new", params={"from": str(change)}))
    assert form["question"] == ["支持哪些支付方式"] and form["category"] == ["payment"]
    assert len(form["similar"]) == len(ENDINGS)


def test_the_last_entry_of_a_category_takes_it_along(operator: Visitor, home: Path) -> None:
    asked = operator.get(f"/knowledge/entries/{CANCEL}/delete")
    assert "分类也会一起去掉" in asked.text
    version = open_entry(home, CANCEL).version
    operator.submits(f"/knowledge/entries/{CANCEL}/delete", version=version)
    assert not (home / FOLDER / "order.yml").exists()


def test_buttons_are_suggested_from_questions(operator: Visitor) -> None:
    page = operator.get("/knowledge/questions", params={"buttons": "发票"}).text
    assert 'value="怎么开发票"' in page and "支付方式" not in page


def test_a_hot_question_is_told_to_be_one(operator: Visitor, home: Path) -> None:
    hot = (home / "settings.yml").read_text(encoding="utf-8")
    assert "怎么开发票" in hot
    assert "热门问题" in entry_page(operator, INVOICE).text
    assert "热门问题" not in entry_page(operator, METHODS).text


def test_a_base_that_is_no_entry_is_refused(operator: Visitor, home: Path) -> None:
    for base in ("[]", "3", '"x"', json.dumps({"similar": 3})):
        page = sends(operator, entry_page(operator, INVOICE), base=base, answer="新的。")
        assert page.status_code == 422
    assert text_of(home, "payment") == PAYMENT


def test_hundreds_of_long_phrasings_fit_into_the_form(operator: Visitor, home: Path) -> None:
    similar = [f"{number:03}{'问' * 90}" for number in range(400)]
    page = sends(operator, entry_page(operator, INVOICE), similar=similar)
    assert "已保存" in page.text
    assert "没有要改的" in sends(operator, entry_page(operator, INVOICE)).text
    assert says(home, INVOICE).similar == tuple(similar)


@pytest.mark.parametrize("label", ["gone", "gone/entry", "a/b/c", ""])
def test_a_check_of_an_entry_that_is_unknown_is_one_of_a_new_entry(
    operator: Visitor, label: str
) -> None:
    page = entry_page(operator, INVOICE)
    checked = sends(operator, page, "/knowledge/check", label=label, answer="好" * 101)
    assert checked.status_code == 200 and "至多 100 个" in checked.text


def test_a_history_that_cannot_be_read_is_told(
    operator: Visitor, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "var/knowledge_history.jsonl").mkdir()
    page = operator.get("/knowledge/history")
    assert page.status_code == 500 and "knowledge_history" in page.text
