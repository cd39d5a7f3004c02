"""Commands about the people of the desk; `kefu.cli` registers them."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from kefu.staff.people import Person

_console = Console(highlight=False, soft_wrap=True)

app = typer.Typer(help="客服工作台的人员", no_args_is_help=True)

_Login = Annotated[str, typer.Argument(help="登录名")]


class _Role(str, Enum):
    AGENT = "agent"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


def register(to: typer.Typer) -> None:
    """Add the commands to an app."""
    to.add_typer(app, name="staff")


@app.command("list")
def list_people() -> None:
    """列出人员、角色和状态。"""
    from kefu.console.pages import moment
    from kefu.staff import people
    from kefu.staff.person import ROLES

    everybody = people.everybody()
    if not everybody:
        _console.print("还没有人员：执行 make run 会建立管理员，或用 kefu staff add 添加")
        return
    table = Table("登录名", "昵称", "角色", "状态", "同时接待", "最近登录")
    for person in everybody:
        table.add_row(
            person.login, _plain(person.nickname), ROLES[person.role], _state(person),
            str(person.max_chats), moment(person.signed_in_at),
        )  # fmt: skip
    _console.print(table)


@app.command()
def add(
    login: _Login,
    nickname: Annotated[str, typer.Option(help="顾客看到的昵称，默认同登录名")] = "",
    role: Annotated[
        _Role, typer.Option(help="agent 客服，operator 运营，administrator 管理员")
    ] = _Role.AGENT,
) -> None:
    """添加一个人，并显示一次性密码。"""
    from kefu.staff import first

    new = first.add(login, nickname or login, role.value, time.time())
    _console.print(f"✔ 已添加 {new.person.login}，一次性密码（登录后须修改）：{new.password}")


@app.command()
def password(login: _Login) -> None:
    """给一个人新的一次性密码，旧密码和已有的登录作废。"""
    from kefu.staff import passwords, people

    person, new = _known(login), passwords.one_time()
    people.set_password(person.id, new, must_change=True)
    _note("password", f"重设 {person.login}")
    _console.print(f"✔ {person.login} 的一次性密码（登录后须修改）：{new}")


@app.command()
def disable(login: _Login) -> None:
    """停用一个人：不能再登录，已有的登录立即退出，正在接待的顾客重新排队。"""
    from kefu.handoff.dismissal import free_customers
    from kefu.staff.first import BY_COMMAND

    free_customers(_set_active(login, False).login, BY_COMMAND, time.time())
    _console.print("✔ 已停用")


@app.command()
def enable(login: _Login) -> None:
    """重新启用一个人。"""
    _set_active(login, True)
    _console.print("✔ 已启用")


@app.command()
def unlock(login: _Login) -> None:
    """解除输错密码造成的锁定。"""
    from kefu.staff import people

    person = _known(login)
    people.unlock(person.id)
    _note("staff_change", f"{person.login}：解除锁定")
    _console.print("✔ 已解除锁定")


def _set_active(login: str, active: bool) -> Person:
    from kefu.staff import people

    person = _known(login)
    people.change(person.id, active=active)
    _note("staff_change", f"{person.login}：{'启用' if active else '停用'}")
    return person


def _known(login: str) -> Person:
    from kefu.staff import people

    person = people.by_login(login)
    if person is None:
        raise people.StaffError(f"没有登录名「{login}」，请用 kefu staff list 查看")
    return person


def _state(person: Person) -> str:
    from kefu.staff import people
    from kefu.staff.person import STATES

    now = time.time()
    if not person.active:
        return "已停用"
    if person.locked_until > now:
        return "登录已锁定"
    if not people.is_present(person, now):
        return "不在工作台"
    return STATES[person.state]


def _note(action: str, detail: str) -> None:
    from kefu.staff import access, first

    access.note(first.BY_COMMAND, action, detail=detail)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
