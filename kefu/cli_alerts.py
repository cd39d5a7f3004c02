"""Commands about alerts and metrics; `kefu.cli` registers them."""

from __future__ import annotations

import time

import typer
from rich.console import Console
from rich.table import Table

from kefu.environment import ALERT_WEBHOOK, alert_webhook, secret
from kefu.errors import KefuError

_console = Console(highlight=False, soft_wrap=True)

app = typer.Typer(help="告警：超过界限时通知到群里", no_args_is_help=True)
metrics_app = typer.Typer(help="给监控系统（Prometheus）的指标", no_args_is_help=True)


def register(to: typer.Typer) -> None:
    """Add the commands to an app."""
    to.add_typer(app, name="alerts")
    to.add_typer(metrics_app, name="metrics")


@app.command()
def status() -> None:
    """列出现在超过界限的项目；有的话退出码为 1。"""
    from kefu.alerts.book import open_alerts
    from kefu.console.pages import moment

    if alert_webhook() is None:
        _console.print(f"• 没有设置 {ALERT_WEBHOOK}，不会发通知")
    found = open_alerts()
    if not found:
        _console.print("✔ 没有超过界限的项目")
        return
    table = Table("项目", "开始", "通知", "")
    for alert in found:
        state = "正在恢复" if alert.calm_since else ""
        told = moment(alert.told_at) or "还没有"
        table.add_row(_plain(alert.text), moment(alert.begun_at), told, state)
    _console.print(table)
    raise typer.Exit(1)


@app.command()
def check() -> None:
    """现在就按全部界限检查一遍，不发通知。"""
    from kefu.alerts.rules import RULES
    from kefu.alerts.watch import signals_of

    for rule in RULES:
        found = signals_of(rule, time.time())
        if found is None:
            _console.print(f"• {rule.kind}：数据太少，或现在无法检查")
        for signal in found or ():
            mark = "[red]✘[/red]" if signal.on else "[green]✔[/green]"
            _console.print(f"{mark} {signal.title}：{_plain(signal.text or '不检查')}")


@app.command()
def test() -> None:
    """发送一条测试通知。"""
    from kefu.alerts import wording
    from kefu.alerts.webhook import post

    url = alert_webhook()
    if url is None:
        raise KefuError(f"没有设置环境变量 {ALERT_WEBHOOK}，写法见 docs/monitoring.md")
    post(url, wording.trial())
    _console.print("✔ 已发送，请到群里查看")


@metrics_app.command()
def token() -> None:
    """显示读取 /metrics 用的令牌。"""
    typer.echo(secret("metrics_token"))


@metrics_app.command()
def show() -> None:
    """显示全部指标。"""
    from kefu.metrics.exposition import Exposition

    typer.echo(Exposition().text().decode(), nl=False)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
