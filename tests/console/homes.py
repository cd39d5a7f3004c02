"""A small project of its own for tests of pages that change files, and people who use them.

A test module asks for the fixtures with `pytest_plugins = ["tests.console.homes"]`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kefu.console import jobs
from kefu.console.app import create_app
from kefu.environment import environment
from kefu.settings import settings
from tests.console.at_work import finished
from tests.console.visitors import Visitor
from tests.knowledge.bases import make_home
from tests.model import PROJECT

_FILES = ("settings.yml", "config.yml", "domain.yml", "credentials.yml", "endpoints.yml")


@pytest.fixture
def home(fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a project whose knowledge base has the questions of OLD."""
    with _small_home(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def boss(home: Path) -> Iterator[Visitor]:
    """Give a browser in which the administrator 林悦 (lin) is signed in."""
    with Visitor(create_app(with_duties=False)) as visitor:
        visitor.becomes("lin", "林悦", "administrator")
        yield visitor


@pytest.fixture
def operator(home: Path) -> Iterator[Visitor]:
    """Give a browser in which the operator 小美 (mei) is signed in."""
    with Visitor(create_app(with_duties=False)) as visitor:
        visitor.becomes("mei", "小美", "operator")
        yield visitor


@contextmanager
def _small_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = folder / "home"
    for name in ("nlu", "rules", "stories", "dictionary"):
        shutil.copytree(PROJECT / "data" / name, home / "data" / name)
    for name in _FILES:
        shutil.copy(PROJECT / name, home / name)
    make_home(home)
    monkeypatch.setenv("KEFU_HOME", str(home))
    _forget()
    yield home
    finished()
    _forget()


def _forget() -> None:
    environment.cache_clear()
    settings.cache_clear()
    jobs._jobs.clear()
