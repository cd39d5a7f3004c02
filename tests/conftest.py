"""Fixtures that most tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.environment import environment
from kefu.settings import settings
from kefu.storage import encryption, engine, migrate

pytest_plugins = ["tests.model"]

PROJECT = Path(__file__).resolve().parent.parent


def _forget() -> None:
    if engine.engine.cache_info().currsize:
        engine.engine().dispose()
    keys = (encryption.data_cipher, encryption.pseudonym_key)
    for cached in (environment, settings, engine.engine, *keys):
        cached.cache_clear()


@pytest.fixture
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test an empty data directory and database of its own; return the directory."""
    monkeypatch.setenv("KEFU_HOME", str(PROJECT))
    monkeypatch.setenv("KEFU_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("KEFU_DATABASE_URL", raising=False)
    _forget()
    migrate.upgrade()
    yield tmp_path / "var"
    _forget()


@pytest.fixture(autouse=True)
def _know_the_terms(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let customers know the service terms, except where `first_contact` is asked for."""
    if "first_contact" not in request.fixturenames:
        monkeypatch.setattr("kefu.terms.notice", lambda settings: "")


@pytest.fixture
def first_contact() -> None:
    """Let customers be told of the service terms."""
