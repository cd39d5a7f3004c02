"""Commands about recognition; `kefu.cli` registers them."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from kefu.environment import environment

if TYPE_CHECKING:
    from kefu.recognition_benchmark.comparison import Plan

_console = Console(highlight=False, soft_wrap=True)
_progress = Console(stderr=True, highlight=False, soft_wrap=True)


class Only(str, Enum):
    """One of the two pipelines."""

    OURS = "ours"
    RASA = "rasa"


def register(app: typer.Typer) -> None:
    """Add the commands to an app."""
    app.command()(benchmark)
    app.command()(explain)
    app.command()(calibrate)


def benchmark(
    train: Annotated[
        Path | None, typer.Option(help='训练用的问法，每行 {"text": …, "label": …}')
    ] = None,
    test: Annotated[Path | None, typer.Option(help="测试用的问法，可以和 --train 相同")] = None,
    reject: Annotated[Path | None, typer.Option(help="不该回答的话，可以有 kind")] = None,
    per_label: Annotated[int | None, typer.Option(help="每类抽几条来训练，默认全部")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="抽样的种子，可以写几个")] = None,
    only: Annotated[Only | None, typer.Option(help="只测一种，默认两种都测")] = None,
    with_out_of_scope: Annotated[
        bool, typer.Option("--with-out-of-scope", help="训练时加上本项目的范围外例句")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="另一份配置，默认 config.yml")] = None,
    scale: Annotated[str, typer.Option(help="改测规模：条目数，如 100,500,1000")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """用自己的标注数据比较本项目和 Rasa 建议配置的识别效果，或测量规模（--scale）。"""
    from kefu.recognition_benchmark.comparison import Plan
    from kefu.recognition_benchmark.errors import BenchmarkFailed

    if scale and (train or test):
        raise BenchmarkFailed("--scale 用自己造的数据，不能和 --train、--test 一起用")
    if scale:
        complete = _measure_scale(scale, config, as_json)
    elif train and test:
        seeds = tuple(seed or (1,))
        chosen = only.value if only else ""
        plan = Plan(train, test, reject, per_label, seeds, chosen, with_out_of_scope, config)
        complete = _compare(plan, as_json)
    else:
        raise BenchmarkFailed("请用 --train 和 --test 指定标注数据，或用 --scale 测量规模")
    raise typer.Exit(0 if complete else 1)


def calibrate(
    price: Annotated[float, typer.Option(help="答错一次抵几次没有听懂")] = 1,
    outside_share: Annotated[float, typer.Option(help="线上消息里超出范围的占多少")] = 0.4,
    most_false: Annotated[float, typer.Option(help="超出范围的话至多多少被直接回答")] = 0.05,
    model: Annotated[Path | None, typer.Option(help="模型文件，默认用新训练的")] = None,
    questions: Annotated[
        list[Path] | None, typer.Option(help="改用标注过的问题，格式同 evaluate，可以写几个")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write/--no-write", help="是否把阈值写进 config.yml")
    ] = True,
) -> None:
    """按答错的代价选择识别的三个阈值，画出曲线，写进 config.yml。"""
    from kefu.calibration import curve, report
    from kefu.calibration.config_file import write_thresholds
    from kefu.calibration.costs import Prices

    home = environment().home
    prices = Prices(price, outside_share)
    plan = report.Plan(prices, most_false, model, tuple(questions or ()))
    found = report.calibrate(plan, home, _progress)
    found.print(_console)
    found.draw(home / curve.PICTURE)
    _console.print(f"✔ 曲线图：{home / curve.PICTURE}")
    config = home / report.CONFIG
    if not write:
        _console.print(f"• 没有改动 {config}（--no-write）")
    elif write_thresholds(config, found.choice.thresholds):
        _console.print(f"✔ 已写入 {config}；请执行 make train 生效（识别沿用上次训练的结果）")
    else:
        _console.print(f"✔ {config} 已经是这些阈值")


def explain(
    text: Annotated[str, typer.Argument(help="顾客的一句话")],
    after: Annotated[str, typer.Option(help="上一个问题：条目名称或标准问题")] = "",
    model: Annotated[Path | None, typer.Option(help="模型文件，默认用新训练的")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """说明一句话为什么被这样理解：读成了什么、像哪些问法、差在哪里。"""
    from kefu.explanation.explain import explain as explain_text
    from kefu.explanation.page import show

    with _progress.status("识别中"):
        found = explain_text(text, after, model)
    if as_json:
        typer.echo(found.to_json())
    else:
        show(found, _console)


def _compare(plan: Plan, as_json: bool) -> bool:
    from kefu.recognition_benchmark import comparison, report

    home = environment().home
    found = comparison.compare(plan, home, _progress)
    content = found.as_dict()
    report.write(home / comparison.RESULT, content)
    if as_json:
        _print_json(content)
    else:
        found.print(_console)
        _console.print(f"✔ 已写入 {home / comparison.RESULT}")
    return found.complete


def _measure_scale(sizes: str, config: Path | None, as_json: bool) -> bool:
    from kefu.recognition_benchmark import report, scale, scale_report

    home = environment().home
    rows = scale.measure(scale.read_sizes(sizes), home, config, _progress)
    content = scale_report.as_dict(rows)
    report.write(home / scale_report.RESULT, content)
    scale_report.draw(rows, home / scale_report.PICTURE)
    if as_json:
        _print_json(content)
    else:
        _console.print(scale_report.table(rows))
        _console.print(f"✔ 已写入 {home / scale_report.RESULT} 和 {home / scale_report.PICTURE}")
    return all(row.figures for row in rows)


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
