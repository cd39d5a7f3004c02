"""The whole benchmark, with a training of its own, and the options of the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from kefu import cli
from kefu.recognition_benchmark.comparison import Plan, compare
from kefu.recognition_benchmark.data import Line
from kefu.recognition_benchmark.errors import BenchmarkFailed
from kefu.recognition_benchmark.figures import measure
from kefu.recognition_benchmark.pipelines import Pipeline
from kefu.recognition_benchmark.splitting import Split
from tests.model import PROJECT

ASKED = {
    "退货/退款": ["怎么退货", "我要退货", "这个可以退货吗", "想退货", "退货流程", "帮我退货"],
    "发票": ["怎么开发票", "能开发票吗", "发票在哪里开", "要一张发票", "发票抬头", "电子发票"],
    "发货": ["什么时候发货", "几天发货", "怎么还不发货", "今天发货吗", "催一下发货", "发货时间"],
    "尺码": ["尺码怎么选", "有尺码表吗", "尺码偏大吗", "选什么尺码", "尺码标准吗", "尺码推荐"],
}


def lines_file(folder: Path) -> Path:
    file = folder / "asked.jsonl"
    rows = [{"text": text, "label": label} for label, texts in ASKED.items() for text in texts]
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


def test_our_pipeline_is_trained_and_measured_through_rasa(
    fresh_home: Path, tmp_path: Path
) -> None:
    file = lines_file(tmp_path)
    reject = tmp_path / "reject.jsonl"
    reject.write_text('{"text": "/restart", "kind": "命令"}\n{"text": "。。。"}', encoding="utf-8")
    plan = Plan(file, file, reject, per_label=5, only="ours")
    found = compare(plan, PROJECT, Console(stderr=True))
    (figures,) = found.found["ours"]
    assert figures is not None
    # Each label has a word of its own; what stands in the answers are labels, not intents.
    assert figures.top1 is not None and figures.top1 >= 0.75
    assert figures.top3 is not None and figures.top3 >= figures.top1
    assert figures.answered == pytest.approx(1 - figures.options - figures.not_recognised)  # type: ignore[operator]
    assert set(figures.false_answers_by_kind) == {"命令"}
    assert min(figures.training_seconds or 0, figures.load_seconds or 0, figures.p50 or 0) > 0
    assert min(figures.memory_megabytes or 0, figures.model_megabytes or 0) > 0
    (counts,) = found.as_dict()["splits"]
    assert (counts["train"], counts["test"], counts["reject"]) == (20, 4, 2)


def test_a_training_that_fails_says_why_and_gives_no_figures(
    fresh_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {"recipe": "default.v1", "language": "zh", "pipeline": [{"name": "NoSuchComponent"}]}
    lines = [Line("怎么退货", "退货"), Line("开票", "发票")]
    split = Split(1, lines, lines, (), 0)
    assert (
        measure(Pipeline(config), split, "一份配置", Console(stderr=True, soft_wrap=True)) is None
    )
    said = capsys.readouterr().err
    assert "训练：一份配置失败" in said
    assert "NoSuchComponent" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "同一个文件"),
        ({"per_label": 0}, "--per-label"),
        ({"per_label": 3, "seeds": (1, 1)}, "重复"),
        ({"test": Path("b.jsonl"), "seeds": (1, 2)}, "--per-label"),
    ],
)
def test_options_that_do_not_go_together(changes: dict[str, object], said: str) -> None:
    plan = Plan(**{"train": Path("a.jsonl"), "test": Path("./a.jsonl"), **changes})  # type: ignore[arg-type]
    with pytest.raises(BenchmarkFailed, match=said):
        plan.check()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--train 和 --test"),
        (["--train", "a.jsonl"], "--train 和 --test"),
        (["--scale", "100", "--train", "a.jsonl"], "不能和"),
        (["--scale", "1"], "--scale 应为"),
        (["--train", "no-such.jsonl", "--test", "b.jsonl"], "no-such.jsonl: 读不了"),
    ],
)
def test_mistakes_on_the_command_line_are_one_line(
    fresh_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("sys.argv", ["kefu", "benchmark", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed
