"""The schema: made from nothing, the same as the tables, safe to start twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from kefu.environment import environment
from kefu.storage import migrate
from kefu.storage.engine import engine, reading, writing
from kefu.storage.migrations import versions
from kefu.storage.tables import metadata
from tests.databases import PROJECT

VERSIONS = sorted(f.name[:4] for f in Path(versions.__path__[0]).glob("0*.py"))
# SQLite's own note of the numbers that it has given out.
SEQUENCES = "sqlite_sequence"


def tables() -> set[str]:
    return set(inspect(engine()).get_table_names()) - {SEQUENCES}


@pytest.mark.usefixtures("empty_database")
def test_an_empty_database_gets_exactly_the_tables_of_the_code() -> None:
    assert migrate.current() is None
    assert migrate.pending() == ["0001", "0002", "0003", "0004", "0005", "0006"]
    migrate.upgrade()
    assert migrate.pending() == []
    with reading() as connection:
        opts = {"compare_type": True, "include_name": lambda name, *_: name != SEQUENCES}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


@pytest.mark.usefixtures("database")
def test_upgrading_again_keeps_the_data() -> None:
    insert = "INSERT INTO trackers VALUES ('c1', 1, 0, NULL, 1.0)"
    with writing() as connection:
        connection.execute(text(insert))
    migrate.upgrade()
    with reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM trackers")).scalar_one() == 1


@pytest.mark.usefixtures("database")
def test_can_be_taken_back() -> None:
    migrate.downgrade("base")
    assert tables() == {"alembic_version"}
    migrate.upgrade()
    assert tables() == {"alembic_version", *metadata.tables}


@pytest.mark.usefixtures("database")
def test_a_newer_database_is_refused_with_the_remedy() -> None:
    with writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.SchemaError, match=r"9999.*比程序新.*请升级"):
        migrate.upgrade()


@pytest.mark.usefixtures("empty_database")
def test_processes_that_start_together_do_not_disturb_each_other() -> None:
    start = [sys.executable, "-c", "from kefu.storage.migrate import upgrade; upgrade()"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    processes = [
        subprocess.Popen(start, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert tables() == {"alembic_version", *metadata.tables}


def test_an_unreachable_database_is_a_clear_error(
    fresh_home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_DATABASE_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/none")
    environment.cache_clear()
    engine.cache_clear()
    with pytest.raises(migrate.SchemaError, match="连不上数据库"):
        migrate.upgrade()


@pytest.mark.usefixtures("empty_database")
def test_what_the_first_version_kept_is_there_after_the_second() -> None:
    migrate.upgrade()
    migrate.downgrade("0001")
    message = (
        "INSERT INTO messages (conversation, author, kind, key, body, state, created_at)"
        " VALUES ('c1', 'customer', 'text', 'm1', :body, 'received', 1.0)"
    )
    with writing() as connection:
        connection.execute(text(message), {"body": b"sealed"})
    migrate.upgrade()
    with pytest.raises(IntegrityError), writing() as connection:
        connection.execute(text(message), {"body": b"again"})
    with reading() as connection:
        assert connection.execute(text("SELECT id, body FROM messages")).one()[0] == 1
