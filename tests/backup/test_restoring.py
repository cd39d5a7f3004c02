"""What was lost comes back, what must not change does not, and nothing is sent twice."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import stat
from contextlib import closing

import pytest
from sqlalchemy import func, insert, select, text

from kefu.backup import checking, restoring
from kefu.backup.databases import sqlite_place
from kefu.backup.errors import BackupError
from kefu.environment import environment
from kefu.storage import conversations, messages, migrate
from kefu.storage.engine import engine, reading, writing
from kefu.storage.tables import helpdesk_events, metadata, sends, staff_sessions
from tests.backup.conftest import forget
from tests.backup.shop import ASKED, NOW, SAID, Shop, backed_up, left_over, run_apart

KNOWLEDGE = frozenset({"knowledge"})
QUESTIONS = ["怎么开发票", "快递太慢怎么办", "快递丢了"]
KILLED = """
import os, signal
from pathlib import Path
from kefu.backup import checking, restoring

def tell(what, done, total):
    if what == {step!r} and not list(Path({folder!r}).glob(".unfinished-*")):
        os.kill(os.getpid(), signal.SIGKILL)

restoring.restore(checking.check(Path({folder!r}, {name!r})), tell=tell)
"""


def said(shop: Shop) -> list[str]:
    return [line.text for line in shop.transcript()]


def rows(table: str) -> int:
    with reading() as connection:
        return int(
            connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar()
        )


def settings_text(shop: Shop) -> str:
    return (shop.home / "settings.yml").read_text(encoding="utf-8")


def test_destroyed_knowledge_base_and_database_come_back(shop: Shop) -> None:
    made, before = backed_up(), settings_text(shop)
    shop.lose_knowledge()
    shop.lose_database()
    (shop.home / "settings.yml").write_text("ruined: [", encoding="utf-8")
    forget()
    done = restoring.restore(checking.check(made.folder))
    assert said(shop) == [ASKED, SAID]
    assert shop.questions() == QUESTIONS
    assert settings_text(shop) == before
    assert migrate.pending() == [] and restoring.unfinished() is None
    assert done.needs_training and left_over() == []
    # And the customer goes on where they were.
    assert conversations.remember("rest", "o_secret_openid", NOW) == shop.conversation
    shop.say("谢谢")
    assert said(shop) == [ASKED, SAID, "谢谢"]


def test_ruined_database_file_is_kept_under_another_name(sqlite_shop: Shop) -> None:
    made = backed_up()
    sqlite_shop.lose_database()
    ruined = sqlite_place().read_bytes()
    aside = restoring.restore(made).set_aside
    assert aside is not None and aside.read_bytes() == ruined
    assert said(sqlite_shop) == [ASKED, SAID]


def test_log_without_its_database_does_not_spoil_the_restored_one(sqlite_shop: Shop) -> None:
    made = backed_up()
    # As after a crash: what was written last stands in the log alone.
    with closing(sqlite3.connect(sqlite_place())) as crashed:
        crashed.execute("CREATE TABLE late (x)")
        crashed.commit()
        log = sqlite_place().with_name("kefu.db-wal").read_bytes()
        engine().dispose()
    sqlite_place().unlink()
    sqlite_place().with_name("kefu.db-wal").write_bytes(log)
    restoring.restore(made)
    assert said(sqlite_shop) == [ASKED, SAID]
    with reading() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        late = "SELECT count(*) FROM sqlite_master WHERE name = 'late'"
        assert connection.execute(text(late)).scalar() == 0


def test_restored_files_belong_to_whom_they_belonged(sqlite_shop: Shop) -> None:
    if os.geteuid():
        pytest.skip("only the administrator of the machine can give files away")
    made = backed_up()
    kept = (sqlite_place(), sqlite_shop.home / "settings.yml")
    for file in kept:
        os.chown(file, 1234, 1234)
    restoring.restore(made)
    assert {(file.stat().st_uid, file.stat().st_gid) for file in kept} == {(1234, 1234)}


def test_restoring_can_be_undone(shop: Shop) -> None:
    made = backed_up()
    shop.say("后来的话")
    shop.write("parcel", ("lost", "快递丢了", "改过的答案"))
    shop.write("new", ("gift", "有赠品吗", "没有"))
    undo = restoring.restore(made).safety
    assert undo is not None
    assert said(shop) == [ASKED, SAID] and shop.questions() == QUESTIONS
    restoring.restore(checking.check(undo.folder))
    assert said(shop) == [ASKED, SAID, "后来的话"]
    assert shop.questions() == ["怎么开发票", "有赠品吗", "快递丢了"]


def test_knowledge_alone_is_restored_while_all_runs(shop: Shop) -> None:
    made = backed_up()
    shop.say("后来的话")
    shop.lose_knowledge()
    (shop.home / "settings.yml").open("a").write("\n# mine\n")
    with listening():
        restoring.restore(made, KNOWLEDGE)
    assert shop.questions() == QUESTIONS
    assert "后来的话" in said(shop) and "# mine" in settings_text(shop)


def test_notes_beside_the_knowledge_base_come_back_but_never_shrink(shop: Shop) -> None:
    notes = environment().var / "history.jsonl"
    notes.write_text('{"who": "wang"}\n')
    made = backed_up()
    notes.unlink()
    restoring.restore(made, KNOWLEDGE)
    assert notes.read_text() == '{"who": "wang"}\n'
    assert stat.S_IMODE(notes.stat().st_mode) == 0o600
    notes.write_text('{"who": "wang"}\n{"who": "li"}\n')
    restoring.restore(made, KNOWLEDGE)
    assert notes.read_text() == '{"who": "wang"}\n{"who": "li"}\n'


def listening() -> socket.socket:
    place = environment()
    return socket.create_server((place.host, place.console_port))


@pytest.mark.parametrize("part", ["database", "settings"])
def test_nothing_else_is_restored_while_programs_run(shop: Shop, part: str) -> None:
    made = backed_up()
    with listening(), pytest.raises(BackupError, match=r"客服工作台.*先停止 make run"):
        restoring.restore(made, {part})


def test_the_supervisor_counts_as_running(shop: Shop) -> None:
    made = backed_up()
    folder = environment().var / "run"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(folder / "supervisor.sock"))
        door.listen()
        with pytest.raises(BackupError, match="进程管理器"):
            restoring.restore(made)
    restoring.restore(made)


def test_a_program_that_uses_the_database_is_noticed(sqlite_shop: Shop) -> None:
    made = backed_up()
    with closing(sqlite3.connect(sqlite_place())) as other:
        other.execute("SELECT count(*) FROM messages").fetchone()
        sqlite_shop.say("后来的话")
        with pytest.raises(BackupError, match="还有程序在使用数据库"):
            restoring.restore(made)
    assert "后来的话" in said(sqlite_shop) and restoring.unfinished() is None


def test_a_backup_of_an_older_schema_is_brought_up_to_date(shop: Shop) -> None:
    migrate.downgrade("0002")
    made = backed_up()
    assert made.manifest.database is not None and made.manifest.database.revision == "0002"
    migrate.upgrade()
    shop.lose_database()
    restoring.restore(checking.check(made.folder))
    assert migrate.pending() == []
    assert said(shop) == [ASKED, SAID] and rows("staff") == 0


def test_a_backup_of_a_newer_schema_is_refused_with_the_remedy(shop: Shop) -> None:
    change = text("UPDATE alembic_version SET version_num = :revision")
    with writing() as connection:
        connection.execute(change, {"revision": "9999"})
    made = backed_up()
    with writing() as connection:
        connection.execute(change, {"revision": "0003"})
    shop.say("后来的话")
    with pytest.raises(BackupError, match=r"9999.*先升级程序"):
        restoring.restore(made)
    assert "后来的话" in said(shop)


@pytest.mark.parametrize("key", ["KEFU_DATA_KEY", "KEFU_PSEUDONYM_KEY"])
def test_a_backup_of_other_keys_is_refused_with_the_remedy(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    made = backed_up()
    shop.lose_knowledge()
    monkeypatch.setenv(key, "A" * 43 + "=")
    forget()
    found = checking.check(made.folder)
    with pytest.raises(BackupError, match=r"另一套密钥.*放回当时的 secrets.json"):
        restoring.restore(found)
    with pytest.raises(BackupError, match="--trust"):
        restoring.restore(found, KNOWLEDGE)
    restoring.restore(found, KNOWLEDGE, trust=True)
    assert shop.questions() == QUESTIONS


def test_a_backup_of_the_other_kind_of_database_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backed_up()
    other = {"sqlite": "postgresql://127.0.0.1/x", "postgresql": "sqlite:///x.db"}
    monkeypatch.setenv("KEFU_DATABASE_URL", other[shop.kind])
    environment.cache_clear()
    with pytest.raises(BackupError, match="KEFU_DATABASE_URL"):
        restoring.restore(made)


def test_a_backup_that_changes_after_it_was_checked_changes_nothing(shop: Shop) -> None:
    made = backed_up()
    shop.say("后来的话")
    shop.write("parcel", ("lost", "快递丢了", "改过的答案"))
    file = made.folder / "data/knowledge/invoice.yml"
    file.write_bytes(file.read_bytes().replace("发票".encode(), "假票".encode()))
    with pytest.raises(BackupError, match="没有恢复"):
        restoring.restore(made)
    assert shop.questions() == ["怎么开发票", "快递丢了"] and "后来的话" in said(shop)
    assert restoring.unfinished() is None
    assert list(shop.home.rglob("*.restoring")) == []


STEPS = {
    "复制文件": ("sqlite", "postgresql"),
    "复制数据库": ("sqlite",),
    "升级数据库": ("sqlite", "postgresql"),
    "检查数据库": ("sqlite",),
    "读出数据库": ("postgresql",),
    "恢复数据库": ("postgresql",),
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_restoring_it_is_restored_again(shop: Shop, step: str) -> None:
    if shop.kind not in STEPS[step]:
        pytest.skip("no step of this kind of database")
    made = backed_up()
    shop.say("后来的话")
    shop.write("parcel", ("lost", "快递丢了", "改过的答案"))
    place = {"folder": str(made.folder.parent), "name": made.name}
    killed = run_apart(KILLED.format(step=step, **place))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert shop.questions() == ["怎么开发票", "快递丢了"]
    replaced = shop.kind == "postgresql" and step == "升级数据库"
    assert replaced or "后来的话" in said(shop)
    assert not replaced or restoring.unfinished() == made.name
    restoring.restore(checking.check(made.folder))
    assert said(shop) == [ASKED, SAID] and shop.questions() == QUESTIONS
    assert restoring.unfinished() is None


def test_cut_off_between_database_and_files_is_told_and_completed(shop: Shop) -> None:
    made = backed_up()
    blocked = shop.home / "data/nlu/tasks.yml"
    blocked.unlink()
    (blocked / "in the way").mkdir(parents=True)
    with pytest.raises(BackupError, match="没有恢复成"):
        restoring.restore(made)
    assert restoring.unfinished() == made.name
    os.removedirs(blocked / "in the way")
    restoring.restore(made)
    assert restoring.unfinished() is None and blocked.is_file()


def test_what_was_under_way_is_not_done_again(shop: Shop) -> None:
    told = conversations.remember("wechat:shop", "o_other", NOW)
    asked = messages.record(told, "customer", "text", "在吗", "m2", NOW)
    waiting = messages.add_reply(told, "bot", "{}", asked.id, NOW)
    polled = messages.add_reply(shop.conversation, "agent", "稍等", None, NOW)
    send = {"conversation": told, "channel": "wechat:shop", "message": waiting, "author": "bot"}
    send |= {"body": "{}", "attempts": 0, "next_at": NOW, "created_at": NOW}
    event = {"event": "e1", "conversation": told, "handoff": 1, "kind": "handoff.requested"}
    event |= {"body": "{}", "state": "pending", "next_at": NOW, "created_at": NOW}
    session = {"token_hash": "h", "staff": 1, "csrf": "c", "created_at": NOW, "seen_at": NOW}
    with writing() as connection:
        connection.execute(insert(sends), [{**send, "state": s} for s in ("pending", "sending")])
        connection.execute(insert(helpdesk_events).values(event))
        connection.execute(insert(staff_sessions).values(session))
    restoring.restore(backed_up())
    with reading() as connection:
        assert set(connection.execute(select(sends.c.state)).scalars()) == {"dead"}
        assert connection.execute(select(helpdesk_events.c.state)).scalar() == "dead"
    assert rows("staff_sessions") == 0
    assert messages.unanswered(NOW + 1e6) == []
    assert messages.pending_out(told) == []
    assert [message.id for message in messages.pending_out(shop.conversation)] == [polled]
