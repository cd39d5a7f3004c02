"""Backups are made while all runs, are whole or not there, and hold nothing in plain text."""

from __future__ import annotations

import dataclasses
import os
import signal
import stat
import threading
import time

import pytest
from sqlalchemy import func, insert, select

from kefu.backup import checking, durable, making, parts, shelf
from kefu.backup.databases import sqlite_place
from kefu.backup.errors import BackupError
from kefu.storage.engine import writing
from kefu.storage.tables import messages
from tests.backup.conftest import forget
from tests.backup.shop import (
    ASKED,
    CUSTOMER,
    SAID,
    Shop,
    backed_up,
    left_over,
    run_apart,
    sealed_again,
)

KILLED = """
import os, signal
from kefu.backup import making

def tell(what, done, total):
    if what == {step!r}:
        os.kill(os.getpid(), signal.SIGKILL)

making.make("manual", tell=tell)
"""
NO_ROOM = """
import resource
from kefu.backup import making
from kefu.backup.errors import BackupError

resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    making.make("manual")
except BackupError as error:
    print(error)
"""


def test_a_backup_holds_knowledge_base_settings_and_database(shop: Shop) -> None:
    found = checking.check(backed_up().folder)
    assert found.has_our_keys
    assert found.manifest.parts == parts.WHOLE
    assert found.manifest.database is not None
    assert found.manifest.database.counts["conversations"] == 1
    names = {file.name for file in found.manifest.files}
    assert {"settings.yml", "credentials.yml", "data/knowledge/parcel.yml"} <= names


def test_nothing_of_customers_or_keys_is_readable_in_it(shop: Shop) -> None:
    folder = backed_up().folder
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    secrets = (folder.parent.parent / "secrets.json").read_text().split('"')[3::4]
    assert len(secrets) >= 2
    for words in (CUSTOMER, ASKED, SAID, "202611270000123456", *secrets):
        assert words.encode() not in content


def test_only_the_owner_can_read_it(shop: Shop) -> None:
    folder = backed_up().folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_database_that_is_written_to_is_saved_as_it_is_at_one_moment(shop: Shop) -> None:
    row = {"conversation": "c", "author": "bot", "kind": "text", "body": "x" * 500}
    row |= {"state": "delivered", "created_at": 1.0}
    stop, written = threading.Event(), threading.Event()

    def write_pairs() -> None:
        while not stop.is_set():
            with writing() as connection:
                connection.execute(insert(messages), [row, row])
            written.set()

    with writing() as connection:
        connection.execute(insert(messages), [row] * 4000)
    writer = threading.Thread(target=write_pairs)
    writer.start()
    try:
        assert written.wait(20)
        counts = [backed_up().manifest.database for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    found = [held.counts["messages"] for held in counts if held]
    assert all(count % 2 == 0 for count in found) and found == sorted(set(found)), found


@pytest.mark.parametrize("step", ["复制文件", "核对数据库", "检查文件", "检查数据库"])
def test_a_process_that_is_killed_leaves_no_backup(shop: Shop, step: str) -> None:
    before = backed_up()
    killed = run_apart(KILLED.format(step=step))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert shelf.names(shelf.default_folder()) == [before.name]
    assert left_over()
    assert checking.check(backed_up().folder).has_our_keys
    assert left_over() == []


@pytest.mark.parametrize("limit", [1000, 12_000])
def test_a_full_disk_leaves_no_backup_and_is_said(shop: Shop, limit: int) -> None:
    failed = run_apart(NO_ROOM.format(limit=limit))
    assert "磁盘空间不够，请清理磁盘" in failed.stdout, failed
    assert shelf.names(shelf.default_folder()) == [] and left_over() == []


def test_a_key_that_does_not_open_the_database_is_noticed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_DATA_KEY", "A" * 43 + "=")
    forget()
    with pytest.raises(BackupError, match=r"解不开.*找回原来的 secrets.json"):
        backed_up()
    assert shelf.names(shelf.default_folder()) == []


def test_a_lost_database_is_not_taken_for_an_empty_one(shop: Shop) -> None:
    shop.lose_database()
    if shop.kind == "sqlite":
        sqlite_place().unlink()
    with pytest.raises(BackupError, match="从备份恢复"):
        backed_up()


def test_two_at_the_same_time_do_not_mix(shop: Shop) -> None:
    def tell(what: str, done: int, total: int) -> None:
        with pytest.raises(BackupError, match="另一个备份或恢复正在进行"):
            backed_up()

    assert checking.check(making.make("manual", tell=tell).folder).has_our_keys


def test_two_in_the_same_second_have_two_names(shop: Shop) -> None:
    made = [making.make("manual", of={parts.SETTINGS}).name for _ in range(3)]
    assert shelf.names(shelf.default_folder()) == made and len(set(made)) == 3


def test_customers_are_answered_while_a_backup_is_made(shop: Shop) -> None:
    slowest = 0.0

    def tell(what: str, done: int, total: int) -> None:
        nonlocal slowest
        began = time.monotonic()
        shop.say(f"{what} {done}")
        slowest = max(slowest, time.monotonic() - began)

    making.make("manual", tell=tell)
    with writing() as connection:
        assert connection.execute(select(func.count()).select_from(messages)).scalar_one() > 5
    assert slowest < 2


def test_damaged_database_is_found_even_where_the_list_agrees(shop: Shop) -> None:
    made = backed_up()
    (file,) = made.manifest.of("database")
    place = made.folder / file.name
    content = bytearray(place.read_bytes())
    # Pages behind the first of SQLite, the data behind the table of contents of PostgreSQL.
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    place.write_bytes(content)
    digest = durable.digest_of(place, lambda _: None)
    others = [other for other in made.manifest.files if other != file]
    folder = sealed_again(made, files=(*others, dataclasses.replace(file, sha256=digest)))
    with pytest.raises(BackupError):
        checking.check(folder)
