"""A project of its own, whose settings may be changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.settings import settings
from tests.settings_editing.own import own_project


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the project."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def own_settings(fresh_home: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a copy of the project's settings, in force; return the file."""
    yield own_project(home, monkeypatch)
    monkeypatch.undo()
    environment.cache_clear()
    settings.cache_clear()
