"""Whether a new model may come into service, and what an operator has to know about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kefu.insight.words import value_text
from kefu.publishing.comparison import Comparison
from kefu.settings import Publishing


@dataclass(frozen=True)
class Verdict:
    """What the floor says.

    Attributes:
        reasons: Why it may not (Chinese); it may when there are none.
        remarks: What could not be judged, and why (Chinese).
    """

    reasons: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether the model may come into service."""
        return not self.reasons


def judge(compared: Comparison, floor: Publishing) -> Verdict:
    """Hold a comparison against the floor."""
    enough = compared.questions >= floor.min_questions
    reasons = list(_low_accuracy(compared, floor)) if enough else []
    reasons += _caught(compared, floor)
    return Verdict(tuple(reasons), tuple(_remarks(compared, floor, enough)))


def _low_accuracy(compared: Comparison, floor: Publishing) -> Iterator[str]:
    now, before = compared.accuracy, compared.accuracy_before
    if now is not None and now < floor.min_accuracy:
        yield f"准确率 {percent(now)}，低于要求的 {percent(floor.min_accuracy)}"
    # Shares of whole questions: without the margin, 0.90 to 0.88 would be more than 0.02.
    if now is not None and before is not None and before - now > floor.max_drop + 1e-9:
        yield (
            f"准确率从 {percent(before)} 降到 {percent(now)}，"
            f"降幅超过允许的 {100 * floor.max_drop:.1f} 个百分点"
        )


def _caught(compared: Comparison, floor: Publishing) -> Iterator[str]:
    share = compared.standard_accuracy
    if share is not None and share < floor.min_standard_accuracy:
        yield (
            f"{compared.standard} 个标准问题中有 {len(compared.caught)} 个不是由自己的条目回答，"
            f"由自己回答的只有 {percent(share)}，要求至少 {percent(floor.min_standard_accuracy)}"
        )


def _remarks(compared: Comparison, floor: Publishing, enough: bool) -> Iterator[str]:
    if not compared.questions:
        yield "没有测试问题，准确率无法判断，这次只检查了标准问题"
    elif not enough:
        yield (
            f"测试问题只有 {compared.questions} 条，不到 {floor.min_questions} 条，"
            "准确率仅供参考，不作为启用的条件"
        )
    if compared.right_before is None:
        yield "现在没有正在使用的模型，无法比较"


def percent(share: float) -> str:
    """Return a share as people read it, with one place after the point."""
    return value_text(share, "share")
