"""What an operator is told about an entry while writing it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kefu.knowledge.content import Content
from kefu.knowledge.live_checks import FieldProblem, problems_of
from tests.knowledge.small_base import ENDINGS, in_git, says, small_base, write

INVOICE, METHODS = "payment/invoice", "payment/methods"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with small_base(tmp_path, monkeypatch) as made:
        yield made


def problem(home: Path, label: str, content: Content) -> FieldProblem:
    (found,) = problems_of(home, label, content)
    return found


def test_an_entry_that_is_well_has_no_problems(home: Path) -> None:
    assert problems_of(home, INVOICE, says(home, INVOICE)) == []


def test_a_conflict_names_the_other_entry_and_the_item(home: Path) -> None:
    content = says(home, INVOICE)
    similar = (*content.similar, "支持哪些支付方式！")
    found = problem(home, INVOICE, replace(content, similar=similar))
    assert (found.field, found.item, found.other_label) == ("similar", len(ENDINGS), METHODS)
    assert "「支持哪些支付方式」（支付）" in found.text
    assert found.blocks


def test_a_phrasing_written_twice_is_told_as_that(home: Path) -> None:
    content = says(home, INVOICE)
    found = problem(home, INVOICE, replace(content, similar=(*content.similar, "怎麼開發票？")))
    assert found.text == "与「怎么开发票」重复，请删去一条"
    assert found.other_label is None


def test_too_few_phrasings_do_not_keep_from_saving(home: Path) -> None:
    found = problem(home, INVOICE, replace(says(home, INVOICE), similar=("要发票",)))
    assert (found.field, found.blocks) == ("similar", False)


def test_a_button_may_name_a_task_of_the_project(home: Path) -> None:
    content = replace(says(home, INVOICE), buttons=("查物流",))
    assert problem(home, INVOICE, content).field == "buttons"
    (home / "data/nlu").mkdir()
    task = "nlu:\n- intent: query_logistics\n  metadata:\n    title: 查物流\n  examples: [查快递]\n"
    (home / "data/nlu/tasks.yml").write_text(task, encoding="utf-8")
    assert problems_of(home, INVOICE, content) == []


def test_a_change_on_the_disk_counts_at_once(home: Path) -> None:
    content = replace(says(home, INVOICE), keywords=())
    assert problems_of(home, INVOICE, content) == []
    in_git(home, "payment", "支持哪些支付方式甲问", content.similar[0])
    assert problem(home, INVOICE, content).other_label == METHODS


@pytest.fixture
def large_home(home: Path) -> Path:
    for category in range(10):
        lines = [f"category: c{category}\ntitle: 分类{category}\nentries:"]
        for number in range(500):
            lines.append(f"  - id: e{number}\n    question: 第{category}类的问题{number}怎么办")
            lines.append("    answer: 这样办。\n    similar:")
            lines += [f"      - 问题{number}{ending}类型{category}呢" for ending in ENDINGS]
        write(home, f"c{category}", "\n".join(lines) + "\n")
    return home


def test_five_thousand_entries_are_checked_while_one_types(large_home: Path) -> None:
    label, content = "c3/e7", says(large_home, "c3/e7")
    problems_of(large_home, label, content)  # read once
    taken = []
    for number in range(20):
        typed = (*content.similar, f"问题{number}甲类型9呢")
        started = time.perf_counter()
        found = problems_of(large_home, label, replace(content, similar=typed))
        taken.append(time.perf_counter() - started)
        assert [p.other_label for p in found] == [f"c9/e{number}"]
    assert sorted(taken)[len(taken) // 2] < 0.05
