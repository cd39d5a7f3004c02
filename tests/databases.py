"""Databases for tests: a file of SQLite, a schema of PostgreSQL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import OperationalError

from kefu.environment import environment
from kefu.settings import settings
from kefu.storage import encryption, engine, migrate

PROJECT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get(
    "KEFU_TEST_POSTGRES", "postgresql+psycopg2://root@127.0.0.1:5432/test?connect_timeout=2"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Configure a database without tables; give the kind of it."""
    monkeypatch.setenv("KEFU_HOME", str(PROJECT))
    monkeypatch.setenv("KEFU_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("KEFU_DATABASE_URL", raising=False)
    if request.param == "sqlite":
        yield from _configured("sqlite")
        return
    with postgres_schema() as url:
        monkeypatch.setenv("KEFU_DATABASE_URL", url)
        yield from _configured("postgresql")


@pytest.fixture
def database(empty_database: str) -> str:
    """Configure a database of the current schema; give the kind of it."""
    migrate.upgrade()
    return empty_database


@contextmanager
def postgres_schema() -> Iterator[str]:
    """Give the URL of an empty schema; skip where there is no PostgreSQL, but fail in CI."""
    schema = f"kefu_{uuid.uuid4().hex[:12]}"
    admin = create_engine(POSTGRES, future=True)
    try:
        with admin.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
    except OperationalError:
        if os.environ.get("CI"):
            raise
        pytest.skip("no PostgreSQL at KEFU_TEST_POSTGRES")
    url = make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


def _configured(kind: str) -> Iterator[str]:
    _forget()
    yield kind
    _forget()


def _forget() -> None:
    if engine.engine.cache_info().currsize:
        engine.engine().dispose()
    keys = (encryption.data_cipher, encryption.pseudonym_key)
    for cached in (environment, settings, engine.engine, *keys):
        cached.cache_clear()
