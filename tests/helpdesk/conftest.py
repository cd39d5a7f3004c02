"""Both databases, and a helpdesk that listens on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.settings import settings
from tests.databases import PROJECT, database, empty_database
from tests.helpdesk.double import HelpdeskDouble, served

__all__ = ["database", "empty_database"]


@pytest.fixture
def double() -> Iterator[HelpdeskDouble]:
    """Give a helpdesk that takes everything until it is told otherwise."""
    made = HelpdeskDouble()
    with served(made.app()) as url:
        made.url = f"{url}/kefu"
        yield made


@pytest.fixture
def configured(
    database: str, double: HelpdeskDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> HelpdeskDouble:
    """Name the double in settings.yml."""
    configure(tmp_path / "home", double.url, monkeypatch)
    return double


def configure(home: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a home whose helpdesk has this address, and whose people are always there."""
    text = (PROJECT / "settings.yml").read_text(encoding="utf-8")
    before = 'url: ""\n  timeout: 5'
    assert before in text
    home.mkdir()
    changed = text.replace(before, f'url: "{url}"\n  timeout: 0.5')
    changed = changed.replace("09:00-18:00", "00:00-24:00")
    (home / "settings.yml").write_text(changed, encoding="utf-8")
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    settings.cache_clear()
