"""A backup that was altered, damaged or made up is refused before anything is taken from it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kefu.backup import checking, durable, manifest
from kefu.backup.errors import BackupError
from kefu.backup.manifest import File, Manifest
from tests.backup.shop import Shop, backed_up, sealed_again

ENTRIES = "data/knowledge/parcel.yml"


@pytest.fixture
def shop(sqlite_shop: Shop) -> Shop:
    return sqlite_shop


def flip(folder: Path) -> None:
    file = folder / ENTRIES
    file.write_bytes(file.read_bytes().replace("补发".encode(), "不理".encode()))


def cut(folder: Path) -> None:
    os.truncate(folder / ENTRIES, 10)


def lose(folder: Path) -> None:
    (folder / ENTRIES).unlink()


def slip_in(folder: Path) -> None:
    (folder / "data/knowledge/evil.yml").write_text("")


def link(folder: Path) -> None:
    content = (folder / ENTRIES).read_bytes()
    (folder / ENTRIES).unlink()
    (folder.parent / "elsewhere.yml").write_bytes(content)
    (folder / ENTRIES).symlink_to(folder.parent / "elsewhere.yml")


def link_folder(folder: Path) -> None:
    moved = folder.parent / "elsewhere"
    shutil.move(folder / "data", moved)
    (folder / "data").symlink_to(moved)


def pipe(folder: Path) -> None:
    (folder / ENTRIES).unlink()
    os.mkfifo(folder / ENTRIES)


def rewrite(folder: Path) -> None:
    flip(folder)
    listed = json.loads((folder / manifest.NAME).read_text())
    for file in listed["files"]:
        if file["name"] == ENTRIES:
            file["sha256"] = durable.digest_of(folder / ENTRIES, lambda _: None)
    (folder / manifest.NAME).write_text(json.dumps(listed))


def garble(folder: Path) -> None:
    (folder / manifest.NAME).write_text("{")


def link_manifest(folder: Path) -> None:
    (folder / manifest.NAME).rename(folder.parent / manifest.NAME)
    (folder / manifest.NAME).symlink_to(folder.parent / manifest.NAME)


TAMPERED: dict[str, tuple[Callable[[Path], None], str]] = {
    "altered file": (flip, "与清单不符"),
    "shorter file": (cut, "大小不对"),
    "missing file": (lose, "缺少文件"),
    "additional file": (slip_in, "多出文件"),
    "link for a file": (link, "链接或特殊文件"),
    "link for a folder": (link_folder, "链接或特殊文件"),
    "pipe for a file": (pipe, "链接或特殊文件"),
    "list altered with the file": (rewrite, "被改动过"),
    "no list": (garble, "读不懂"),
    "link for the list": (link_manifest, "读不出来"),
}


@pytest.mark.parametrize(("tamper", "said"), TAMPERED.values(), ids=TAMPERED)
def test_tampered_backup_is_refused(shop: Shop, tamper: Callable[[Path], None], said: str) -> None:
    folder = backed_up().folder
    tamper(folder)
    with pytest.raises(BackupError, match=said):
        checking.check(folder)


def listing(made: Manifest, name: str) -> tuple[File, ...]:
    return (*made.files, File(name, 0, "0" * 64))


@pytest.mark.parametrize(
    "name",
    [
        "../evil.yml",
        "data/../../evil.yml",
        "/etc/cron.d/evil",
        "data//evil.yml",
        "data/./evil.yml",
        "data\\..\\evil.yml",
        "data/.hidden",
        "data/a\0b.yml",
        "kefu/cli.py",
        "actions/lookup.py",
        "var/secrets.json",
        "records/../secrets.json",
        "records/secrets.json",
        "models/../../evil.tar.gz",
    ],
)
def test_name_that_leads_elsewhere_is_refused(shop: Shop, name: str) -> None:
    made = backed_up()
    folder = sealed_again(made, files=listing(made.manifest, name))
    with pytest.raises(BackupError, match="不该有的文件"):
        checking.check(folder)


def test_backup_of_a_newer_version_is_refused_with_the_remedy(shop: Shop) -> None:
    folder = sealed_again(backed_up(), format=manifest.FORMAT + 1)
    with pytest.raises(BackupError, match="先升级程序"):
        checking.check(folder)
