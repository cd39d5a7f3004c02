"""What `kefu bench` prints and writes: percentiles beside the goals, and the machine."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table

from kefu.running.machine import Machine

_FIGURES = ("p50", "p95", "p99", "max")


@dataclass(frozen=True)
class Measured:
    """One series of answers.

    Attributes:
        name: What was measured, for people.
        key: The same for programs.
        seconds: Time of each answer.
        goals: Figure (p50, p95, p99, max) -> seconds that it should not exceed.
        failed: How many were an apology.
        wall: Seconds that the whole series took.
    """

    name: str
    key: str
    seconds: Sequence[float]
    goals: dict[str, float]
    failed: int
    wall: float

    @property
    def figures(self) -> dict[str, float]:
        """Return p50, p95, p99 and max in seconds."""
        found = {f"p{rank}": percentile(self.seconds, rank) for rank in (50, 95, 99)}
        return {**found, "max": max(self.seconds)}

    @property
    def per_second(self) -> float:
        """Return how many answers there were a second."""
        return len(self.seconds) / self.wall

    @property
    def reached(self) -> bool:
        """Return whether every goal was reached and nothing failed."""
        figures = self.figures
        return not self.failed and all(figures[k] <= goal for k, goal in self.goals.items())

    def shown(self, figure: str) -> str:
        """Return a figure in milliseconds, its goal in brackets."""
        goal = self.goals.get(figure)
        beside = f"(≤{goal * 1000:.0f})" if goal is not None else ""
        milliseconds = self.figures[figure] * 1000
        return f"{milliseconds:.{0 if milliseconds >= 100 else 1}f}{beside}"

    def as_dict(self) -> dict[str, Any]:
        """Return the series for programs."""
        return {
            "name": self.name,
            "count": len(self.seconds),
            "failed": self.failed,
            "per_second": round(self.per_second, 1),
            "milliseconds": {k: round(v * 1000, 1) for k, v in self.figures.items()},
            "goals_milliseconds": {k: round(v * 1000) for k, v in self.goals.items()},
            "reached": self.reached,
        }


def percentile(values: Sequence[float], rank: int) -> float:
    """Return the smallest of `values` that at least `rank` percent of them do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * rank / 100) - 1)]


def show(
    measured: Sequence[Measured], memory: dict[str, float], here: Machine, console: Console
) -> None:
    """Print the machine, the figures beside their goals, and the memory of each process (MB)."""
    console.print(f"本机：{here}")
    console.print("毫秒，括号里是目标：")
    titles = ("", "次数", "失败", *_FIGURES, "每秒", "达到")
    columns = (Column(title, no_wrap=True) for title in titles)
    table = Table(*columns, box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for series in measured:
        table.add_row(
            series.name,
            str(len(series.seconds)),
            str(series.failed),
            *(series.shown(figure) for figure in _FIGURES),
            f"{series.per_second:.0f}",
            ("✔" if series.reached else "✘") if series.goals else "",
        )
    console.print(table)
    console.print("内存：" + "，".join(f"{name} {mb:.0f} MB" for name, mb in memory.items()))


def write(
    file: Path, measured: Sequence[Measured], memory: dict[str, float], here: Machine
) -> None:
    """Write everything that `show` prints as JSON."""
    result = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": here.__dict__,
        "measured": {series.key: series.as_dict() for series in measured},
        "memory_megabytes": {name: round(mb) for name, mb in memory.items()},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
