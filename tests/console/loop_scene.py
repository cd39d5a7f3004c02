"""A small shop whose customers were not understood, for tests of the weekly loop's pages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from kefu.console.app import create_app
from kefu.storage import migrate
from tests.console.visitors import Visitor
from tests.databases import _forget
from tests.knowledge.small_base import small_base
from tests.loop import said

ENGRAVE = "手表能不能刻字"
TICKET = "在哪怎么开发票"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the project of a small shop with an empty database; now is a minute after NOW."""
    with small_base(tmp_path, monkeypatch) as home:
        monkeypatch.delenv("KEFU_DATABASE_URL", raising=False)
        monkeypatch.setattr(said, "NOW", time.time() - 60)
        _forget()
        migrate.upgrade()
        yield home
        _forget()


@pytest.fixture
def app(shop: Path) -> Starlette:
    """Give the console of the shop."""
    return create_app(with_duties=False)


@pytest.fixture
def operator(app: Starlette) -> Iterator[Visitor]:
    """Give a browser in which the operator 小李 (li) is signed in."""
    with Visitor(app) as visitor:
        visitor.becomes("li", "小李", "operator")
        yield visitor


def when_there(visitor: Visitor, path: str, **params: str) -> str:
    """Return a page as soon as what it shows has been computed."""
    for _ in range(100):
        answer = visitor.get(path, params=params)
        assert answer.status_code == 200
        text = str(answer.text)
        if 'aria-busy="true"' not in text and "正在数" not in text:
            return text
    raise AssertionError("it was never there")


def two_groups() -> None:
    """Let three customers ask what nobody answers but a person, and one something alike."""
    for number, who in enumerate(("c1", "c2", "c3")):
        said.ask(f"{ENGRAVE}{'呀' * (number % 2)}", who=who, at=number)
    said.call_person(5, until=50)
    said.answer("可以免费刻字，下单时备注内容即可。", 10)
    said.ask(TICKET, who="c4", at=20)
