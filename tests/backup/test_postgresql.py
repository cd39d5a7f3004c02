"""PostgreSQL's own programs: missing, failing, and never given the password to show."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine.url import make_url

from kefu.backup import checking, restoring, shelf
from kefu.backup.errors import BackupError
from kefu.environment import environment
from kefu.storage.engine import engine
from tests.backup.shop import ASKED, SAID, Shop, backed_up

PASSWORD = "sesame-open"
TELLS_ALL = """\
#!/bin/sh
echo "$PGPASSWORD" > "{seen}"
echo "pg_dump: error: refused with $*" >&2
exit 1
"""


pytestmark = pytest.mark.parametrize("empty_database", ["postgresql"], indirect=True)


def with_password(monkeypatch: pytest.MonkeyPatch) -> None:
    url = make_url(environment().database_url).set(password=PASSWORD)
    monkeypatch.setenv("KEFU_DATABASE_URL", url.render_as_string(hide_password=False))
    engine().dispose()
    environment.cache_clear()
    engine.cache_clear()


def test_missing_program_is_said_with_the_remedy(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match=r"没有找到 pg_dump.*postgresql-client"):
        backed_up()
    assert shelf.names(shelf.default_folder()) == []


def test_password_is_given_but_stands_in_no_command_and_no_message(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_password(monkeypatch)
    program = tmp_path / "bin/pg_dump"
    program.parent.mkdir()
    program.write_text(TELLS_ALL.format(seen=tmp_path / "seen"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    with pytest.raises(BackupError, match="refused with") as raised:
        backed_up()
    assert PASSWORD not in str(raised.value)
    assert (tmp_path / "seen").read_text().strip() == PASSWORD


def test_backup_and_restore_with_a_password_in_the_address(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_password(monkeypatch)
    made = backed_up()
    shop.lose_database()
    restoring.restore(checking.check(made.folder))
    assert [line.text for line in shop.transcript()] == [ASKED, SAID]
    text = b"".join(path.read_bytes() for path in made.folder.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in text


def test_failed_restore_leaves_the_tables_as_they_were(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backed_up()
    shop.say("后来的话")
    # Somebody else holds a table for longer than is waited for.
    monkeypatch.setattr("kefu.backup.postgresql._LOCK_SECONDS", 1)
    with engine().connect() as other:
        other.exec_driver_sql("SELECT count(*) FROM messages")
        with pytest.raises(BackupError, match="恢复数据库失败"):
            restoring.restore(made)
        other.rollback()
    assert shop.transcript()[-1].text == "后来的话"
    assert restoring.unfinished() is None
