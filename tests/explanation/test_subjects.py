"""Labels as an operator knows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.explanation.errors import CannotExplain
from kefu.explanation.subjects import Subjects

KNOWLEDGE = """category: payment
title: 支付
entries:
  - id: invoice
    question: 怎么开发票
    answer: 在订单详情里申请。
    similar:
      - 开票
      - 能给我开张发票吗
"""
TASKS = """version: "3.1"
nlu:
  - intent: query_points
    metadata: {title: 查积分}
    examples:
      - text: 我有多少积分
      - 积分还剩多少
  - intent: inform
    examples: |
      - 单号是[2026110412345678](order_no)

      - [2026110412345679]{"entity": "order_no"}
  - intent: query_points
    examples: |
      - 查一下积分
  - synonym: 积分
    examples: |
      - 点数
"""


@pytest.fixture
def subjects(tmp_path: Path) -> Subjects:
    for folder in ("knowledge", "nlu"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    (tmp_path / "data/knowledge/payment.yml").write_text(KNOWLEDGE, encoding="utf-8")
    (tmp_path / "data/nlu/tasks.yml").write_text(TASKS, encoding="utf-8")
    return Subjects.read(tmp_path)


def places(subjects: Subjects, label: str) -> list[tuple[str, str]]:
    return [(p.text, f"{p.file}:{p.line}") for p in subjects.of(label).phrasings]


def test_phrasings_of_an_entry_with_their_lines(subjects: Subjects) -> None:
    assert places(subjects, "payment/invoice") == [
        ("怎么开发票", "data/knowledge/payment.yml:5"),
        ("开票", "data/knowledge/payment.yml:8"),
        ("能给我开张发票吗", "data/knowledge/payment.yml:9"),
    ]


def test_examples_of_a_task_however_they_are_written(subjects: Subjects) -> None:
    assert places(subjects, "query_points") == [
        ("我有多少积分", "data/nlu/tasks.yml:6"),
        ("积分还剩多少", "data/nlu/tasks.yml:7"),
        ("查一下积分", "data/nlu/tasks.yml:15"),
    ]


def test_marks_of_entities_are_left_out(subjects: Subjects) -> None:
    assert places(subjects, "inform") == [
        ("单号是2026110412345678", "data/nlu/tasks.yml:10"),
        ("2026110412345679", "data/nlu/tasks.yml:12"),
    ]


def test_names_are_those_of_buttons_or_plain_chinese(subjects: Subjects) -> None:
    names = [subjects.of(label).name for label in ("payment/invoice", "query_points", "inform")]
    assert names == ["怎么开发票", "查积分", "只报单号"]


def test_label_that_the_data_lost_stands_for_itself(subjects: Subjects) -> None:
    gone = subjects.of("payment/gone")
    assert (gone.name, gone.phrasings) == ("payment/gone", ())
    assert gone.place == "data/knowledge/payment.yml 的 id: gone"


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ("payment/invoice", "payment/invoice"),
        ("怎麼開發票？", "payment/invoice"),
        ("查积分", "query_points"),
    ],
)
def test_turn_before_is_named_by_label_or_question(
    subjects: Subjects, given: str, label: str
) -> None:
    assert subjects.asked(given).label == label


@pytest.mark.parametrize("given", ["payment/none", "随便什么", "inform", "？"])
def test_turn_before_that_is_nothing_says_what_to_write(subjects: Subjects, given: str) -> None:
    with pytest.raises(CannotExplain, match="标准问题"):
        subjects.asked(given)
