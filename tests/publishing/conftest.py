"""Run these tests in a small project of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publishing.shops import shop


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a project with two categories, three entries and three test questions."""
    with shop(tmp_path, monkeypatch) as made:
        yield made
