"""Commands about WeChat; `kefu.cli` registers them."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kefu.environment import environment
from kefu.settings import settings

_console = Console(highlight=False, soft_wrap=True)
_KINDS = {"miniprogram": "小程序", "official": "公众号"}
_DESKS = {"kefu": "本系统", "wechat": "微信自带"}
_AUTHORS = {"bot": "助手", "agent": "客服", "system": "系统"}

app = typer.Typer(help="微信：账号、接口检查、没有送达的消息", no_args_is_help=True)


def register(to: typer.Typer) -> None:
    """Add the commands to an app."""
    to.add_typer(app, name="wechat")


@app.command("accounts")
def list_accounts() -> None:
    """列出账号，以及要填到微信后台的推送路径。"""
    from kefu.channels.wechat.accounts import accounts

    for account in accounts():
        belongs = "，属于微信模拟平台" if account.demo else ""
        _console.print(
            f"{account.name}（{_KINDS[account.kind]}{belongs}）\n"
            f"  AppID     {account.appid}\n"
            f"  推送地址  https://你的域名/wechat/{account.name}\n"
            f"  加密方式  {account.mode}\n"
            f"  人工客服  {_DESKS[account.desk]}"
        )
    _console.print(f"nginx 把 /wechat/ 转发到 {environment().wechat_url}，见 docs/wechat.md")


@app.command()
def check() -> None:
    """向微信要一次 access_token，检查 AppID、AppSecret 和 IP 白名单。"""
    from kefu.channels.wechat.accounts import accounts
    from kefu.channels.wechat.checkup import check_accounts

    found = check_accounts(accounts())
    for checked in found:
        mark = "[green]✔[/green]" if checked.ok else "[red]✘[/red]"
        _console.print(f"{mark} {checked.account.name}：{_plain(checked.text)}")
    raise typer.Exit(0 if all(checked.ok for checked in found) else 1)


@app.command()
def dead(limit: Annotated[int, typer.Option(help="最多列出几条")] = 50) -> None:
    """列出没有送达的消息和原因，新的在前。"""
    from kefu.channels.wechat.dead_letters import dead_letters

    letters = dead_letters(limit)
    if not letters:
        _console.print("没有未送达的消息")
        return
    table = Table("编号", "时间", "账号", "谁发的", "次数", "错误码", "原因")
    for letter in letters:
        table.add_row(
            str(letter.id), _clock(letter.done_at or letter.created_at),
            letter.channel.partition(":")[2], _AUTHORS.get(letter.author, letter.author),
            str(letter.attempts), "" if letter.error_code is None else str(letter.error_code),
            _plain(letter.error or ""),
        )  # fmt: skip
    _console.print(table)


@app.command()
def retry(number: Annotated[int, typer.Argument(help="kefu wechat dead 列出的编号")]) -> None:
    """把一条没有送达的消息重新放进发件箱；请先确认顾客没有收到过。"""
    from kefu.channels.wechat.dead_letters import send_again
    from kefu.errors import KefuError

    if not send_again(number, time.time()):
        raise KefuError(f"没有编号为 {number} 的未送达消息，请用 kefu wechat dead 查看")
    _console.print("✔ 已放回发件箱")


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, settings().assistant.zone).strftime("%m-%d %H:%M:%S")


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
