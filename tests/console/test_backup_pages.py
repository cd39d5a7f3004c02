"""Backups in the browser: made, looked through, and the knowledge base brought back."""

from __future__ import annotations

import io
import re
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from kefu.backup import checking, duty, rotation, shelf
from kefu.console import jobs
from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.handoff.reports import open_report
from kefu.knowledge import history
from kefu.knowledge.carrying_out import current
from kefu.staff import access, people, sessions
from tests.console.at_work import OLD, finished, questions, settled
from tests.console.visitors import PASSWORD, Visitor

pytest_plugins = ["tests.browser", "tests.console.homes"]

_COMPARED = re.compile(r'name="compared" value="([^"]+)"')


def backed_up(visitor: Visitor) -> str:
    """Press the button; return the name of the backup."""
    visitor.submits("/backups")
    finished()
    return shelf.names(shelf.default_folder())[-1]


def compared(visitor: Visitor, name: str) -> tuple[str, str]:
    """Look at the differences; return the page and the number of the comparison."""
    visitor.submits(f"/backups/{name}/compare")
    page = settled(visitor, f"/backups/{name}")
    found = _COMPARED.search(page)
    return page, found[1] if found else ""


def reworded(home: Path, old: str, new: str) -> None:
    for file in (home / "data/knowledge").glob("*.yml"):
        file.write_text(file.read_text("utf-8").replace(old, new), encoding="utf-8")


def test_a_backup_is_made_checked_and_listed(operator: Visitor) -> None:
    assert "还没有备份" in operator.get("/backups").text
    name = backed_up(operator)
    page = operator.get("/backups").text
    assert f"/backups/{name}" in page and "已备份并检查" in page
    assert "知识库、设置、数据库" in page and "完整" in page
    assert checking.check(shelf.find(name)).has_our_keys


def test_the_schedule_and_a_failure_are_told(operator: Visitor) -> None:
    page = operator.get("/backups").text
    assert "每 24 小时" in page and "马上" in page
    backed_up(operator)
    assert "马上" not in operator.get("/backups").text
    open_report(duty.REPORT, "定时备份没有成功：磁盘空间不够", time.time())
    assert "磁盘空间不够" in operator.get("/backups").text


def test_what_restoring_would_change_is_shown(home: Path, operator: Visitor) -> None:
    name = backed_up(operator)
    reworded(home, "怎么取消订单", "订单能取消吗")
    file = home / "settings.yml"
    file.write_text(file.read_text("utf-8").replace("every_hours: 24", "every_hours: 12"), "utf-8")
    page, _ = compared(operator, name)
    assert "备份完好" in page
    assert "怎么取消订单" in page and "改回去" in page
    assert "<ins>+  every_hours: 24</ins>" in page and "<del>-  every_hours: 12</del>" in page
    assert re.search(r"人员</td><td>1</td><td>1</td>", page)
    assert f"kefu backup restore {name}" in page


def test_a_damaged_backup_is_recognised(operator: Visitor) -> None:
    name = backed_up(operator)
    file = shelf.find(name) / "data/knowledge/order.yml"
    text = file.read_bytes()
    file.write_bytes(text[:-1] + b"x")
    page, _ = compared(operator, name)
    assert "order.yml 与清单不符" in page and "备份完好" not in page
    file.write_bytes(text + b"x")
    assert "不能用" in operator.get("/backups").text
    assert "大小不对" in operator.get(f"/backups/{name}").text


def test_an_administrator_brings_the_knowledge_base_back(home: Path, boss: Visitor) -> None:
    name = backed_up(boss)
    reworded(home, "怎么取消订单", "订单能取消吗")
    _, number = compared(boss, name)
    assert boss.submits(f"/backups/{name}/restore", compared=number).status_code == 422
    boss.submits(f"/backups/{name}/restore", compared=number, sure="yes")
    page = settled(boss, f"/backups/{name}")
    assert "知识库已恢复" in page and questions(home) == OLD
    newest = rotation.listed()[-1].backup
    assert newest is not None and newest.manifest.reason == "before_restore"
    assert f"/backups/{newest.name}" in page
    (noted,) = history.all_changes(current(home))
    assert (noted.kind, noted.author, noted.note) == ("restore", "lin", name)
    assert access.entries(1)[0].action == "restore_backup"


def test_what_changed_after_the_look_is_not_overwritten_unseen(home: Path, boss: Visitor) -> None:
    name = backed_up(boss)
    reworded(home, "怎么取消订单", "订单能取消吗")
    _, number = compared(boss, name)
    reworded(home, "怎么查订单", "订单在哪看")
    boss.submits(f"/backups/{name}/restore", compared=number, sure="yes")
    assert "请重新看过差别再恢复" in settled(boss, f"/backups/{name}")
    assert "订单在哪看" in questions(home)


def test_a_comparison_of_before_the_restart_restores_nothing(home: Path, boss: Visitor) -> None:
    name = backed_up(boss)
    reworded(home, "怎么取消订单", "订单能取消吗")
    _, number = compared(boss, name)
    jobs._jobs.clear()
    boss.submits(f"/backups/{name}/restore", compared=number, sure="yes")
    finished()
    assert "订单能取消吗" in questions(home)


def test_a_downloaded_backup_is_whole_elsewhere(boss: Visitor, tmp_path: Path) -> None:
    name = backed_up(boss)
    content = boss.submits(f"/backups/{name}/download").content
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "elsewhere", filter="data")
    assert checking.check(tmp_path / "elsewhere" / name).has_our_keys
    assert access.entries(1)[0].action == "download_backup"


def test_restoring_and_downloading_are_for_administrators(operator: Visitor) -> None:
    name = backed_up(operator)
    for act in ("restore", "download"):
        assert operator.submits(f"/backups/{name}/{act}", sure="yes").status_code == 403
    page, number = compared(operator, name)
    assert number == "" and "恢复知识库</button>" not in page


def test_agents_see_no_backups(home: Path) -> None:
    with Visitor(create_app(with_duties=False)) as agent:
        agent.becomes("wang", "小王", "agent")
        assert agent.get("/backups").status_code == 403
        assert agent.submits("/backups").status_code == 403


@pytest.mark.parametrize("name", ["..", "20200101-000000", "%2e%2e", ".lock", "etc"])
def test_only_backups_have_a_page(operator: Visitor, name: str) -> None:
    backed_up(operator)
    assert operator.get(f"/backups/{name}").status_code in (404, 200)
    assert "里面有什么" not in operator.get(f"/backups/{name}").text


@pytest.mark.asyncio(loop_scope="session")
async def test_a_backup_is_made_and_compared_after_an_edit(
    home: Path, page: Page, serve: Callable[[Starlette], str]
) -> None:
    url = serve(create_app(with_duties=False))
    person = people.add("lin", "林悦", "administrator", PASSWORD, time.time())
    token = sessions.open_session(person.id, time.time()).token
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    await page.goto(f"{url}/backups")
    await page.get_by_role("button", name="立即备份").click()
    await expect(page.get_by_text("已备份并检查")).to_be_visible()
    reworded(home, "怎么取消订单", "订单能取消吗")
    await page.get_by_role("link", name="查看、恢复").click()
    await page.get_by_role("button", name="检查，看恢复会改什么").click()
    await expect(page.get_by_role("row").filter(has_text="怎么取消订单")).to_contain_text("改回去")
    await page.get_by_label("我看过差别").check()
    await page.get_by_role("button", name="恢复知识库").click()
    await expect(page.get_by_text("知识库已恢复")).to_be_visible()
    assert questions(home) == OLD
