"""Commands about the knowledge base; `kefu.cli` registers them."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from kefu.environment import environment
from kefu.errors import FileProblems, KefuError

if TYPE_CHECKING:
    from kefu.knowledge.changes import Change, FieldChange
    from kefu.knowledge.exchange import Plan

_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)
# Of a list that somebody reads before answering yes or no; --dry-run shows all.
_SHOWN = 30

app = typer.Typer(help="知识库：检查、导入、导出、行业模板", no_args_is_help=True)


class _Mode(str, Enum):
    APPEND = "append"
    REPLACE = "replace"


class _Template(str, Enum):
    ECOMMERCE = "ecommerce"
    SERVICE = "service"
    EMPTY = "empty"


def register(to: typer.Typer) -> None:
    """Add the commands to an app."""
    to.add_typer(app, name="knowledge")


@app.command()
def check() -> None:
    """检查知识库：答案过长、重复或冲突的问法、违禁词等。"""
    from kefu.knowledge import checks
    from kefu.knowledge.tasks import task_titles

    problems = checks.check(environment().home, task_titles(environment().home))
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        raise KefuError(f"共 {len(problems)} 处问题，请按提示修改")
    _console.print("✔ 知识库没有问题")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="写到哪里，结尾为 .xlsx 或 .csv")],
) -> None:
    """把整个知识库导出成表格；改好后可以再导入。"""
    from kefu.knowledge import sheet_writing
    from kefu.knowledge.writing import read_base

    base = read_base(environment().home)
    with _progress() as step:
        count = sheet_writing.export(file, base.categories, step)
    _console.print(f"✔ 已导出 {count} 个条目：{_plain(str(file))}")


@app.command()
def sheet(file: Annotated[Path, typer.Argument(help="写到哪里，结尾为 .xlsx")]) -> None:
    """生成一张空的表格，带填写说明。"""
    from kefu.knowledge import sheet_writing
    from kefu.knowledge.writing import read_base

    if file.exists():
        raise KefuError(f"{file} 已经存在：请换一个文件名")
    sheet_writing.form(file, read_base(environment().home).categories)
    _console.print(f"✔ 空表：{_plain(str(file))}（填好后执行 kefu knowledge import {file}）")


@app.command("import")
def import_sheet(
    file: Annotated[Path, typer.Argument(help="表格，.xlsx 或 .csv")],
    mode: Annotated[
        _Mode, typer.Option(help="append 添加和更新，replace 整个知识库以表格为准")
    ] = _Mode.APPEND,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出会改什么，不写入")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问")] = False,
) -> None:
    """把表格导入知识库；有一处错误就什么也不写。"""
    from kefu.knowledge.bulk import bring_in
    from kefu.knowledge.exchange import Mode, plan_import
    from kefu.knowledge.tasks import task_titles

    home = environment().home
    try:
        with _progress() as step:
            plan = plan_import(home, file, Mode(mode.value), task_titles(home), step)
    except FileProblems as error:
        for problem in error.problems:
            typer.echo(str(problem))
        raise KefuError(
            f"共 {len(error.problems)} 处问题，没有写入；请按提示修改后再导入"
        ) from None
    _show(plan, everything=dry_run)
    if dry_run or plan.empty:
        _console.print("没有写入（--dry-run）" if dry_run else "✔ 没有变化，不用写入")
        return
    _agreed(yes, "写入知识库？")
    with _progress() as step:
        done = bring_in(plan, file.name, getpass.getuser(), time.time(), step)
    _console.print(f"✔ 已写入；原来的知识库保存在 {done.copy}\n执行 make train 并重新启动后生效")
    _console.print(f"要撤销时执行 kefu knowledge undo {_plain(done.change.id)}")
    _hint_at_settings()


@app.command()
def init(
    template: Annotated[
        _Template, typer.Option(help="ecommerce 电商，service 服务业，empty 只有一个示例")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="替换已有的知识库和设置里的热门问题（先备份）")
    ] = False,
) -> None:
    """用行业模板建立知识库。"""
    from kefu.knowledge import templates
    from kefu.knowledge.bulk import noted

    home = environment().home
    with noted(home, "template", template.value, getpass.getuser(), time.time()):
        done = templates.init(home, environment().var, template.value, force)
    _console.print(f"✔ 已建立知识库：{done.entries} 个条目，{done.categories} 个分类")
    if done.copy is not None:
        _console.print(f"原来的文件保存在 {done.copy}")
    _console.print(_plain(done.settings))
    _hint_at_settings()
    _console.print("执行 kefu knowledge check 检查，再执行 make train")


def _show(plan: Plan, everything: bool) -> None:
    from kefu.knowledge.changes import Kind

    for warning in plan.warnings:
        _console.print(f"[yellow]![/yellow] {_plain(warning)}")
    changed = [change for change in plan.changes if change.kind is not Kind.UNCHANGED]
    # What goes is what one must not overlook.
    changed.sort(key=lambda change: change.kind is not Kind.REMOVED)
    shown = changed if everything else changed[:_SHOWN]
    table = Table("变化", "编号", "标准问题", "改动")
    for title in plan.titles:
        table.add_row("修改", "", "", _field(title))
    for change in shown:
        table.add_row(change.kind.value, change.label, _plain(change.question), _fields(change))
    if table.row_count:
        _console.print(table)
    if len(shown) < len(changed):
        _console.print(f"……另有 {len(changed) - len(shown)} 个，用 --dry-run 查看全部")
    _console.print("，".join(f"{kind.value} {plan.count(kind)}" for kind in Kind))


def _fields(change: Change) -> str:
    return "\n".join(_field(field) for field in change.fields)


def _field(field: FieldChange) -> str:
    if len(field.before) == len(field.after) == 1:
        return _plain(f"{field.title}：{field.before[0]} → {field.after[0]}")
    if not field.added and not field.removed:
        return f"{field.title}：顺序"
    came = [f"+ {text}" for text in field.added]
    went = [f"- {text}" for text in field.removed]
    return _plain("\n".join([f"{field.title}：", *came, *went]))


def _hint_at_settings() -> None:
    from kefu.knowledge.settings_hints import settings_hints
    from kefu.knowledge.tasks import task_titles

    home = environment().home
    for hint in settings_hints(home, task_titles(home)):
        _console.print(f"[yellow]![/yellow] {_plain(hint)}")


def _agreed(yes: bool, question: str) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise KefuError("没有写入：请先用 --dry-run 查看，再加上 --yes 写入")
    if not typer.confirm(question):
        raise KefuError("没有写入")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for what takes long; `total` 0 stands for something that is not counted."""
    from rich.progress import TaskID

    from kefu.knowledge.grids import silent
    from kefu.progress import counting

    if not _errors.is_terminal:
        yield silent
        return
    with counting(_errors) as bar:
        tasks: dict[str, TaskID] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for before in tasks.values():
                    bar.update(before, visible=False)
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=done, total=total or None)

        yield step


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
