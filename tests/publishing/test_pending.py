"""What is not published: the knowledge base against the model in service."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kefu.errors import FileProblems
from kefu.knowledge.model import FOLDER
from kefu.publishing.pending import unpublished
from kefu.running.serving import choose
from tests.knowledge.small_base import entry_text, in_git, write
from tests.publishing.shops import FORMER, edit, made_by_bot_team, served


def told(home: Path) -> list[tuple[str, str]]:
    return [(one.label, one.in_words) for one in unpublished(home)]


def test_nothing_after_publishing(home: Path) -> None:
    served(home)
    assert told(home) == []


def test_without_a_model_everything_is_new(home: Path) -> None:
    assert told(home) == [
        ("order/cancel", "新增"),
        ("payment/invoice", "新增"),
        ("payment/methods", "新增"),
    ]


def test_changed_fields_are_named(home: Path) -> None:
    served(home)
    edit(home, answer="在订单里申请。", similar=("发票怎么弄", "想开发票", "要发票"))
    assert told(home) == [("payment/invoice", "修改：答案、相似问法")]


def test_keywords_need_no_publishing(home: Path) -> None:
    served(home)
    in_git(home, "payment", "keywords: [报销]", "keywords: [报销, 抬头]")
    assert told(home) == []


def test_removed_and_added_entries(home: Path) -> None:
    served(home)
    text = "category: order\ntitle: 订单\nentries:\n" + entry_text(
        "find", "怎么查订单", "在订单页。"
    )
    write(home, "order", text)
    assert told(home) == [("order/cancel", "删除"), ("order/find", "新增")]
    assert unpublished(home)[0].title == "怎么取消订单"


def test_model_of_the_bot_team_is_known_once_somebody_looked(home: Path) -> None:
    made_by_bot_team(home)
    assert told(home) == []
    in_git(home, "payment", "怎么开发票甲问", "发票怎么弄")
    assert told(home) == [("payment/invoice", "修改：相似问法")]


def test_older_model_of_the_bot_team_tells_at_least_answers(home: Path) -> None:
    model = made_by_bot_team(home)
    os.utime(model, (1, 1))
    in_git(home, "payment", "在订单详情里申请发票。", "在订单页申请。")
    in_git(home, "order", "怎么取消订单甲问", "订单怎么取消")
    assert told(home) == [("payment/invoice", "修改：答案")]


def test_archive_that_is_no_model_knows_nothing(home: Path) -> None:
    (home / "models" / FORMER).write_bytes(b"half")
    assert [kind for _, kind in told(home)] == ["新增"] * 3


def test_chosen_model_counts_though_a_newer_one_lies_beside_it(home: Path) -> None:
    old = served(home)
    edit(home)
    newer = served(home, "20261102-100000-newer.tar.gz")
    os.utime(old, (1, 1))
    assert told(home) == []
    choose(old, "chen", newer.stat().st_mtime + 10)
    assert told(home) == [("payment/invoice", "修改：答案")]


def test_unreadable_knowledge_base_is_said(home: Path) -> None:
    served(home)
    (home / FOLDER / "order.yml").write_text("category: [\n", encoding="utf-8")
    with pytest.raises(FileProblems, match=r"order\.yml"):
        unpublished(home)
