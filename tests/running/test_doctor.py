"""`kefu doctor` on installations with something wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kefu.backup.duty import REPORT
from kefu.doctor import LOOKS, Finding, diagnose
from kefu.doctoring.checkup import Checkup
from kefu.environment import environment, secret
from kefu.handoff.reports import open_report
from kefu.running import serving
from kefu.shop.gateways import order_gateway
from kefu.staff import people
from kefu.storage import migrate
from kefu.storage.engine import engine, writing
from kefu.storage.tables import handoffs, sends

_PORTS = (
    ("RASA", "1"),
    ("ACTIONS", "2"),
    ("SHOP", "3"),
    ("WECHAT", "4"),
    ("WECHAT_DOUBLE", "5"),
    ("CONSOLE", "6"),
)


@pytest.fixture
def installed(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give an installation with a migrated database and nothing running."""
    for name, port in _PORTS:
        monkeypatch.setenv(f"KEFU_{name}_PORT", port)
    environment.cache_clear()
    order_gateway.cache_clear()
    yield fresh_home
    order_gateway.cache_clear()


def finding(name: str) -> Finding:
    # The check of the knowledge base takes longer than all the others.
    looks = [look for look in LOOKS if name == look.name or look.name != "知识库"]
    return next(found for found in Checkup(looks).findings() if found.name == name)


def test_every_failure_says_what_to_do(installed: Path) -> None:
    findings = diagnose()
    assert {"软件", "设置", "知识库", "数据库", "密钥", "磁盘"} <= {f.name for f in findings}
    assert all(f.remedy for f in findings if not f.ok)


def test_sound_database_and_knowledge_base_pass(installed: Path) -> None:
    assert finding("数据库").ok
    assert finding("知识库").text == "10 个分类，100 个条目"


def test_programs_that_do_not_answer_are_found(installed: Path) -> None:
    silent = [f for f in diagnose() if "没有应答" in f.text]
    names = ["Rasa", "动作服务", "演示商城", "客服工作台", "微信收发", "微信模拟平台"]
    assert [f.name for f in silent] == names
    assert "make run" in silent[0].remedy
    assert not finding("订单系统").ok


def test_desk_without_an_administrator_is_found(installed: Path) -> None:
    people.add("wang", "小王", "agent", "wolken ohne regen", time.time())
    found = finding("工作台人员")
    assert not found.ok and "make run" in found.remedy
    people.add("lin", "林悦", "administrator", "wolken ohne regen", time.time())
    assert finding("工作台人员").text == "2 人可以登录，其中 1 位管理员"


def test_accounts_that_cannot_reach_wechat_are_found(installed: Path) -> None:
    found = finding("微信账号 miniprogram")
    assert not found.ok and found.remedy
    assert finding("微信发件箱").ok


def test_dead_letters_of_the_day_are_counted_with_their_reason(installed: Path) -> None:
    dead = {"state": "dead", "attempts": 1, "error": "顾客拒收", "next_at": 0.0}
    whose = {"conversation": "c", "channel": "wechat:miniprogram", "message": 1, "author": "bot"}
    now = time.time()
    with writing() as connection:
        connection.execute(
            sends.insert().values(**dead, **whose, body="{}", created_at=now, done_at=now)
        )
    found = finding("微信发件箱")
    assert not found.ok and "1 条未送达" in found.text and "顾客拒收" in found.text


def test_mistake_in_the_accounts_is_found_without_a_trace(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_WECHAT_MINIPROGRAM_APPID", "wx1")
    assert "KEFU_WECHAT_MINIPROGRAM_SECRET" in finding("微信").text


def test_database_that_was_not_migrated_is_found(installed: Path) -> None:
    migrate.downgrade("base")
    found = finding("数据库")
    assert not found.ok
    assert "make run" in found.remedy


def test_damaged_database_is_found_without_a_trace(installed: Path) -> None:
    engine().dispose()
    file = installed / "kefu.db"
    for extra in installed.glob("kefu.db-*"):
        extra.unlink()
    file.write_bytes(b"not a database at all" * 1000)
    assert not finding("数据库").ok


def test_secrets_file_that_others_can_read_is_found(installed: Path) -> None:
    secret("data_key")
    file = installed / "secrets.json"
    file.chmod(0o644)
    found = finding("密钥")
    assert (found.ok, found.remedy) == (False, f"执行 chmod 600 {file}")


@pytest.mark.parametrize(("minutes", "ok"), [(5, True), (90, False)])
def test_customers_who_wait_are_counted(installed: Path, minutes: int, ok: bool) -> None:
    since = time.time() - minutes * 60
    with writing() as connection:
        connection.execute(
            handoffs.insert().values(
                conversation="c",
                state="waiting",
                reason="keyword",
                requested_at=since,
                active_at=since,
                open_key="c",
            )
        )
    found = finding("等待人工")
    assert found.ok is ok
    assert found.text == f"1 位顾客在等，最久 {minutes} 分钟"
    assert "kefu handoff list" in found.remedy


def test_failed_backup_is_found_with_its_own_remedy(installed: Path) -> None:
    assert finding("备份").ok
    open_report(REPORT, "定时备份没有成功：磁盘已满", time.time())
    found = finding("备份")
    assert not found.ok and "磁盘已满" in found.text and "kefu backup now" in found.remedy
    assert "磁盘已满" not in finding("等待人工").text


def test_unusable_environment_is_the_only_finding(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_RASA_PORT", "ninety")
    environment.cache_clear()
    findings = diagnose()
    assert len(findings) == 1
    assert "KEFU_RASA_PORT" in findings[0].text


def test_unpublished_change_of_the_knowledge_base_needs_no_training(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    for name in ("models", "data/knowledge"):
        (home / name).mkdir(parents=True)
    for name in ("settings.yml", "credentials.yml"):
        (home / name).symlink_to(environment().home / name)
    model = home / "models/chosen.tar.gz"
    model.touch()
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    serving.choose(model, "运营", time.time() + 60)
    os.utime(home / "data/knowledge", (time.time() + 30, time.time() + 30))
    found = finding("模型")
    assert found.ok and "还没有发布" in found.text
    (home / "config.yml").touch()
    os.utime(home / "config.yml", (time.time() + 30, time.time() + 30))
    assert "make train" in finding("模型").remedy
