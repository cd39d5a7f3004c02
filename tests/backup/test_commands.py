"""`kefu backup` on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kefu.backup import shelf
from kefu.backup.errors import BackupError
from kefu.cli import app
from tests.backup.shop import ASKED, SAID, Shop, backed_up


def backup(*words: str, answer: str = "", exits: int = 0) -> str:
    command = ["backup", *words]
    result = CliRunner().invoke(app, command, input=answer, catch_exceptions=False)
    assert result.exit_code == exits, result.output
    return result.output


def test_a_backup_is_made_listed_checked_and_restored(shop: Shop) -> None:
    output = backup("now")
    assert "已备份并检查" in output and "1 个会话，2 条消息" in output
    (name,) = shelf.names(shelf.default_folder())
    listed = backup("list")
    assert "手动" in listed and "知识库" in listed
    assert "完好" in backup("check", name)
    shop.lose_knowledge()
    shop.lose_database()
    assert "+ invoice/open  怎么开发票" in backup("diff", name)
    restored = backup("restore", name, "--yes")
    assert "+ invoice/open  怎么开发票" in restored and f"已恢复 {name}" in restored
    assert [line.text for line in shop.transcript()] == [ASKED, SAID]
    assert "恢复前" in backup("list")


def test_the_keys_are_said_to_be_missing_and_why(sqlite_shop: Shop) -> None:
    output = backup("now")
    assert "不含密钥" in output and "secrets.json" in output


def test_a_no_changes_nothing(sqlite_shop: Shop) -> None:
    name = backed_up().name
    sqlite_shop.say("后来的话")
    assert "什么都没有改变" in backup("restore", name, answer="n\n", exits=1)
    assert sqlite_shop.transcript()[-1].text == "后来的话"
    assert shelf.names(shelf.default_folder()) == [name]


def test_only_one_part_is_shown_and_restored(sqlite_shop: Shop) -> None:
    name = backed_up().name
    sqlite_shop.say("后来的话")
    sqlite_shop.lose_knowledge()
    assert "数据库" not in backup("restore", name, "--only", "knowledge", answer="y\n")
    assert len(sqlite_shop.questions()) == 3 and sqlite_shop.transcript()[-1].text == "后来的话"


def test_another_folder_is_written_and_restored_from(sqlite_shop: Shop, tmp_path: Path) -> None:
    backup("now", "--to", str(tmp_path / "disk"))
    (name,) = shelf.names(tmp_path / "disk")
    assert shelf.names(shelf.default_folder()) == []
    assert name in backup("list", "--from", str(tmp_path / "disk"))
    sqlite_shop.lose_knowledge()
    backup("restore", name, "--from", str(tmp_path / "disk"), "--only", "knowledge", "--yes")
    backup("check", str(tmp_path / "disk" / name))
    assert len(sqlite_shop.questions()) == 3


def test_the_model_goes_along_and_need_not_be_trained_again(sqlite_shop: Shop) -> None:
    models = sqlite_shop.home / "models"
    models.mkdir()
    (models / "now.tar.gz").write_bytes(b"a model")
    backup("now", "--with-model")
    (name,) = shelf.names(shelf.default_folder())
    (models / "now.tar.gz").unlink()
    assert "训练" not in backup("restore", name, "--yes").partition("已恢复")[2]
    assert (models / "now.tar.gz").read_bytes() == b"a model"


def test_unknown_backup_is_said_with_the_remedy(sqlite_shop: Shop) -> None:
    for command in ("check", "diff", "restore"):
        with pytest.raises(BackupError, match="kefu backup list"):
            backup(command, "20200101-000000")


def test_restore_that_was_cut_off_is_told(sqlite_shop: Shop) -> None:
    name = backed_up().name
    blocked = sqlite_shop.home / "data/nlu/tasks.yml"
    blocked.unlink()
    (blocked / "in the way").mkdir(parents=True)
    with pytest.raises(BackupError):
        backup("restore", name, "--yes")
    assert f"上次恢复 {name} 中途断了" in backup("list")
