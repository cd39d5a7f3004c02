"""Commands about backups; `kefu.cli` registers them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from kefu.environment import SECRETS_FILE, environment
from kefu.errors import KefuError

if TYPE_CHECKING:
    from kefu.backup.checking import Backup
    from kefu.backup.progress import Tell
    from kefu.backup.restoring import Restored

_console = Console(highlight=False, soft_wrap=True)
_progress_console = Console(stderr=True, highlight=False)
_SHOWN = 20

app = typer.Typer(help="备份和恢复：知识库、设置、数据库", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(help="kefu backup list 列出的名称，或备份目录的路径")]
_From = Annotated[Path | None, typer.Option("--from", help="备份所在的目录，默认同设置")]


class _Part(str, Enum):
    KNOWLEDGE = "knowledge"
    DATABASE = "database"
    SETTINGS = "settings"


_Only = Annotated[
    _Part | None,
    typer.Option(help="只要一部分：knowledge 知识库，database 数据库，settings 设置"),
]


def register(to: typer.Typer) -> None:
    """Add the commands to an app."""
    to.add_typer(app, name="backup")


@app.command("now")
def back_up_now(
    to: Annotated[Path | None, typer.Option(help="存到哪个目录，默认同设置")] = None,
    with_model: Annotated[bool, typer.Option("--with-model", help="连同现在的模型")] = False,
) -> None:
    """立即备份；不用停止任何程序。"""
    from kefu.backup import making, parts, rotation
    from kefu.backup.shelf import settings_if_readable

    of = parts.WHOLE | {parts.MODEL} if with_model else parts.WHOLE
    with _shown() as tell:
        made = making.make("manual", to, of=of, tell=tell)
    _console.print(f"✔ 已备份并检查：{_plain(str(made.folder))}（{_facts(made)}）")
    chosen = settings_if_readable()
    if to is None and chosen:
        kept = chosen.backup
        gone = rotation.rotate(kept.keep_days, kept.keep_at_least, time.time())
        if gone:
            _console.print(f"• 已删除 {len(gone)} 个超过 {kept.keep_days} 天的备份")
    _console.print(
        f"• 不含密钥：{environment().var / SECRETS_FILE} 和环境变量里的密钥请另外保管，"
        "不要与备份放在一起。没有它们，谁也打不开备份里的聊天记录，您自己也不能"
    )


@app.command("list")
def list_backups(folder: _From = None) -> None:
    """列出备份，新的在后。"""
    from kefu.backup import parts, restoring, rotation, shelf
    from kefu.backup.manifest import REASONS

    _tell_unfinished(restoring.unfinished())
    found = rotation.listed(folder)
    if not found:
        _console.print(f"{_plain(str(folder or shelf.default_folder()))} 里还没有备份")
        return
    table = Table()
    for title in ("名称", "时间", "方式", "内容", "大小", "状态"):
        table.add_column(title, overflow="fold")
    for one in found:
        if one.backup is None:
            table.add_row(one.name, "", "", "", "", f"✘ {_plain(one.problem)}")
            continue
        made = one.backup.manifest
        content = "、".join(title for part, title in parts.TITLES.items() if part in made.parts)
        state = "✔" if one.backup.has_our_keys else "由另一套密钥制作"
        table.add_row(
            one.name, shelf.when(made.created_at), REASONS[made.reason], content,
            _size(made.size), state,
        )  # fmt: skip
    _console.print(table)


@app.command("check")
def check_backup(name: _Name, folder: _From = None) -> None:
    """从头到尾读一遍备份：完整、没有改动、密钥打得开。"""
    found = _checked(name, folder)
    if not found.has_our_keys:
        raise KefuError(
            f"备份 {found.name} 完整，但由另一套密钥制作：恢复数据库要用当时的 secrets.json"
        )
    _console.print(f"✔ 备份 {found.name} 完好（{_facts(found)}）")


@app.command("diff")
def show_differences(name: _Name, only: _Only = None, folder: _From = None) -> None:
    """显示恢复一个备份会改变什么；不改动任何东西。"""
    _show_differences(_checked(name, folder), _parts(only), None)


@app.command("restore")
def restore_backup(
    name: _Name,
    only: _Only = None,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问")] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="备份由另一套密钥制作，但来源可靠（不含数据库）")
    ] = False,
    folder: _From = None,
) -> None:
    """恢复一个备份：先显示差别并询问，再备份现在的，然后替换。"""
    from kefu.backup import restoring

    _tell_unfinished(restoring.unfinished())
    found, of = _checked(name, folder), _parts(only)
    restoring.refuse(found, of, trust)
    _show_differences(found, of, _SHOWN)
    if not yes and not typer.confirm("恢复吗？现在的内容会先备份"):
        _console.print("没有恢复，什么都没有改变")
        raise typer.Exit(1)
    with _shown() as tell:
        done = restoring.restore(found, of, trust=trust, tell=tell)
    _tell_restored(found, done, database=only in (None, _Part.DATABASE))


def _tell_restored(backup: Backup, done: Restored, database: bool) -> None:
    _console.print(f"✔ 已恢复 {backup.name}，并与备份核对过")
    if done.safety:
        _console.print(f"• 恢复前的内容在备份 {done.safety.name} 里，可以用同样的命令换回去")
    if done.set_aside:
        _console.print(
            f"• 原来的数据库文件改名为 {_plain(str(done.set_aside))}，确认不要后可以删除"
        )
    if database and backup.manifest.database:
        _console.print(
            "• 备份时还没有发完的消息不再发送，需要时用 kefu wechat dead 查看；工作台要重新登录"
        )
    if done.needs_training:
        _console.print("• 模型比知识库旧：执行 make run 会自动训练，或执行 kefu train")


def _checked(name: str, folder: Path | None) -> Backup:
    from kefu.backup import checking, shelf

    with _shown() as tell:
        return checking.check(shelf.find(name, folder), tell)


def _parts(only: _Part | None) -> frozenset[str]:
    from kefu.backup import parts, restoring

    if only is None:
        return restoring.EVERYTHING
    return frozenset({only.value, *([parts.MODEL] if only == _Part.KNOWLEDGE else [])})


def _show_differences(backup: Backup, of: frozenset[str], most: int | None) -> None:
    from kefu.backup.differences import differences
    from kefu.backup.differences_text import lines

    for line in lines(differences(backup, of), most):
        typer.echo(line)


def _facts(backup: Backup) -> str:
    held = backup.manifest.database
    facts = [_size(backup.manifest.size), f"{len(backup.manifest.files)} 个文件"]
    if held:
        facts += [f"{held.counts.get('conversations', 0)} 个会话"]
        facts += [f"{held.counts.get('messages', 0)} 条消息"]
    return "，".join(facts)


def _tell_unfinished(name: str | None) -> None:
    if name:
        _console.print(f"[red]✘[/red] 上次恢复 {name} 中途断了，请再恢复一次：{name}")


@contextmanager
def _shown() -> Iterator[Tell]:
    """Give what shows the steps of a job, and a bar for each whose length is known."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=_progress_console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=None)
            progress.update(tasks[what], completed=done, total=total or None)

        yield tell


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
