"""One installation for all conversations: the start costs more than all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.installation import Installation, running


@pytest.fixture(scope="session")
def kefu(tmp_path_factory: pytest.TempPathFactory, trained_model: Path) -> Iterator[Installation]:
    """Give an installation whose people are there at all hours."""
    with running(tmp_path_factory.mktemp("open"), trained_model, ["00:00-24:00"]) as kefu:
        yield kefu


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, trained_model: Path) -> Iterator[Installation]:
    """Give an installation far away whose people are never there, so that the bot goes on."""
    folder = tmp_path_factory.mktemp("closed")
    with running(folder, trained_model, [], TZ="America/Los_Angeles") as kefu:
        yield kefu
