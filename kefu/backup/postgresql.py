"""A PostgreSQL database: dumped and brought back with the programs that come with it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.url import URL, make_url

from kefu.backup import durable
from kefu.backup.errors import BackupError
from kefu.backup.manifest import Facts
from kefu.backup.progress import Tell
from kefu.backup.sqlite_file import COUNTED
from kefu.environment import child_environment, environment
from kefu.running.leash import leashed
from kefu.storage.engine import engine
from kefu.storage.tables import metadata

_LOOK_SECONDS = 0.2
_LOCK_SECONDS = 10  # for whoever still uses a table; then the whole is undone
_CLIENT = (
    "请安装与数据库服务器同版本或更新的 PostgreSQL 客户端（Debian、Ubuntu 上是 postgresql-client）"
)
_REVISION = "alembic_version"
_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")


def dump(target: Path, tell: Tell) -> Facts:
    """Dump the database as it is at this moment. Raises BackupError, SQLAlchemyError."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.touch(mode=0o600, exist_ok=False)
    with _snapshot() as connection:
        held = _facts(connection)
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        tables = [f'--table="{held.schema}"."{name}"' for name in sorted(_ours(connection))]
        if not tables:
            raise BackupError("数据库里没有表，请先执行 kefu migrate，或从备份恢复")
        command = ["pg_dump", "--format=custom", f"--snapshot={snapshot}", *tables]
        _run([*command, f"--file={target}", _address()], "备份数据库", tell)
    durable.sync_file(target)
    return held


def facts_now() -> Facts | None:
    """Return what the database in use holds, None when it holds nothing of ours.

    Raises SQLAlchemyError when it cannot be reached.
    """
    with engine().connect() as connection:
        return _facts(connection) if _ours(connection) else None


def schema_now() -> str:
    """Return the schema that our tables are, or would be, in."""
    with engine().connect() as connection:
        return _schema(connection)


def check(file: Path, tell: Tell) -> None:
    """Read a whole dump. Raises BackupError when it is damaged."""
    _run(["pg_restore", "--file=/dev/null", str(file)], "检查数据库", tell)


def sample(file: Path) -> bytes | None:
    """Return something encrypted out of a dump; None without any."""
    return _value(file, "messages", "body") or _value(file, "conversations", "customer")


def restore(file: Path, held: Facts, tell: Tell) -> None:
    """Replace all our tables by those of a dump in one transaction. Raises BackupError."""
    environment().var.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=environment().var, prefix=".restore-") as folder:
        script, before = Path(folder, "dump.sql"), Path(folder, "before.sql")
        # Written out first: psql would take a script that ends early for the whole of it.
        unpack = ["pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(file)]
        _run(unpack, "读出数据库", tell)
        before.write_text(_dropping(held.schema), encoding="utf-8")
        command = ["psql", "--no-psqlrc", "--quiet", "--output=/dev/null", "--single-transaction"]
        files = ["--set=ON_ERROR_STOP=1", f"--file={before}", f"--file={script}"]
        # Connections of this process would be waited for.
        engine().dispose()
        _run([*command, *files, f"--dbname={_address()}"], "恢复数据库", tell)


def _dropping(schema: str) -> str:
    tables = [f'"{schema}"."{name}"' for name in (*metadata.tables, _REVISION)]
    drop = f"DROP TABLE IF EXISTS {', '.join(tables)} CASCADE"
    return f"SET lock_timeout = '{_LOCK_SECONDS}s';\n{drop};\n"


@contextmanager
def _snapshot() -> Iterator[Connection]:
    still = engine().execution_options(isolation_level="REPEATABLE READ")
    with still.connect() as connection:
        yield connection


def _ours(connection: Connection) -> set[str]:
    known = {*metadata.tables, _REVISION}
    return {name for name in connection.execute(_TABLES).scalars() if name in known}


def _schema(connection: Connection) -> str:
    return str(connection.execute(text("SELECT current_schema()")).scalar_one())


def _facts(connection: Connection) -> Facts:
    tables = _ours(connection)
    counts: dict[str, int] = {
        name: connection.execute(
            select(func.count()).select_from(metadata.tables[name])
        ).scalar_one()
        for name in COUNTED
        if name in tables
    }
    revision = None
    if _REVISION in tables:
        revision = connection.execute(text(f"SELECT version_num FROM {_REVISION}")).scalar()
    return Facts("postgresql", revision, counts, _schema(connection))


def _value(file: Path, table: str, column: str) -> bytes | None:
    """Return a column of the first row of a table in a dump."""
    command = ["pg_restore", "--data-only", f"--table={table}", "--file=-", str(file)]
    with _started(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            return _first_value(iter(process.stdout.readline, b""), column)
        finally:
            process.kill()


def _first_value(lines: Iterator[bytes], column: str) -> bytes | None:
    for line in lines:
        if not line.startswith(b"COPY "):
            continue
        columns = line[line.index(b"(") + 1 : line.index(b")")].decode().split(", ")
        row = next(lines).rstrip(b"\n")
        if row == rb"\.":
            return None
        # Bytes are written as \\x and hexadecimal digits.
        return bytes.fromhex(row.split(b"\t")[columns.index(column)].decode()[3:])
    return None


def _address() -> str:
    """Return how the programs find the database, without the password."""
    url = make_url(environment().database_url)
    plain = URL.create(
        "postgresql", url.username, None, url.host, url.port, url.database,
        {key: value for key, value in url.query.items() if key != "password"},
    )  # fmt: skip
    return str(plain.render_as_string())


def _password() -> Mapping[str, str]:
    url = make_url(environment().database_url)
    word = url.password or url.query.get("password")
    return {"PGPASSWORD": str(word)} if word else {}


def _run(command: Sequence[str], what: str, tell: Tell) -> None:
    """Run a program of PostgreSQL to its end; told whether to go on while it runs."""
    with (
        tempfile.TemporaryFile() as said,
        _started(command, stdout=subprocess.DEVNULL, stderr=said) as process,
    ):
        try:
            while process.poll() is None:
                tell(what, 0, 0)
                _wait_a_little(process)
        except BaseException:
            process.kill()
            raise
        if process.returncode:
            said.seek(0)
            raise BackupError(f"{what}失败：{_reason(said.read())}")


def _started(
    command: Sequence[str], stdout: int, stderr: int | IO[bytes]
) -> subprocess.Popen[bytes]:
    if shutil.which(command[0]) is None:
        raise BackupError(f"没有找到 {command[0]}，{_CLIENT}")
    return subprocess.Popen(
        # One that outlived this process would replace the tables at some later time.
        leashed(list(command), signal.SIGKILL),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=child_environment(**_password(), LC_ALL="C"),
    )


def _wait_a_little(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _reason(said: bytes) -> str:
    """Return the first complaint; what follows it may quote rows."""
    lines = said.decode("utf-8", "replace").splitlines()
    complaint = next((line for line in lines if "error" in line.lower()), "没有说明原因")
    if "server version" in said.decode("utf-8", "replace"):
        complaint += f"，{_CLIENT}"
    return complaint[:200]
