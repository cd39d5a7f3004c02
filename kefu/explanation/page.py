"""An explanation on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console

from kefu.explanation.conclusion import Candidate
from kefu.explanation.numbers import score
from kefu.explanation.steps import readable

if TYPE_CHECKING:
    from kefu.explanation.explanation import Explanation

_BAR = 20
# From here on the probability hardly lowers a score.
_INSIDE = 0.9
_FOLLOW_UP = "follow_up"
_PARTS = {"clause": "分句", "rest": "去掉否定后", _FOLLOW_UP: "连着上文"}


def show(found: Explanation, console: Console) -> None:
    """Print an explanation: input, conclusion, candidates, nearest phrasings, hints."""
    sections = {
        "输入": _input(found),
        "结论": _conclusion(found),
        "候选": _candidates(found),
        "最像的问法": _nearest(found),
        "不对时": iter(found.hints),
    }
    if found.old:
        console.print("模型比知识库旧，后来的改动要在 make train 之后才起作用", style="yellow")
    for title, lines in sections.items():
        shown = [line for line in lines if line]
        if shown:
            console.print(title, style="bold", markup=False)
        for line in shown:
            console.print(f"  {line}", markup=False)


def _input(found: Explanation) -> Iterator[str]:
    yield found.text
    if found.after:
        used = any(part.kind == _FOLLOW_UP for part in found.found.parts)
        yield f"上一个问题  {found.after.name}{'' if used else '（单独就能理解，没有用到）'}"
    for step in found.steps:
        changes = f"（{'、'.join(step.changes)}）" if step.changes else ""
        yield f"{_padded(step.name, 10)}  {step.text}{changes}"
    if found.found.order_numbers:
        yield f"{_padded('单号', 10)}  {'、'.join(found.found.order_numbers)}"
    for part in found.found.parts:
        yield f"{_padded(_PARTS.get(part.kind, part.kind), 10)}  {readable(part.text).strip(' ,')}"


def _conclusion(found: Explanation) -> Iterator[str]:
    yield found.conclusion.sentence
    yield found.conclusion.compared
    if found.conclusion.because:
        yield f"原因：{readable(found.conclusion.because)}"


def _candidates(found: Explanation) -> Iterator[str]:
    candidates = found.found.decided.candidates
    width = max((cell_len(c.name) for c in candidates), default=0)
    for candidate in candidates:
        name = _padded(candidate.name, width)
        yield f"{_bar(candidate)} {score(candidate.score):>5}  {name}  {candidate.label}"
    if found.in_scope < _INSIDE:
        yield f"是本店业务的可能：{score(found.in_scope)}（分数都乘了它）"


def _nearest(found: Explanation) -> Iterator[str]:
    for candidate, group in zip(found.found.decided.candidates, found.nearest, strict=False):
        if group:
            yield candidate.name
        for near in group:
            place = f"{near.phrasing.file}:{near.phrasing.line}"
            yield f"  {near.similarity:>3}  {near.phrasing.text}  {place}"


def _bar(candidate: Candidate) -> str:
    full = round(candidate.score * _BAR)
    return "█" * full + "░" * (_BAR - full)


def _padded(text: str, width: int) -> str:
    """Return the text with blanks up to a width in columns; Chinese takes two each."""
    return text + " " * (width - cell_len(text))
