"""What `kefu benchmark` prints and writes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table

from kefu.recognition_benchmark.figures import Figures, mean
from kefu.recognition_benchmark.pipelines import OURS, RASA
from kefu.recognition_benchmark.splitting import Split
from kefu.running.machine import Machine

TITLES = {OURS: "本项目", RASA: "Rasa 建议"}

Format = Callable[[float], str]


def percent(value: float) -> str:
    """Show a share."""
    return f"{value:.1%}"


def number(value: float) -> str:
    """Show a number with the decimals that say something."""
    return f"{value:,.{2 if value < 1 else 1 if value < 100 else 0}f}"


_ROWS: tuple[tuple[str, str, Format], ...] = (
    ("首选正确", "top1", percent),
    ("前三正确", "top3", percent),
    ("直接回答", "answered", percent),
    ("给出选项", "options", percent),
    ("没有听懂", "not_recognised", percent),
    ("答错", "wrong", percent),
    ("该拒绝却回答", "false_answers", percent),
    ("训练（秒）", "training_seconds", number),
    ("加载（秒）", "load_seconds", number),
    ("识别一条 p50（毫秒）", "p50", number),
    ("识别一条 p99（毫秒）", "p99", number),
    ("内存（MB）", "memory_megabytes", number),
    ("模型文件（MB）", "model_megabytes", number),
)
# Short enough for a line of 80 characters.
_IN_EACH_SEED: tuple[tuple[str, str, Format], ...] = (
    ("首选", "top1", percent),
    ("前三", "top3", percent),
    ("回答", "answered", percent),
    ("选项", "options", percent),
    ("答错", "wrong", percent),
    ("误答", "false_answers", percent),
    ("训练秒", "training_seconds", number),
)


@dataclass(frozen=True)
class Report:
    """Everything that was measured.

    Attributes:
        asked: What the command was given, for programs.
        splits: One a seed.
        found: Pipeline -> figures, one a split; None where a process failed.
        here: What it was measured on.
    """

    asked: dict[str, Any]
    splits: Sequence[Split]
    found: dict[str, Sequence[Figures | None]]
    here: Machine

    def as_dict(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "machine": self.here.__dict__,
            "asked": self.asked,
            "splits": [split.counts() for split in self.splits],
            "pipelines": {name: self._pipeline(each) for name, each in self.found.items()},
        }

    @property
    def complete(self) -> bool:
        """Return whether no run failed."""
        return all(one is not None for each in self.found.values() for one in each)

    def _pipeline(self, each: Sequence[Figures | None]) -> dict[str, Any]:
        pairs = zip(self.splits, each, strict=True)
        seeds = {str(split.seed): one.as_dict() if one else None for split, one in pairs}
        return {"mean": mean(each).as_dict(), "seeds": seeds}

    def print(self, console: Console) -> None:
        """Print the report for people."""
        console.print(f"本机：{self.here}")
        for split in self.splits:
            console.print("\n".join(_counts(split)))
        console.print(self._means())
        if len(self.splits) > 1:
            console.print(self._seeds())

    def _means(self) -> Table:
        means = {name: mean(each) for name, each in self.found.items()}
        table = _table("" if len(self.splits) == 1 else "平均", *(TITLES[name] for name in means))
        for title, name, shape in _ROWS:
            table.add_row(title, *(shown(getattr(one, name), shape) for one in means.values()))
        for kind in sorted({k for one in means.values() for k in one.false_answers_by_kind}):
            shares = [one.false_answers_by_kind.get(kind) for one in means.values()]
            table.add_row(f"该拒绝却回答：{kind}", *(shown(share, percent) for share in shares))
        return table

    def _seeds(self) -> Table:
        table = _table("种子", "方案", *(title for title, _, _ in _IN_EACH_SEED))
        for place, split in enumerate(self.splits):
            for name, each in self.found.items():
                one = mean([each[place]])
                values = (shown(getattr(one, n), shape) for _, n, shape in _IN_EACH_SEED)
                table.add_row(str(split.seed), TITLES[name], *values)
        return table


def shown(value: float | None, shape: Format) -> str:
    """Show a figure, or that it could not be counted."""
    return "–" if value is None else shape(value)


def write(file: Path, content: dict[str, Any]) -> None:
    """Write a report as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _counts(split: Split) -> Iterator[str]:
    counts = split.counts()
    yield (
        f"种子 {split.seed}：训练 {counts['train']} 条（{counts['labels']} 类），"
        f"测试 {counts['test']} 条，应拒绝 {counts['reject']} 条；"
        f"已去掉与训练相同的 {counts['removed']} 条"
    )
    if counts["untrained"]:
        yield f"  测试中有 {counts['untrained']} 条的分类没有训练例句，都算识别错误"


def _table(*titles: str) -> Table:
    first, *others = titles
    columns = (Column(title, justify="right", no_wrap=True) for title in others)
    return Table(
        Column(first, no_wrap=True), *columns, box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0)
    )
