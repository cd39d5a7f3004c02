"""Run these tests on both databases, with a console that makes no rounds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from kefu.console.app import create_app
from tests.console.visitors import Visitor
from tests.databases import database, empty_database
from tests.shop.conftest import demo, demo_process

__all__ = ["database", "demo", "demo_process", "empty_database"]


@pytest.fixture
def console(database: str) -> Starlette:
    """Give the console on an empty database."""
    return create_app(with_duties=False)


@pytest.fixture
def stranger(console: Starlette) -> Iterator[Visitor]:
    """Give a browser in which nobody is signed in."""
    with Visitor(console) as visitor:
        yield visitor


@pytest.fixture
def administrator(console: Starlette) -> Iterator[Visitor]:
    """Give a browser in which the administrator 林悦 (lin) is signed in."""
    with Visitor(console) as visitor:
        visitor.becomes("lin", "林悦", "administrator")
        yield visitor


@pytest.fixture
def agent(console: Starlette) -> Iterator[Visitor]:
    """Give a browser in which the agent 小王 (wang) is signed in."""
    with Visitor(console) as visitor:
        visitor.becomes("wang", "小王", "agent")
        yield visitor
