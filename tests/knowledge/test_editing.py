"""Editing entries: what two people do meets without loss, and the files keep their shape."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kefu.environment import child_environment
from kefu.knowledge import carrying_out, checks, editing, undoing
from kefu.knowledge.content import Content
from kefu.knowledge.edit_errors import EditError, EntryConflict, EntryGone, EntryRefused
from kefu.knowledge.editing import Draft, open_entry, save
from tests.knowledge.small_base import (
    ENDINGS,
    ORDER,
    PAYMENT,
    changed,
    in_git,
    says,
    small_base,
    text_of,
)
from tests.model import PROJECT

INVOICE, METHODS, CANCEL = "payment/invoice", "payment/methods", "order/cancel"
NEW = Content("可以货到付款吗", "不支持货到付款。", tuple(f"到了再付行不行{e}" for e in ENDINGS))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with small_base(tmp_path, monkeypatch) as made:
        yield made


def test_a_saved_answer_changes_its_line_and_no_other(home: Path) -> None:
    draft = changed(open_entry(home, INVOICE), answer="订单详情→申请发票。")
    saved = save(home, draft, "mei", 1.0)
    assert saved.entry == draft.entry
    assert text_of(home, "payment") == PAYMENT.replace(
        "在订单详情里申请发票。", "订单详情→申请发票。"
    )
    assert text_of(home, "order") == ORDER
    assert checks.check(home) == []


def test_what_stays_the_same_is_neither_written_nor_in_the_history(home: Path) -> None:
    assert save(home, open_entry(home, INVOICE), "mei", 1.0).change is None
    assert undoing.history_of(home, INVOICE) == []


def test_a_change_in_git_of_another_field_is_kept(home: Path) -> None:
    draft = changed(open_entry(home, INVOICE), answer="订单详情→申请发票。")
    in_git(home, "payment", "[报销]", "[报销, 专票]")
    saved = save(home, draft, "mei", 1.0)
    assert saved.from_theirs == ("keywords",)
    assert says(home, INVOICE).keywords == ("报销", "专票")
    assert says(home, INVOICE).answer == "订单详情→申请发票。"


def test_phrasings_that_two_people_add_and_remove_meet(home: Path) -> None:
    first = open_entry(home, INVOICE)
    similar = first.entry.similar
    in_git(home, "payment", f"      - {similar[0]}\n", "      - 开个票\n")
    save(home, changed(first, similar=(*similar[:-1], "能不能给个发票")), "mei", 1.0)
    assert says(home, INVOICE).similar == ("开个票", *similar[1:-1], "能不能给个发票")


def test_the_same_field_changed_by_both_is_shown_and_not_overwritten(home: Path) -> None:
    draft = changed(open_entry(home, INVOICE), answer="我的答案。", keywords=("报销", "专票"))
    in_git(home, "payment", "在订单详情里申请发票。", "别人的答案。")
    before = text_of(home, "payment")
    with pytest.raises(EntryConflict) as refused:
        save(home, draft, "mei", 1.0)
    (conflict,) = refused.value.fields
    assert (conflict.title, conflict.base) == ("答案", "在订单详情里申请发票。")
    assert (conflict.mine, conflict.theirs) == ("我的答案。", "别人的答案。")
    assert text_of(home, "payment") == before
    # The operator has seen both and decides.
    chosen = replace(refused.value.merged, answer="两边合起来的答案。")
    save(home, Draft(INVOICE, refused.value.theirs, chosen), "mei", 2.0)
    assert says(home, INVOICE).answer == "两边合起来的答案。"
    assert says(home, INVOICE).keywords == ("报销", "专票")


def test_two_people_who_write_the_same_are_in_no_conflict(home: Path) -> None:
    draft = changed(open_entry(home, INVOICE), answer="一样的答案。")
    save(home, draft, "mei", 1.0)
    assert save(home, draft, "lan", 2.0).change is None


def test_an_entry_that_is_gone_cannot_be_saved(home: Path) -> None:
    draft = changed(open_entry(home, METHODS), answer="支持微信支付。")
    editing.remove(home, open_entry(home, METHODS), "lan", 1.0)
    with pytest.raises(EntryGone, match="已不在知识库里"):
        save(home, draft, "mei", 2.0)


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"answer": "好" * 101}, "answer", "至多 100 个"),
        ({"answer": "全网最低价"}, "answer", "广告法"),
        ({"question": ""}, "question", "标准问题为空"),
        ({"question": "支持哪些支付方式？"}, "question", "同一问法只能属于一个条目"),
        ({"buttons": ("没有的问题",)}, "buttons", "点了会听不懂"),
        ({"similar": ("我手机号13812345678怎么开票",)}, "similar", "手机号"),
    ],
)
def test_an_entry_with_mistakes_is_not_saved(
    home: Path, fields: dict[str, object], field: str, text: str
) -> None:
    with pytest.raises(EntryRefused) as refused:
        save(home, changed(open_entry(home, INVOICE), **fields), "mei", 1.0)
    (problem,) = (p for p in refused.value.problems if p.field == field)
    assert text in problem.text
    assert text_of(home, "payment") == PAYMENT


def test_what_was_wrong_before_does_not_keep_from_mending_the_rest(home: Path) -> None:
    in_git(home, "payment", "支持微信支付和银行卡。", "好" * 120)
    save(home, changed(open_entry(home, METHODS), keywords=("刷卡",)), "mei", 1.0)
    assert says(home, METHODS).keywords == ("刷卡",)


def test_buttons_follow_a_question_that_is_reworded(home: Path) -> None:
    saved = save(home, changed(open_entry(home, INVOICE), question="如何开发票"), "mei", 1.0)
    assert saved.also == (CANCEL,)
    assert says(home, CANCEL).buttons == ("如何开发票",)
    assert checks.check(home) == []


def test_a_new_entry_stands_at_the_end_of_its_category(home: Path) -> None:
    editing.add(home, "payment/cash", NEW, "mei", 1.0)
    assert says(home, "payment/cash") == NEW
    assert text_of(home, "payment").startswith(PAYMENT.rstrip("\n"))
    assert checks.check(home) == []


def test_a_new_entry_may_still_lack_phrasings(home: Path) -> None:
    editing.add(home, "payment/cash", replace(NEW, similar=("货到付款",)), "mei", 1.0)
    assert says(home, "payment/cash").similar == ("货到付款",)


@pytest.mark.parametrize("label", [INVOICE, "payment/大写", "nowhere/cash"])
def test_a_new_entry_needs_a_free_id_and_a_category(home: Path, label: str) -> None:
    with pytest.raises(EditError):
        editing.add(home, label, NEW, "mei", 1.0)


def test_an_entry_moves_with_everything_it_says(home: Path) -> None:
    content = says(home, METHODS)
    saved = editing.move(home, open_entry(home, METHODS), "order", "mei", 1.0)
    assert saved.label == "order/methods"
    assert says(home, "order/methods") == content
    assert checks.check(home) == []
    with pytest.raises(EntryGone):
        open_entry(home, METHODS)


def test_an_entry_that_others_buttons_ask_for_stays(home: Path) -> None:
    with pytest.raises(EntryRefused) as refused:
        editing.remove(home, open_entry(home, INVOICE), "mei", 1.0)
    assert refused.value.problems[0].other_label == CANCEL


def test_an_entry_changed_since_it_was_opened_is_not_removed(home: Path) -> None:
    draft = open_entry(home, METHODS)
    in_git(home, "payment", "支持微信支付和银行卡。", "还支持花呗。")
    with pytest.raises(EditError, match="别人改过"):
        editing.remove(home, draft, "mei", 1.0)
    assert says(home, METHODS).answer == "还支持花呗。"


def test_an_entry_that_stands_twice_in_a_file_is_not_edited_by_chance(home: Path) -> None:
    in_git(home, "payment", "id: methods", "id: invoice")
    before = text_of(home, "payment")
    with pytest.raises(EditError, match=r"有两个「payment/invoice」.*payment\.yml"):
        save(home, changed(open_entry(home, INVOICE), answer="新的答案。"), "mei", 1.0)
    assert text_of(home, "payment") == before


def test_the_last_entry_of_a_category_stays(home: Path) -> None:
    with pytest.raises(EditError, match="分类不能是空的"):
        editing.remove(home, open_entry(home, CANCEL), "mei", 1.0)


def test_of_many_who_save_at_once_nobody_is_lost(home: Path) -> None:
    drafts = [open_entry(home, INVOICE)] * 8

    def add_phrasing(number: int) -> None:
        draft = drafts[number]
        mine = (*draft.entry.similar, f"第{number}个人加的问法")
        save(home, changed(draft, similar=mine), f"p{number}", 1.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_phrasing, range(8)))
    assert {f"第{n}个人加的问法" for n in range(8)} <= set(says(home, INVOICE).similar)
    assert len(undoing.history_of(home, INVOICE)) == 8


def test_a_save_that_meets_a_change_in_git_is_made_on_top_of_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = carrying_out.changed_files

    def late(*given: Any) -> Any:
        # Between reading and writing somebody else writes the file.
        if "专票" not in text_of(home, "payment"):
            in_git(home, "payment", "[报销]", "[报销, 专票]")
        return plain(*given)

    monkeypatch.setattr(carrying_out, "changed_files", late)
    save(home, changed(open_entry(home, INVOICE), answer="新的答案。"), "mei", 1.0)
    assert says(home, INVOICE).keywords == ("报销", "专票")
    assert says(home, INVOICE).answer == "新的答案。"
    assert len(undoing.history_of(home, INVOICE)) == 1


KILLED = """
    import os, sys
    from dataclasses import replace
    from pathlib import Path
    from kefu.knowledge import carrying_out, editing, history
    home = Path(sys.argv[1])
    def die(*_):
        os._exit(9)
    if sys.argv[2] == "before":
        carrying_out.write_categories = die
    else:
        history.finish = die
    draft = editing.open_entry(home, "payment/invoice")
    entry = replace(draft.entry, answer="新的答案。")
    editing.save(home, replace(draft, entry=entry), "mei", 1.0)
"""


@pytest.mark.parametrize(("moment", "made"), [("before", 0), ("after", 1)])
def test_the_history_is_right_about_a_change_that_a_kill_interrupted(
    home: Path, moment: str, made: int
) -> None:
    arguments = [sys.executable, "-c", textwrap.dedent(KILLED), str(home), moment]
    done = subprocess.run(arguments, cwd=PROJECT, env=child_environment(PYTHONPATH=str(PROJECT)))
    assert done.returncode == 9
    assert says(home, INVOICE).answer == ("在订单详情里申请发票。", "新的答案。")[made]
    assert len(undoing.history_of(home, INVOICE)) == made
    # It stays so when the entry is changed further.
    save(home, changed(open_entry(home, INVOICE), answer="再改一次。"), "lan", 2.0)
    assert len(undoing.history_of(home, INVOICE)) == made + 1
