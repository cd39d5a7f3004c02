"""Finding entries by their letters."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.knowledge.search import search
from tests.model import held_out_phrasings

FILE = """category: payment
title: 支付
entries:
  - id: invoice
    question: 怎么开发票
    answer: 在订单详情里申请发票。
    similar: [能开票吗, 要发票]
    keywords: [报销]
  - id: methods
    question: 支持哪些支付方式
    answer: 支持微信支付和银行卡。
    similar: [可以刷卡吗]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "data/knowledge").mkdir(parents=True)
    (tmp_path / "data/knowledge/payment.yml").write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("KEFU_HOME", str(tmp_path))
    environment.cache_clear()
    yield tmp_path
    environment.cache_clear()


def found(text: str, limit: int = 3) -> list[str]:
    return [hit.entry.label for hit in search().find(text, limit)]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("怎么开发票", "payment/invoice"),
        ("發票怎麼開", "payment/invoice"),  # Traditional
        ("  发票！！ ", "payment/invoice"),
        ("报销", "payment/invoice"),  # a keyword
        ("银行卡", "payment/methods"),  # a word of the answer
        ("刷卡", "payment/methods"),
    ],
)
def test_an_entry_is_found_by_its_words(home: Path, text: str, label: str) -> None:
    assert found(text)[0] == label


@pytest.mark.parametrize("text", ["", "  ", "？！", "🙂", "区块链", "hello"])
def test_nothing_is_found_by_what_no_entry_says(home: Path, text: str) -> None:
    assert found(text) == []


def test_a_question_in_its_own_words_comes_before_others(home: Path) -> None:
    hits = search().find("怎么开发票")
    assert hits[0].entry.label == "payment/invoice"
    assert hits[0].category == "支付"
    assert hits[0].score > 0.99


def test_a_label_names_its_entry(home: Path) -> None:
    known = search().entry("payment/invoice")
    assert known is not None and known.entry.question.text == "怎么开发票"
    assert search().entry("payment/gone") is None


def test_a_change_on_the_disk_is_seen(home: Path) -> None:
    assert found("运费谁出") == []
    file = home / "data/knowledge/payment.yml"
    file.write_text(FILE.replace("可以刷卡吗", "运费谁出"), encoding="utf-8")
    os.utime(file, (1, 1))
    assert found("运费谁出") == ["payment/methods"]


def test_of_several_files_only_what_changed_is_found_anew(home: Path) -> None:
    other = home / "data/knowledge/delivery.yml"
    text = FILE.replace("category: payment", "category: delivery").replace("发票", "快递单")
    other.write_text(text.replace("刷卡", "寄到国外"), encoding="utf-8")
    assert found("寄到国外", 1) == ["delivery/methods"]
    before = search().find("怎么开发票")
    other.write_text(text.replace("刷卡", "次日达"), encoding="utf-8")
    assert found("寄到国外") == [] and found("次日达") == ["delivery/methods"]
    assert search().find("怎么开发票")[0].entry == before[0].entry
    other.unlink()
    assert found("次日达") == [] and found("怎么开发票")[0] == "payment/invoice"
    assert search().entry("delivery/methods") is None


def test_a_project_without_entries_is_searched_too(home: Path) -> None:
    (home / "data/knowledge/payment.yml").unlink()
    assert found("怎么开发票") == []


def test_a_broken_file_says_what_is_wrong(home: Path) -> None:
    (home / "data/knowledge/payment.yml").write_text("entries: 1", encoding="utf-8")
    with pytest.raises(FileProblems):
        search()


def test_most_questions_of_customers_have_their_entry_among_three(fresh_home: Path) -> None:
    asked = list(held_out_phrasings())
    right = sum(label in found(text) for label, text in asked)
    assert right / len(asked) > 0.8


def test_a_very_long_text_is_no_burden(home: Path) -> None:
    assert found("怎么开发票" * 2000)[0] == "payment/invoice"
