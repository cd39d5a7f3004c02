"""A small knowledge base of its own for tests of editing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kefu.environment import environment
from kefu.knowledge.content import Content
from kefu.knowledge.editing import Draft, open_entry
from kefu.knowledge.model import FOLDER
from kefu.settings import settings
from tests.model import PROJECT

ENDINGS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰"


def entry_text(id_: str, question: str, answer: str, more: str = "") -> str:
    similar = "".join(f"      - {question}{ending}问\n" for ending in ENDINGS)
    head = f"  - id: {id_}\n    question: {question}\n    answer: {answer}\n"
    return f"{head}    similar:\n{similar}{more}"


PAYMENT = (
    "# 支付的问题由财务组维护\ncategory: payment\ntitle: 支付\nentries:\n"
    + entry_text("invoice", "怎么开发票", "在订单详情里申请发票。", "    keywords: [报销]\n")
    + "  # 银行卡以结算页为准\n"
    + entry_text("methods", "支持哪些支付方式", "支持微信支付和银行卡。")
)
ORDER = "category: order\ntitle: 订单\nentries:\n" + entry_text(
    "cancel", "怎么取消订单", "在订单详情里取消。", "    buttons: [怎么开发票]\n"
)


@contextmanager
def small_base(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a project with two categories, and configure it."""
    home = folder / "home"
    (home / FOLDER).mkdir(parents=True)
    write(home, "payment", PAYMENT)
    write(home, "order", ORDER)
    (home / "settings.yml").write_bytes((PROJECT / "settings.yml").read_bytes())
    monkeypatch.setenv("KEFU_HOME", str(home))
    monkeypatch.setenv("KEFU_VAR", str(folder / "var"))
    environment.cache_clear()
    settings.cache_clear()
    yield home
    environment.cache_clear()
    settings.cache_clear()


def write(home: Path, category: str, text: str) -> None:
    (home / FOLDER / f"{category}.yml").write_text(text, encoding="utf-8")


def text_of(home: Path, category: str) -> str:
    return (home / FOLDER / f"{category}.yml").read_text(encoding="utf-8")


def in_git(home: Path, category: str, old: str, new: str) -> None:
    """Change a file as somebody does who knows nothing of the console."""
    text = text_of(home, category)
    assert old in text
    write(home, category, text.replace(old, new, 1))


def says(home: Path, label: str) -> Content:
    return open_entry(home, label).entry


def changed(draft: Draft, **fields: Any) -> Draft:
    return replace(draft, entry=replace(draft.entry, **fields))
