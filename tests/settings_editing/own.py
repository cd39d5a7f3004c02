"""A project whose settings tests may change."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.settings import settings
from tests.model import PROJECT


def own_project(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a folder be the project, with a copy of the settings; return their file.

    One folder for many tests saves reading the knowledge base for each.
    """
    for name in ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "data"):
        if not (home / name).exists():
            (home / name).symlink_to(PROJECT / name)
    file = home / "settings.yml"
    file.write_bytes((PROJECT / "settings.yml").read_bytes())
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    settings.cache_clear()
    return file
