"""`kefu publish` and `kefu model`: bringing a model to the customers, and going back."""

from __future__ import annotations

import getpass
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kefu.environment import environment
from kefu.settings import settings

if TYPE_CHECKING:
    from kefu.publishing.comparison import Case
    from kefu.publishing.jobs import Job
    from kefu.publishing.result import Result

_console = Console(highlight=False, soft_wrap=True)
_progress_console = Console(stderr=True, highlight=False)
_SHOWN = 20
_PAUSE_SECONDS = 0.5

app = typer.Typer(help="模型：查看、检查、换用", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="kefu model list 列出的名称")]


def register(to: typer.Typer) -> None:
    """Add the commands to the command line."""
    to.command("publish")(publish)
    to.add_typer(app, name="model")


def publish(
    yes: Annotated[bool, typer.Option("--yes", help="不再询问")] = False,
    swap: Annotated[bool, typer.Option("--swap/--no-swap", help="通过检查后立即启用")] = True,
) -> None:
    """发布知识库：检查、训练、用测试问题比较，通过后启用。"""
    from kefu.publishing import decisions
    from kefu.publishing.pending import unpublished

    changes = unpublished(environment().home)
    _console.print(f"没有发布的修改：{len(changes)} 条")
    for change in changes[:_SHOWN]:
        _console.print(f"  {_plain(change.title or change.label)}（{change.in_words}）")
    if len(changes) > _SHOWN:
        _console.print(f"  ……还有 {len(changes) - _SHOWN} 条")
    if not yes and not typer.confirm("发布吗？"):
        _console.print("没有发布")
        raise typer.Exit(1)
    _report(_followed(decisions.publish(getpass.getuser(), time.time(), swap)))


@app.command("list")
def list_models() -> None:
    """列出模型，新的在前。"""
    from kefu.publishing import models
    from kefu.publishing.floor import percent

    found = models.models()
    if not found:
        _console.print("还没有模型，请执行 kefu publish 或 make train")
        return
    table = Table()
    # To be copied into the next command.
    table.add_column("名称", no_wrap=True)
    for title in ("内容截至", "来源", "上次启用", "准确率", ""):
        table.add_column(title, overflow="fold")
    for one in found:
        accuracy = one.last.accuracy if one.last else None
        table.add_row(
            one.name,
            _when(one.made_at),
            "发布" if one.made_here else "机器人团队训练",
            f"{_when(one.last.at)} {_plain(one.last.by)}" if one.last else "",
            "" if accuracy is None else percent(accuracy),
            "正在使用" if one.served else "",
        )
    _console.print(table)


@app.command("check")
def check_model(name: _Name) -> None:
    """用测试问题试一个模型，和正在使用的比较；不换用。"""
    from kefu.publishing import decisions

    _report(_followed(decisions.check(name, getpass.getuser(), time.time())))


@app.command("use")
def use_model(
    name: _Name,
    reason: Annotated[str, typer.Option(help="模型没有通过检查时，为什么仍要启用")] = "",
) -> None:
    """换用一个模型，或换回以前的。"""
    from kefu.publishing import decisions

    by = getpass.getuser()
    _report(_followed(decisions.use(name, by, time.time(), may_force=True, reason=reason)))


def _followed(job: Job) -> Job:
    """Show how far a job is until it has ended; Ctrl-C asks it to stop."""
    from kefu.publishing import jobs, launching

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_progress_console, transient=True) as progress:
        task = progress.add_task(job.step, total=100)
        while not job.ended:
            try:
                time.sleep(_PAUSE_SECONDS)
            except KeyboardInterrupt:
                jobs.ask_to_stop(job.id, job.by)
            job = launching.current(job.id)
            progress.update(task, completed=job.percent, description=job.step)
    return job


def _report(job: Job) -> None:
    from kefu.publishing import result

    tried = result.load(job.id)
    if tried is not None:
        _show_trial(tried)
    for problem in job.problems:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        _console.print(f"  {_plain(place)}: {_plain(problem.text)}")
    fine = job.state in ("done", "waiting") and (tried is None or tried.verdict.passed)
    mark = "[green]✔[/green]" if fine else "[red]✘[/red]"
    _console.print(f"{mark} {_plain(job.text)}")
    if job.state in ("waiting", "refused") and job.model:
        extra = ' --reason "原因"' if job.state == "refused" else ""
        _console.print(f"→ 要启用：kefu model use {job.model}{extra}")
    raise typer.Exit(0 if fine else 1)


def _show_trial(tried: Result) -> None:
    from kefu.publishing.floor import percent

    compared = tried.compared
    before = compared.accuracy_before
    was = "" if before is None else f"{percent(before)} → "
    now = "—" if compared.accuracy is None else percent(compared.accuracy)
    _console.print(f"准确率：{was}{now}（{compared.questions} 条测试问题）")
    own = compared.standard - len(compared.caught)
    _console.print(f"标准问题由自己的条目回答：{own}/{compared.standard}")
    _list("变差了", compared.worse)
    _list("变好了", compared.better)
    _list("被别的条目抢答的标准问题", compared.caught)
    for remark in tried.verdict.remarks:
        _console.print(f"• {remark}")


def _list(title: str, cases: tuple[Case, ...]) -> None:
    if not cases:
        return
    _console.print(f"{title}：{len(cases)} 条")
    for case in cases[:_SHOWN]:
        was = f"原来{case.before.words}，" if case.before else ""
        line = f"  {case.text}（应为「{case.title}」）：{was}现在{case.after.words}"
        _console.print(_plain(line))
    if len(cases) > _SHOWN:
        _console.print(f"  ……还有 {len(cases) - _SHOWN} 条")


def _when(at: float) -> str:
    zone = settings().assistant.zone
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
