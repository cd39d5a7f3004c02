"""The picture of `kefu calibrate`: wrong answers against the share that is answered."""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from kefu.calibration.choice import ANSWERS
from kefu.calibration.costs import Examples, Figures, Prices, Thresholds, figures

PICTURE = Path("results") / "calibration.svg"

# The reader's browser draws the text, with the first of these that it has.
_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei",
    "WenQuanYi Micro Hei",
)  # fmt: skip
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "kefu",
    "font.family": list(_FONTS),
    "font.size": 11,
    "axes.edgecolor": "#9aa3ad",
    "xtick.color": "#5b6670",
    "ytick.color": "#5b6670",
    "text.color": "#2b333b",
    "axes.labelcolor": "#2b333b",
}
# Told apart by people who do not tell red from green.
_WRONG, _FALSE, _LIMIT, _PRESENT, _CHOSEN = "#2166ac", "#d9730d", "#d9730d", "#7a8691", "#2b333b"


def draw(
    examples: Examples, present: Thresholds, chosen: Thresholds, prices: Prices,
    most_false: float, file: Path,
) -> None:  # fmt: skip
    """Draw the curves at the chosen margin, the chosen and the present point, as SVG."""
    import matplotlib  # type: ignore[import-untyped]
    from matplotlib.backends.backend_svg import (  # type: ignore[import-untyped]
        FigureCanvasSVG,
    )
    from matplotlib.figure import Figure  # type: ignore[import-untyped]
    from matplotlib.ticker import PercentFormatter  # type: ignore[import-untyped]

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        _silence_missing_fonts()
        picture = Figure(figsize=(9, 5.6))
        axes = picture.add_axes((0.085, 0.115, 0.88, 0.735))
        _curves(axes, examples, chosen, prices, most_false)
        _points(axes, examples, present, chosen, prices)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, decimals=0))
        _label(axes)
        drawn = io.StringIO()
        FigureCanvasSVG(picture).print_svg(drawn, metadata={"Date": None})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_with_all_fonts(drawn.getvalue()), encoding="utf-8")


def _silence_missing_fonts() -> None:
    """Keep quiet about what a machine without Chinese fonts lacks: it only measures text."""
    warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from current font", UserWarning)
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def _with_all_fonts(svg: str) -> str:
    """Name every font: Matplotlib before 3.6 writes the first alone."""
    names = ", ".join(f"'{name}'" for name in _FONTS)
    return svg.replace(f"'{_FONTS[0]}'", f"{names}, sans-serif")


def _curves(
    axes: Any, examples: Examples, chosen: Thresholds, prices: Prices, most_false: float
) -> None:
    each = [
        figures(examples, replace(chosen, answer_threshold=float(answer)), prices)
        for answer in ANSWERS
    ]
    answered = [one.answered for one in each]
    axes.plot(
        answered, [one.wrong for one in each], color=_WRONG, lw=2.2, label="答错（占范围内的问题）"
    )
    if examples.outside.any():
        false_answers = [one.false_answers for one in each]
        axes.plot(answered, false_answers, color=_FALSE, lw=2.2, label="误答（占范围外的话）")
        axes.axhline(most_false, color=_LIMIT, lw=1, ls=(0, (5, 4)), label="误答的上限")
    for answer, one in zip(ANSWERS, each, strict=True):
        if round(answer * 100) % 10 == 0:
            _mark_threshold(axes, float(answer), one)


def _mark_threshold(axes: Any, answer: float, found: Figures) -> None:
    axes.plot(found.answered, found.wrong, "o", ms=4, color=_WRONG)
    axes.annotate(
        f"{answer:g}", (found.answered, found.wrong), (-4, 6), textcoords="offset points",
        ha="right", fontsize=9, color=_WRONG,
    )  # fmt: skip


def _points(
    axes: Any, examples: Examples, present: Thresholds, chosen: Thresholds, prices: Prices
) -> None:
    now, then = (figures(examples, each, prices) for each in (present, chosen))
    if present == chosen:
        _point(axes, then, "现在的阈值就是最合适的", _CHOSEN, "center")
        return
    right = then.answered >= now.answered
    _point(axes, now, f"现在 {present.answer_threshold:g}", _PRESENT, "right" if right else "left")
    _point(axes, then, f"建议 {chosen.answer_threshold:g}", _CHOSEN, "left" if right else "right")


def _point(axes: Any, found: Figures, label: str, color: str, side: str) -> None:
    axes.axvline(found.answered, color=color, lw=1, alpha=0.6, zorder=1)
    for value in (found.wrong, found.false_answers):
        if value is not None:
            axes.plot(
                found.answered, value, "o", ms=9, mfc="white", mec=color, mew=2.2, zorder=5,
                clip_on=False,
            )  # fmt: skip
    axes.annotate(
        label, (found.answered, 1.02), xycoords=("data", "axes fraction"), ha=side,
        color=color, weight="bold",
    )  # fmt: skip


def _label(axes: Any) -> None:
    axes.set_xlabel("直接回答（占范围内的问题）")
    axes.set_ylabel("答错、误答")
    axes.set_title("多回答一些，就多答错一些", loc="left", pad=30, fontsize=14, weight="bold")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.plot([], [], "o", ms=4, color=_WRONG, label="旁边的数字是直接回答阈值")
    axes.legend(loc="upper left", frameon=False)
