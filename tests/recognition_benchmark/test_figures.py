"""The figures, computed on results made by hand, and how they are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from kefu.evaluation import Recognised
from kefu.recognition_benchmark import report
from kefu.recognition_benchmark.data import Line
from kefu.recognition_benchmark.figures import Figures, figures, mean
from kefu.recognition_benchmark.report import Report
from kefu.recognition_benchmark.runs import Run
from kefu.recognition_benchmark.splitting import Split
from kefu.running.machine import Machine

HERE = Machine("a processor", 2, 4.0, "a system", "3.10.0")
TRAIN = [Line("一", "a"), Line("二", "b"), Line("三", "c"), Line("四", "d")]
TEST = [Line("1", "a"), Line("2", "a"), Line("3", "a"), Line("4", "a"), Line("5", "e")]
REJECT = [
    Line("6", "out_of_scope", "chat"), Line("7", "out_of_scope", "chat"),
    Line("8", "out_of_scope", "task"), Line("9", "out_of_scope"),
]  # fmt: skip
FOUND = [
    ("answer", "a", "b"), ("answer", "b", "c", "a"), ("options", "b", "c", "d", "a"),
    ("not_recognised",), ("answer", "a"),
    ("answer", "a"), ("options", "a"), ("answer", "out_of_scope", "a"), ("answer", "b"),
]  # fmt: skip


def run(found: Sequence[tuple[str, ...]] = FOUND, memory: float = 700.0) -> Run:
    recognised = [Recognised(outcome, tuple(ranking), ()) for outcome, *ranking in found]
    times = [float(n + 1) for n in range(len(found))]
    return Run(recognised, times, 20.0, 0.5, memory, 1.5)


def a_split(seed: int = 1, reject: Sequence[Line] = REJECT) -> Split:
    return Split(seed, TRAIN, TEST, reject, removed=3)


def test_figures() -> None:
    found = figures(a_split(), run())
    assert (found.top1, found.top3) == (0.2, 0.4)
    assert (found.answered, found.options, found.not_recognised) == (0.6, 0.2, 0.2)
    assert found.wrong == 0.4
    # Options promise nothing, and neither does what is recognised as out of scope.
    assert found.false_answers == 0.5
    assert found.false_answers_by_kind == {"chat": 0.5, "task": 0.0}
    assert (found.p50, found.p99) == (5.0, 9.0)
    assert (found.training_seconds, found.load_seconds) == (20.0, 0.5)
    assert (found.memory_megabytes, found.model_megabytes) == (700.0, 1.5)


def test_what_cannot_be_counted_is_no_figure() -> None:
    found = figures(a_split(reject=()), run(FOUND[:5], memory=0.0))
    assert (found.false_answers, found.memory_megabytes) == (None, None)
    assert found.false_answers_by_kind == {}


def test_the_mean_is_of_the_runs_that_could_be_counted() -> None:
    one = figures(a_split(), run())
    other = figures(a_split(reject=()), run([("answer", "a")] * 5))
    together = mean([one, other, None])
    assert together.top1 == pytest.approx((0.2 + 0.8) / 2)
    assert together.false_answers == 0.5
    assert together.false_answers_by_kind == {"chat": 0.5, "task": 0.0}
    assert mean([None]).top1 is None


def a_report(found: dict[str, Sequence[Figures | None]]) -> Report:
    seeds = range(1, 1 + len(next(iter(found.values()))))
    return Report({"train": "a.jsonl"}, [a_split(seed) for seed in seeds], found, HERE)


def printed(shown: Report) -> dict[str, list[str]]:
    """Return the words of each line by the first of them."""
    console = Console(width=80, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as captured:
        shown.print(console)
    rows = [line.split() for line in captured.get().splitlines() if line.strip()]
    return {row[0]: row[1:] for row in rows}


def test_both_pipelines_stand_side_by_side() -> None:
    ours = figures(a_split(), run())
    rasa = figures(a_split(), run([("answer", "a")] * 9))
    rows = printed(a_report({"ours": [ours], "rasa": [rasa]}))
    assert rows["首选正确"] == ["20.0%", "80.0%"]
    assert rows["答错"] == ["40.0%", "20.0%"]
    assert rows["该拒绝却回答"] == ["50.0%", "100.0%"]
    assert rows["该拒绝却回答：chat"] == ["50.0%", "100.0%"]
    assert rows["内存（MB）"] == ["700", "700"]
    assert rows["种子"] == ["1：训练", "4", "条（4", "类），测试", "5", "条，应拒绝", "4",
                          "条；已去掉与训练相同的", "3", "条"]  # fmt: skip
    assert rows["测试中有"][0] == "1"


def test_a_run_that_failed_is_a_dash_and_not_a_zero() -> None:
    ours = figures(a_split(), run())
    shown = a_report({"ours": [ours, ours], "rasa": [None, None]})
    rows = printed(shown)
    assert rows["首选正确"] == ["20.0%", "–"]
    # One line for each seed and pipeline.
    assert rows["2"] == ["Rasa", "建议", *["–"] * 7]
    assert not shown.complete


def test_programs_get_every_seed_and_the_mean(tmp_path: Path) -> None:
    one, other = figures(a_split(1), run()), figures(a_split(2), run([("answer", "a")] * 9))
    report.write(tmp_path / "results/benchmark.json", a_report({"ours": [one, other]}).as_dict())
    written = json.loads((tmp_path / "results/benchmark.json").read_text(encoding="utf-8"))
    assert written["machine"]["cores"] == 2
    assert [split["removed"] for split in written["splits"]] == [3, 3]
    ours = written["pipelines"]["ours"]
    assert ours["mean"]["top1"] == 0.5
    assert [ours["seeds"][seed]["top1"] for seed in ("1", "2")] == [0.2, 0.8]
