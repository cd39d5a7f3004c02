"""The table, the JSON and the picture of `kefu benchmark --scale`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Column, Table

from kefu.recognition_benchmark.report import Format, number, percent, shown
from kefu.recognition_benchmark.scale import TESTED, TRAINED, Row
from kefu.running.machine import machine

RESULT = Path("results") / "scale.json"
PICTURE = Path("results") / "scale.png"

_COLUMNS: tuple[tuple[str, str, Format], ...] = (
    ("训练（秒）", "training_seconds", number),
    ("p50（毫秒）", "p50", number),
    ("p99（毫秒）", "p99", number),
    ("内存（MB）", "memory_megabytes", number),
    ("首选正确", "top1", percent),
    ("模型（MB）", "model_megabytes", number),
)
# In English: a machine may have no font with Chinese characters.
_PANELS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Training (s)", {"training": "training_seconds"}),
    ("One message (ms)", {"p50": "p50", "p99": "p99"}),
    ("Size (MB)", {"memory of the process": "memory_megabytes", "model file": "model_megabytes"}),
    ("Top-1 (share)", {"top-1": "top1"}),
)


def table(rows: Sequence[Row]) -> Table:
    """Return one row a size."""
    titles = ("条目", *(title for title, _, _ in _COLUMNS))
    columns = (Column(title, justify="right", no_wrap=True) for title in titles)
    made = Table(*columns, box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for row in rows:
        values = (shown(_value(row, name), shape) for _, name, shape in _COLUMNS)
        made.add_row(f"{row.entries:,}", *values)
    return made


def as_dict(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the rows for programs."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine().__dict__,
        "phrasings": {"trained": TRAINED, "tested": TESTED},
        "sizes": {str(row.entries): row.figures.as_dict() if row.figures else None for row in rows},
    }


def draw(rows: Sequence[Row], file: Path) -> None:
    """Draw the figures over the number of entries as PNG."""
    from matplotlib.backends.backend_agg import (  # type: ignore[import-untyped]
        FigureCanvasAgg,
    )
    from matplotlib.figure import Figure  # type: ignore[import-untyped]

    picture = Figure(figsize=(10, 7), tight_layout=True)
    for place, (title, lines) in enumerate(_PANELS, 1):
        axes = picture.add_subplot(2, 2, place)
        for label, name in lines.items():
            _line(axes, rows, label, name)
        axes.set_title(title)
        axes.set_xlabel("Entries")
        axes.set_xlim(left=0)
        axes.set_ylim(0, axes.get_ylim()[1] * 1.1)
        axes.grid(alpha=0.3)
        if len(lines) > 1:
            axes.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(picture).print_png(str(file))


def _line(axes: Any, rows: Sequence[Row], label: str, name: str) -> None:
    points = [(row.entries, _value(row, name)) for row in rows]
    counted = [(size, value) for size, value in points if value is not None]
    axes.plot([size for size, _ in counted], [v for _, v in counted], marker="o", label=label)


def _value(row: Row, name: str) -> float | None:
    return getattr(row.figures, name) if row.figures else None
