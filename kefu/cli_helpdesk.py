"""Commands about an outside helpdesk; `kefu.cli` registers them."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from kefu.environment import environment, secret
from kefu.errors import KefuError
from kefu.settings import settings

_console = Console(highlight=False, soft_wrap=True)
_KINDS = {
    "handoff.requested": "转人工",
    "handoff.changed": "状态变化",
    "handoff.cancelled": "取消排队",
    "handoff.closed": "结束",
    "message.created": "消息",
}

app = typer.Typer(help="外部客服系统：密钥、状态、没有送到的事件", no_args_is_help=True)


def register(to: typer.Typer) -> None:
    """Add the commands to an app."""
    to.add_typer(app, name="helpdesk")


@app.command("secret")
def show_secret() -> None:
    """显示与外部客服系统互相签名所用的密钥。"""
    typer.echo(secret("helpdesk_secret"))


@app.command()
def status() -> None:
    """显示地址，以及待发送、放弃的事件数。"""
    from kefu.helpdesk import outbox

    state = outbox.counts()
    _console.print(
        f"事件发往    {_plain(settings().helpdesk.url) or '未启用（用自带的客服工作台）'}\n"
        f"事件发来    {environment().console_url}/helpdesk/events\n"
        f"待发送      {state.waiting}{_since(state.oldest)}\n"
        f"发送失败过  {state.failing}\n"
        f"放弃        {state.dead}"
    )
    if state.last_error:
        _console.print(f"最近的原因  {_plain(state.last_error)}")
    if state.dead:
        _console.print("执行 kefu helpdesk dead 查看，kefu helpdesk retry 重新发送")


@app.command()
def dead(limit: Annotated[int, typer.Option(help="最多列出几个")] = 50) -> None:
    """列出放弃的事件和原因，新的在前。"""
    from kefu.helpdesk import outbox

    found = outbox.dead_events(limit)
    if not found:
        _console.print("没有放弃的事件")
        return
    table = Table("编号", "时间", "事件", "转接", "次数", "原因")
    for event in found:
        table.add_row(
            str(event.number), _clock(event.done_at), _KINDS.get(event.kind, event.kind),
            str(event.handoff), str(event.attempts), _plain(event.error),
        )  # fmt: skip
    _console.print(table)


@app.command()
def retry(
    number: Annotated[
        int | None, typer.Argument(help="kefu helpdesk dead 列出的编号，不写则全部")
    ] = None,
) -> None:
    """把放弃的事件重新放进发件箱。"""
    from kefu.helpdesk import outbox

    count = outbox.again(time.time(), number)
    if not count:
        what = "没有放弃的事件" if number is None else f"没有编号为 {number} 的放弃的事件"
        raise KefuError(f"{what}，请用 kefu helpdesk dead 查看")
    _console.print(f"✔ {count} 个事件已放回发件箱")


@app.command()
def test() -> None:
    """向外部客服系统发一个 ping 事件，检查地址和签名。"""
    from kefu.helpdesk.client import Taken, ping

    chosen = settings().helpdesk
    if not chosen.url:
        raise KefuError("没有启用外部客服系统：请设置 settings.yml 的 helpdesk.url")
    started = time.monotonic()
    outcome = asyncio.run(ping(chosen.url, chosen.timeout, time.time()))
    if not isinstance(outcome, Taken):
        raise KefuError(outcome.error)
    _console.print(f"✔ 外部客服系统收下了测试事件，{(time.monotonic() - started) * 1000:.0f} 毫秒")


def _since(at: float | None) -> str:
    return "" if at is None else f"，最早的从 {_clock(at)} 开始等"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, settings().assistant.zone).strftime("%m-%d %H:%M:%S")


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
