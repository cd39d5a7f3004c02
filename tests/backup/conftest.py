"""An installation of its own for each test, on both databases."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.settings import settings
from kefu.storage import encryption
from tests.backup.shop import Shop
from tests.databases import PROJECT, database, empty_database

__all__ = ["database", "empty_database"]

PORTS = ("RASA", "ACTIONS", "WECHAT", "CONSOLE")
FILES = ("settings.yml", "config.yml", "domain.yml", "credentials.yml", "endpoints.yml")


@pytest.fixture
def shop(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Give a small installation with a knowledge base, settings and a conversation."""
    yield from _opened(database, tmp_path / "home", monkeypatch)


@pytest.fixture
def sqlite_shop(
    fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """Give the same on SQLite alone, for what does not depend on the database."""
    yield from _opened("sqlite", tmp_path / "home", monkeypatch)


def _opened(kind: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    for folder in ("nlu", "rules", "stories", "dictionary"):
        shutil.copytree(PROJECT / "data" / folder, home / "data" / folder)
    for name in FILES:
        shutil.copy(PROJECT / name, home / name)
    monkeypatch.setenv("KEFU_HOME", str(home))
    for name in PORTS:
        monkeypatch.setenv(f"KEFU_{name}_PORT", str(free_port()))
    forget()
    yield Shop.opened(kind, home)
    forget()


def forget() -> None:
    keys = (encryption.data_cipher, encryption.pseudonym_key)
    for cached in (environment, settings, *keys):
        cached.cache_clear()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
