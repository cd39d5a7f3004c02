"""The command `kefu`: what the administrator, the operator and the bot team do on a terminal."""

from __future__ import annotations

import getpass
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from kefu import (
    cli_alerts,
    cli_backup,
    cli_helpdesk,
    cli_history,
    cli_knowledge,
    cli_loop,
    cli_publishing,
    cli_recognition,
    cli_report,
    cli_staff,
    cli_wechat,
)
from kefu.environment import environment, secret
from kefu.errors import KefuError

app = typer.Typer(help="客服助手的命令行工具", no_args_is_help=True, add_completion=False)
handoff_app = typer.Typer(help="人工接待：查看、接入、回复、转接、结束", no_args_is_help=True)
app.add_typer(handoff_app, name="handoff")
cli_alerts.register(app)
cli_backup.register(app)
cli_helpdesk.register(app)
cli_knowledge.register(app)
cli_history.register(cli_knowledge.app)
cli_loop.register(app)
cli_publishing.register(app)
cli_recognition.register(app)
cli_report.register(app)
cli_staff.register(app)
cli_wechat.register(app)

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; mistakes of a person are one line each, never a trace."""
    try:
        app()
    except KefuError as error:
        _fail(str(error))
    except SQLAlchemyError as error:
        _fail(f"数据库不可用（{type(error).__name__}）：请执行 kefu doctor 查看原因")


@app.command()
def run() -> None:
    """启动全部进程（Rasa、动作服务、客服工作台等），Ctrl-C 停止。"""
    from kefu.supervisor import run as run_all

    raise typer.Exit(run_all())


@app.command()
def train() -> None:
    """检查知识库并训练模型。"""
    from kefu.training import train as train_model

    model = train_model(environment().home, console)
    console.print(f"✔ 模型已保存：{model}")


@app.command()
def shell() -> None:
    """在终端里和助手对话（rasa shell）；查订单需要 make run 同时在运行。"""
    from kefu.running.shell import talk

    raise typer.Exit(talk(console))


@app.command()
def migrate() -> None:
    """把数据库升级到当前版本。"""
    from kefu.storage.migrate import upgrade

    upgrade()
    console.print("✔ 数据库已是当前版本")


@app.command()
def doctor() -> None:
    """检查安装和运行状况，并说明怎么处理。"""
    from kefu.doctor import diagnose

    findings = diagnose()
    for finding in findings:
        mark = "[green]✔[/green]" if finding.ok else "[red]✘[/red]"
        console.print(f"{mark} {finding.name}：{_plain(finding.text)}")
        if not finding.ok and finding.remedy:
            console.print(f"   → {_plain(finding.remedy)}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@app.command()
def token(name: Annotated[str, typer.Argument(help="credentials.yml 里的后端名称")]) -> None:
    """显示一个后端调用 REST 接口用的令牌或签名密钥。"""
    if not name.isidentifier():
        _fail(f"「{name}」不是后端名称，请看 credentials.yml 的 backends")
    typer.echo(secret(f"rest_token_{name}"))


@app.command()
def evaluate(
    file: Annotated[
        Path, typer.Argument(help='每行 {"text": …, "labels": […]}，或 tests/knowledge')
    ],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    model: Annotated[Path | None, typer.Option(help="模型文件，默认用新训练的")] = None,
    confusion: Annotated[Path, typer.Option(help="混淆表写到哪里")] = Path("results/confusion.csv"),
) -> None:
    """用一批标注过的问题测量识别效果。"""
    from kefu.evaluation import evaluate_file

    report = evaluate_file(file, model, confusion, errors)
    if as_json:
        typer.echo(report.to_json())
    else:
        report.print(console)
        console.print(f"混淆表：{confusion}")


@app.command()
def bench(
    turns: Annotated[int, typer.Option(help="测量的轮数")] = 1000,
    customers: Annotated[int, typer.Option(help="顾客数")] = 100,
) -> None:
    """在本机启动一套独立的进程，测量回复时间。"""
    from kefu.benchmark import bench as run_bench

    raise typer.Exit(run_bench(turns, customers, console))


@app.command("bench-desk")
def bench_desk() -> None:
    """在本机启动一套独立的进程，测量顾客和人工客服之间的往返时间。"""
    from kefu.benchmark_desk import bench_desk as run_bench

    raise typer.Exit(run_bench(console))


@handoff_app.command("list")
def list_handoffs() -> None:
    """列出等待、接待中和留言的顾客。"""
    from kefu.handoff.views import rows

    found = rows(time.time())
    if not found:
        console.print("现在没有等待人工的顾客")
        return
    table = Table("编号", "状态", "原因", "请求时间", "等待", "客服", "问题")
    for row in found:
        table.add_row(
            str(row.number), row.state, row.reason, row.since, row.waited, row.agent,
            _plain(row.question),
        )  # fmt: skip
    console.print(table)


@handoff_app.command("show")
def show_handoff(number: int) -> None:
    """显示一次转接的原因和全部对话。"""
    from kefu.handoff.views import page

    shown = page(number)
    for label, value in shown.facts:
        typer.echo(f"{label}：{value}")
    typer.echo("")
    for at, author, text in shown.transcript:
        typer.echo(f"{at} {author}：{text}")


@handoff_app.command("reply")
def reply_handoff(
    number: int, text: str, agent: Annotated[str, typer.Option(help="客服的登录名或名称")] = ""
) -> None:
    """回复顾客；还没有人接待时同时接入。"""
    from kefu.handoff.desk import say
    from kefu.handoff.room import require_room

    require_room(number, time.time())
    say(number, agent or getpass.getuser(), text, time.time())
    console.print("✔ 已发送")


@handoff_app.command("take")
def take_handoff(
    number: int, agent: Annotated[str, typer.Option(help="客服的登录名或名称")] = ""
) -> None:
    """接入一位等待的顾客或一条留言。"""
    from kefu.handoff.desk import take

    take(number, agent or getpass.getuser(), time.time())
    console.print("✔ 已接入")


@handoff_app.command("transfer")
def transfer_handoff(
    number: int,
    to: Annotated[str, typer.Argument(help="接手的客服的登录名")],
    note: Annotated[str, typer.Option(help="给接手客服的说明，顾客看不到")] = "",
) -> None:
    """把顾客转给另一位客服；还没有人接待的，直接交给他。"""
    from kefu.handoff.desk import transfer

    transfer(number, getpass.getuser(), to, time.time(), note or None, force=True)
    console.print("✔ 已转接")


@handoff_app.command("note")
def note_handoff(
    number: int, text: str, agent: Annotated[str, typer.Option(help="客服的登录名或名称")] = ""
) -> None:
    """写一条内部备注，顾客看不到。"""
    from kefu.handoff.desk import note

    note(number, agent or getpass.getuser(), text, time.time())
    console.print("✔ 已记下")


@handoff_app.command("close")
def close_handoff(number: int) -> None:
    """结束人工服务，把顾客交还给助手。"""
    from kefu.handoff.desk import finish

    finish(number, time.time(), by=getpass.getuser())
    console.print("✔ 已结束，助手继续服务这位顾客")


def _plain(text: Any) -> str:
    return str(text).replace("[", "\\[")


def _fail(text: str) -> NoReturn:
    errors.print(f"[red]✘[/red] {_plain(text)}")
    sys.exit(1)


if __name__ == "__main__":
    main()
