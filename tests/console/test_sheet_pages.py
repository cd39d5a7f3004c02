"""The knowledge base goes out and in as a spreadsheet, in the browser."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from openpyxl import load_workbook
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from kefu.console import jobs, uploaded_sheets
from kefu.console.app import create_app
from kefu.console.guard import COOKIE
from kefu.environment import environment
from kefu.knowledge import history
from kefu.knowledge.carrying_out import current
from kefu.knowledge.undoing import undo
from kefu.staff import people, sessions
from tests.console.at_work import OLD, finished, questions, settled
from tests.console.visitors import PASSWORD, Visitor
from tests.knowledge.bases import contents, csv_bytes, row, xlsx

pytest_plugins = ["tests.browser", "tests.console.homes"]

SHEETS = "/knowledge/sheets"
_PLAN = re.compile(r'name="plan" value="([^"]+)"')


def upload(
    visitor: Visitor, rows: list[list[Any]], mode: str = "append", name: str = "问答.csv"
) -> Response:
    """Upload a sheet and return the page that it leads to, after the check."""
    return sent(visitor, csv_bytes(rows), mode, name)


def sent(
    visitor: Visitor, content: bytes, mode: str = "append", name: str = "问答.csv"
) -> Response:
    answer = visitor.post(
        SHEETS, data={"csrf": visitor.csrf, "mode": mode}, files={"file": (name, content)}
    )
    finished()
    return visitor.get(answer.url.path) if answer.status_code == 200 else answer


def confirm(visitor: Visitor, page: Response) -> Response:
    plan = _PLAN.search(page.text)
    assert plan is not None
    answer = visitor.submits(f"{page.url.path}/confirm", plan=plan[1])
    finished()
    return visitor.get(answer.url.path)


def kept() -> list[str]:
    return [file.name for file in (environment().var / "imports").rglob("*")]


def test_a_sheet_is_shown_first_and_written_when_confirmed(home: Path, operator: Visitor) -> None:
    changed = row("怎么查订单", answer="打开「我的订单」查看。")
    page = upload(operator, [row("怎么催发货"), changed])
    assert "1</strong> 新增" in page.text and "1</strong> 修改" in page.text
    assert "怎么催发货" in page.text and "<ins>" in page.text
    assert questions(home) == OLD
    done = confirm(operator, page)
    assert "已写入知识库：新增 1，修改 1" in done.text and 'href="/publishing"' in done.text
    assert sorted(questions(home)) == sorted([*OLD, "怎么催发货"])
    assert kept() == []


def test_mistakes_are_named_with_sheet_row_column_and_remedy(
    home: Path, operator: Visitor, tmp_path: Path
) -> None:
    file = xlsx(tmp_path / "a.xlsx", [row("怎么催发货"), row("怎么退货", answer="好" * 101)])
    page = sent(operator, file.read_bytes(), name="问答.xlsx")
    assert page.status_code == 422
    for text in ("问答", ">3<", "答案（E3）", "请缩短"):
        assert text in page.text
    assert questions(home) == OLD and kept() == []
    assert str(environment().var) not in page.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("问答.xlsx", b"no sheet at all", "不是 Excel 文件或已损坏"),
        ("问答.csv", "一列\n内容".encode(), "找不到列名"),
        ("问答.xls", b"\xd0\xcf\x11\xe0", "另存为 .xlsx"),
        ("问答.exe", b"MZ", "不是 .xlsx 或 .csv"),
        ("问答.csv", b"", "是空的"),
        ("问答.csv", csv_bytes([]), "整个表格"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_why(
    operator: Visitor, name: str, content: bytes, said: str
) -> None:
    page = sent(operator, content, name=name)
    assert page.status_code == 422 and said in page.text
    assert "sheet.csv" not in page.text
    assert str(environment().var) not in page.text and kept() == []


def test_without_a_file_the_choice_that_was_made_stays(operator: Visitor) -> None:
    page = operator.submits(SHEETS, mode="replace")
    assert page.status_code == 422 and "请先选择" in page.text
    assert re.search(r'value="replace" checked', page.text)


def test_a_file_that_is_too_large_is_refused(operator: Visitor) -> None:
    page = sent(operator, b"a" * (21 * 1024 * 1024))
    assert page.status_code == 413 and kept() == []


def test_replacing_says_what_goes_before_it_goes(home: Path, operator: Visitor) -> None:
    page = upload(operator, [row("怎么查订单", number="order/find")], "replace")
    assert "会删除 2 个条目" in page.text
    only = operator.get(page.url.path, params={"show": "removed"}).text
    assert "怎么成为会员" in only and "怎么取消订单" in only
    confirm(operator, page)
    assert questions(home) == ["怎么查订单"]


def test_what_others_change_meanwhile_is_planned_anew_and_not_lost(
    home: Path, operator: Visitor
) -> None:
    page = upload(operator, [row("怎么催发货")])
    file = home / "data/knowledge/member.yml"
    file.write_text(file.read_text("utf-8").replace("会员", "贵宾"), encoding="utf-8")
    again = confirm(operator, page)
    assert "刚刚被别人改过" in again.text and "怎么催发货" not in questions(home)
    assert "已写入" in confirm(operator, again).text
    assert "怎么成为贵宾" in questions(home) and "怎么催发货" in questions(home)


def test_only_the_plan_that_was_looked_at_is_carried_out(home: Path, operator: Visitor) -> None:
    page = upload(operator, [row("怎么催发货")])
    operator.submits(f"{page.url.path}/confirm", plan="another")
    finished()
    assert questions(home) == OLD
    plan = _PLAN.search(page.text)
    assert plan is not None
    for _ in range(2):  # a click too many
        operator.submits(f"{page.url.path}/confirm", plan=plan[1])
        finished()
    assert len(history.all_changes(current(home))) == 1


def test_a_cancelled_import_leaves_nothing(home: Path, operator: Visitor) -> None:
    page = upload(operator, [row("怎么催发货")])
    gone = operator.submits(f"{page.url.path}/cancel")
    assert "已取消" in gone.text and kept() == [] and questions(home) == OLD
    assert "请重新上传" in operator.get(page.url.path).text


def test_after_a_restart_the_sheet_is_checked_again(home: Path, operator: Visitor) -> None:
    page = upload(operator, [row("怎么催发货")])
    jobs._jobs.clear()
    shown = operator.get(page.url.path)
    assert "已中断，请重做" in shown.text
    operator.submits(f"{page.url.path}/check")
    assert "1</strong> 新增" in settled(operator, page.url.path)


def test_sheets_that_nobody_comes_back_for_are_deleted(home: Path, operator: Visitor) -> None:
    upload(operator, [row("怎么催发货")])
    assert kept()
    uploaded_sheets.sweep(time.time() + uploaded_sheets.KEPT_SECONDS + 1)
    assert kept() == []


def test_uploaded_sheets_are_for_their_owner_alone(home: Path, operator: Visitor) -> None:
    upload(operator, [row("怎么催发货")])
    files = [f for f in (environment().var / "imports").rglob("*") if f.is_file()]
    assert files and all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_while_one_sheet_is_looked_through_the_next_waits(home: Path, operator: Visitor) -> None:
    release = threading.Event()
    jobs.start("sheet", "检查「别的.xlsx」", "lan", lambda tell: release.wait(20))
    answer = operator.post(
        SHEETS,
        data={"csrf": operator.csrf, "mode": "append"},
        files={"file": ("问答.csv", csv_bytes([row("怎么催发货")]))},
    )
    assert answer.status_code == 409 and "lan 的「检查「别的.xlsx」」正在进行" in answer.text
    release.set()
    finished()
    again = re.search(r'action="([^"]+)/check"', answer.text)
    assert again is not None
    operator.submits(f"{again[1]}/check")
    assert "1</strong> 新增" in settled(operator, again[1])


def test_an_import_stands_in_the_history_and_can_be_undone(home: Path, operator: Visitor) -> None:
    before = contents(home)
    confirm(operator, upload(operator, [row("怎么催发货"), row("停车收费吗", "门店")]))
    (made,) = history.all_changes(current(home))
    assert (made.kind, made.author, made.note, made.counts) == (
        "import", "mei", "问答.csv", "新增 2",
    )  # fmt: skip
    undo(home, made.id, "lan", time.time())
    assert contents(home) == before


def test_hot_questions_that_are_gone_are_told(home: Path, operator: Visitor) -> None:
    done = confirm(operator, upload(operator, [row("怎么查订单")], "replace"))
    assert "设置里还写着已经没有的条目" in done.text


def test_what_is_exported_is_imported_without_a_change(home: Path, operator: Visitor) -> None:
    file = operator.get(f"{SHEETS}/export", params={"format": "xlsx"})
    assert file.headers["content-disposition"].startswith("attachment")
    page = sent(operator, file.content, "replace", "导出.xlsx")
    assert "和现在的知识库一样" in page.text


def test_one_category_is_exported_and_formulas_stay_text(home: Path, operator: Visitor) -> None:
    confirm(operator, upload(operator, [row("怎么催发货", answer="\\=1+1 就是催一下。")]))
    params = {"format": "csv", "category": "order"}
    text = operator.get(f"{SHEETS}/export", params=params).content.decode("utf-8-sig")
    assert "怎么催发货" in text and "怎么成为会员" not in text
    assert '"\\=1+1' in text and '"=1+1' not in text
    assert operator.get(f"{SHEETS}/export", params={"category": "nothing"}).status_code == 404


def test_the_empty_form_explains_itself_and_brings_in_nothing(operator: Visitor) -> None:
    content = operator.get(f"{SHEETS}/form").content
    guide = load_workbook(io.BytesIO(content))["填写说明"]
    assert any("怎么预约" in str(cell.value) for line in guide.iter_rows() for cell in line)
    page = sent(operator, content, name="知识库空表.xlsx")
    assert "列名下面没有内容" in page.text


def test_what_a_sheet_says_is_shown_as_text(operator: Visitor) -> None:
    evil = "<script>alert(1)</script>怎么办"
    page = upload(operator, [row(evil)], name="<b>问答.csv")
    assert "<script>alert" not in page.text and "<b>问答" not in page.text
    assert "&lt;script&gt;alert" in page.text


def test_a_broken_knowledge_base_is_told_instead_of_a_crash(home: Path, operator: Visitor) -> None:
    (home / "data/knowledge/order.yml").write_text("entries: [", encoding="utf-8")
    assert "知识库文件有问题" in operator.get(SHEETS).text
    assert "知识库文件有问题" in operator.get(f"{SHEETS}/export").text
    assert "order.yml" in upload(operator, [row("怎么催发货")]).text


def test_agents_neither_see_nor_send_sheets(home: Path) -> None:
    with Visitor(create_app(with_duties=False)) as agent:
        agent.becomes("wang", "小王", "agent")
        for path in (SHEETS, f"{SHEETS}/export", f"{SHEETS}/form"):
            assert agent.get(path).status_code == 403
        assert agent.submits(SHEETS, mode="append").status_code == 403


def test_a_form_of_another_site_is_refused(operator: Visitor) -> None:
    answer = operator.post(SHEETS, data={"mode": "append"}, files={"file": ("a.csv", b"x")})
    assert answer.status_code == 403


def test_a_template_is_shown_first_and_what_was_there_is_saved(home: Path, boss: Visitor) -> None:
    page = boss.get(f"{SHEETS}/templates/service")
    assert "3</strong> 删除" in page.text and "45</strong> 新增" in page.text
    assert boss.submits(f"{SHEETS}/templates/service").status_code == 422
    assert questions(home) == OLD
    boss.submits(f"{SHEETS}/templates/service", sure="yes")
    done = settled(boss, f"{SHEETS}/templates/service")
    assert "已换成「服务业」模板：45 个条目" in done
    assert len(questions(home)) == 45
    assert re.search(r'href="/backups/\d{8}-\d{6}"', done)
    (made,) = history.all_changes(current(home))
    assert (made.kind, made.author, made.note) == ("template", "lin", "服务业")


def test_templates_are_for_administrators(operator: Visitor) -> None:
    assert operator.get(f"{SHEETS}/templates/service").status_code == 403
    assert operator.submits(f"{SHEETS}/templates/service", sure="yes").status_code == 403


@pytest.mark.asyncio(loop_scope="session")
async def test_a_newcomer_fills_an_empty_shop_from_a_sheet(
    home: Path, tmp_path: Path, page: Page, serve: Callable[[Starlette], str]
) -> None:
    url = serve(create_app(with_duties=False))
    person = people.add("mei", "小美", "operator", PASSWORD, time.time())
    token = sessions.open_session(person.id, time.time()).token
    await page.context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    rows = [row(f"第{number}种衣服怎么洗", "洗护") for number in range(1, 21)]
    rows[6][4] = "好" * 120
    wrong = xlsx(tmp_path / "洗护.xlsx", rows)
    await page.goto(f"{url}{SHEETS}")
    await page.get_by_label("表格文件").set_input_files(wrong)
    await page.get_by_role("button", name="上传并检查").click()
    table = page.get_by_role("row").filter(has_text="请缩短")
    await expect(table).to_contain_text("8")
    await expect(table).to_contain_text("答案（E8）")

    rows[6][4] = "手洗，平铺晾干。"
    fixed = xlsx(tmp_path / "洗护2.xlsx", rows)
    await page.get_by_label("表格文件").set_input_files(fixed)
    await page.get_by_role("button", name="上传并检查").click()
    await expect(page.get_by_text("20 新增")).to_be_visible()
    assert questions(home) == OLD
    await page.get_by_role("button", name="确认导入").click()
    await expect(page.get_by_text("已写入知识库：新增 20")).to_be_visible()
    assert set(questions(home)) == {*OLD, *(str(line[2]) for line in rows)}
