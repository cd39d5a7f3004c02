"""The project with other settings, for as long as a test needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from kefu.environment import environment
from kefu.settings import settings
from tests.databases import PROJECT


@contextmanager
def with_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch, credentials: str = "", **sections: dict[str, Any]
) -> Iterator[None]:
    """Run with sections of settings.yml changed, in a home of its own, on the same database."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    data = yaml.safe_load((PROJECT / "settings.yml").read_text("utf-8"))
    for name, changes in sections.items():
        data[name] = {**(data.get(name) or {}), **changes}
    (home / "settings.yml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    (home / "credentials.yml").write_text(credentials, "utf-8")
    with monkeypatch.context() as changed:
        changed.setenv("KEFU_HOME", str(home))
        _read_again()
        yield
    _read_again()


def _read_again() -> None:
    environment.cache_clear()
    settings.cache_clear()
