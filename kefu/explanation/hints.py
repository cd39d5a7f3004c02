"""What an operator does about a message that was understood wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kefu.explanation.conclusion import Candidate
from kefu.explanation.nearest import Near
from kefu.explanation.steps import Step, readable
from kefu.explanation.subjects import Subjects
from kefu.explanation.understood import Understood
from kefu.normalise import words

_SAME = 100
# Candidates below this are not worth a mention.
_LIKELY = 0.01


def hints(
    found: Understood, steps: Sequence[Step], near: Sequence[Sequence[Near]], subjects: Subjects
) -> Iterator[str]:
    """Yield one line for each thing to do; none for a message without words.

    Args:
        found: What was understood.
        steps: What changed the text before.
        near: The nearest phrasings of each of the best candidates.
        subjects: All labels.
    """
    if not words(found.read_as):
        return
    if any(change.startswith("同义词") for step in steps for change in step.changes):
        yield "词换错了：改 data/nlu/synonyms.yml"
    if found.decided.certain and near and near[0] and near[0][0].similarity == _SAME:
        same = near[0][0].phrasing
        yield f"这句问法写在 {same.file}:{same.line}，移到正确条目的 similar 里"
    else:
        yield f"把{_what_to_add(found)}加到正确条目的 similar 里（data/knowledge/<分类>.yml）"
    for candidate in _other(found):
        yield f"  若是「{candidate.name}」：{subjects.of(candidate.label).place}"
    yield "不该由助手回答的话，加到 data/nlu/out_of_scope.yml"
    yield "然后执行 kefu knowledge check，再执行 make train"


def _what_to_add(found: Understood) -> str:
    leaning = [part.text for part in found.parts if part.kind == "follow_up"]
    return f"完整的问法（如「{readable(leaning[0])}」）" if leaning else "这句话"


def _other(found: Understood) -> Sequence[Candidate]:
    """Return what else may have been meant and can be asked for."""
    decided = found.decided
    candidates = decided.candidates[1 if decided.outcome == "answer" else 0 :]
    return [c for c in candidates if c.offered and c.score >= _LIKELY]
