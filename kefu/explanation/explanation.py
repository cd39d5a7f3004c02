"""Why a message was understood the way it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kefu.explanation.conclusion import Candidate, Conclusion, conclude
from kefu.explanation.hints import hints
from kefu.explanation.nearest import Near, nearest
from kefu.explanation.steps import Step, readable, steps
from kefu.explanation.subjects import Subject, Subjects
from kefu.explanation.trained import Trained
from kefu.explanation.understood import Understood, understood
from kefu.settings import settings

# Candidates whose phrasings are compared with the message.
_COMPARED = 3


@dataclass(frozen=True)
class Explanation:
    """Everything that is shown.

    Attributes:
        text: As typed.
        after: What was answered just before, if anything was.
        steps: What changed the text, in order.
        found: What was understood.
        conclusion: The outcome in words.
        in_scope: How probable it is that this is the assistant's business, by which scores are
            multiplied; 1 where a rule decided.
        nearest: For each of the first three candidates its nearest phrasings.
        hints: What to do when it is wrong.
        old: Whether the model is older than the data it was made from.
    """

    text: str
    after: Subject | None
    steps: tuple[Step, ...]
    found: Understood
    conclusion: Conclusion
    in_scope: float
    nearest: tuple[tuple[Near, ...], ...]
    hints: tuple[str, ...]
    old: bool

    def to_json(self) -> str:
        """Return it for machines."""
        found, conclusion = self.found, self.conclusion
        candidates = found.decided.candidates
        content = {
            "text": self.text,
            "after": self.after.label if self.after else None,
            "steps": [asdict(step) for step in self.steps],
            "read_as": readable(found.read_as),
            "order_numbers": found.order_numbers,
            "parts": [{"kind": p.kind, "text": readable(p.text)} for p in found.parts],
            "outcome": found.decided.outcome,
            "conclusion": conclusion.sentence,
            "compared": conclusion.compared,
            "because": readable(conclusion.because),
            "candidates": [_candidate(candidate) for candidate in candidates],
            "in_scope": round(self.in_scope, 4),
            "nearest": {
                candidate.label: [_near(near) for near in group]
                for candidate, group in zip(candidates, self.nearest, strict=False)
            },
            "hints": self.hints,
            "model_is_old": self.old,
        }
        return json.dumps(content, ensure_ascii=False, indent=2)


def of(
    parsed: Mapping[str, Any], topic: Subject | None, subjects: Subjects, trained: Trained,
    old: bool,
) -> Explanation:  # fmt: skip
    """Explain a recognised message.

    Args:
        parsed: Rasa's parse data with every attribute of the message.
        topic: What was answered just before, if anything was.
        subjects: All labels.
        trained: Of the model that recognised it.
        old: Whether that model is older than the data it was made from.
    """
    found = understood(parsed, subjects)
    decided = found.decided
    scored = bool(decided.candidates) and not decided.certain
    in_scope = trained.in_scope(found.read_as) if scored else 1.0
    best = [subjects.of(candidate.label) for candidate in decided.candidates[:_COMPARED]]
    near = nearest([found.read_as, *(part.text for part in found.parts)], best, trained)
    changed = steps(parsed["text"], trained.normalised(parsed["text"]), trained.wording)
    return Explanation(
        text=parsed["text"],
        after=topic,
        steps=changed,
        found=found,
        conclusion=conclude(
            decided, found.read_as, in_scope, settings().handoff, trained.thresholds
        ),
        in_scope=in_scope,
        nearest=tuple(near),
        hints=tuple(hints(found, changed, near, subjects)),
        old=old,
    )


def _candidate(candidate: Candidate) -> dict[str, object]:
    score = round(candidate.score, 4)
    return {"label": candidate.label, "name": candidate.name, "score": score}


def _near(near: Near) -> dict[str, object]:
    phrasing = near.phrasing
    return {
        "text": phrasing.text,
        "file": str(phrasing.file),
        "line": phrasing.line,
        "similarity": near.similarity,
    }
