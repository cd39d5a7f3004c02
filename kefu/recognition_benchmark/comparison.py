"""Our pipeline beside Rasa's, on the files that one names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from kefu.recognition_benchmark.data import read_examples, read_labelled, read_rejected
from kefu.recognition_benchmark.errors import BenchmarkFailed
from kefu.recognition_benchmark.figures import Figures, measure
from kefu.recognition_benchmark.pipelines import OURS, RASA, Pipeline, ours, suggested
from kefu.recognition_benchmark.report import TITLES, Report
from kefu.recognition_benchmark.splitting import Material, split
from kefu.running.machine import machine

RESULT = Path("results") / "benchmark.json"
_OUT_OF_SCOPE_EXAMPLES = Path("data") / "nlu" / "out_of_scope.yml"


@dataclass(frozen=True)
class Plan:
    """What the command was asked for.

    Attributes:
        train, test, reject: Files of labelled lines, as `data` reads them.
        per_label: Training lines drawn for a label; None: all.
        seeds: One run each.
        only: The one pipeline to run, both when empty.
        with_out_of_scope: Train with the project's examples of what is out of scope too.
        config: Where our pipeline stands; None: the project's config.yml.
    """

    train: Path
    test: Path
    reject: Path | None = None
    per_label: int | None = None
    seeds: Sequence[int] = (1,)
    only: str = ""
    with_out_of_scope: bool = False
    config: Path | None = None

    def check(self) -> None:
        """Raise BenchmarkFailed for options that do not go together."""
        if self.per_label is not None and self.per_label < 1:
            raise BenchmarkFailed("--per-label 应为正整数")
        if self.per_label is None and len(self.seeds) > 1:
            raise BenchmarkFailed("几个 --seed 要和 --per-label 一起用：全部用来训练时没有抽样")
        if len(set(self.seeds)) < len(self.seeds):
            raise BenchmarkFailed("--seed 有重复")
        if self.per_label is None and self.one_file:
            raise BenchmarkFailed(
                "--train 和 --test 是同一个文件：请加 --per-label，或换一个测试文件"
            )

    @property
    def one_file(self) -> bool:
        """Return whether training and test are drawn from the same file."""
        return self.train.resolve() == self.test.resolve()

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for programs."""
        values = {**self.__dict__, "seeds": list(self.seeds)}
        return {k: str(v) if isinstance(v, Path) else v for k, v in values.items()}


def compare(plan: Plan, home: Path, console: Console) -> Report:
    """Train and measure each pipeline with each seed, one after the other.

    Raises:
        FileProblems: A file cannot be read.
        BenchmarkFailed: The options do not go together, or no run succeeded.
    """
    plan.check()
    material = _material(plan, home)
    pipelines = _pipelines(plan, home)
    splits = [split(material, plan.per_label, seed) for seed in plan.seeds]
    found: dict[str, list[Figures | None]] = {name: [] for name in pipelines}
    for made in splits:
        for name, pipeline in pipelines.items():
            title = f"{TITLES[name]}（种子 {made.seed}）"
            found[name].append(measure(pipeline, made, title, console))
    if not any(one for each in found.values() for one in each):
        raise BenchmarkFailed("没有测出结果，原因见上")
    return Report(plan.as_dict(), splits, dict(found), machine())


def _material(plan: Plan, home: Path) -> Material:
    return Material(
        read_labelled(plan.train),
        None if plan.one_file else read_labelled(plan.test),
        read_rejected(plan.reject) if plan.reject else (),
        read_examples(home / _OUT_OF_SCOPE_EXAMPLES) if plan.with_out_of_scope else (),
    )


def _pipelines(plan: Plan, home: Path) -> dict[str, Pipeline]:
    pipelines = {}
    if plan.only != RASA:
        pipelines[OURS] = ours(home, plan.config or home / "config.yml")
    if plan.only != OURS:
        pipelines[RASA] = suggested()
    return pipelines
