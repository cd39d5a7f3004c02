"""Labelled questions instead of a model's held-out scores."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from kefu.calibration.costs import Examples
from kefu.labelled import Question
from kefu.loaded_model import load
from kefu.progress import counting

Decision = dict[str, Any]


def examples(
    questions: Sequence[Question], decisions: Sequence[Decision], titled: frozenset[str]
) -> Examples:
    """Return what the recognised questions say of thresholds.

    Args:
        questions: At least one; right with any of its labels.
        decisions: `parse["decision"]` of each.
        titled: Labels that can be offered.
    """
    width = max([2, *(len(_candidates(decision)) for decision in decisions)])
    scores = np.full((len(questions), width), -np.inf)
    right = np.zeros(scores.shape, bool)
    offerable = np.zeros(scores.shape, bool)
    for row, (question, decision) in enumerate(zip(questions, decisions, strict=True)):
        for place, candidate in enumerate(_candidates(decision)):
            scores[row, place] = candidate["score"]
            right[row, place] = candidate["label"] in question.labels
            offerable[row, place] = candidate["label"] in titled
    outside = np.array([not question.in_scope for question in questions])
    return Examples.of(scores, right, offerable, outside)


def _candidates(decision: Decision) -> list[dict[str, Any]]:
    """Return the candidates; two questions in one message are offered at any threshold."""
    if decision.get("questions"):
        return [{**option, "score": np.inf} for option in decision["options"]]
    candidates: list[dict[str, Any]] = decision.get("candidates") or []
    return candidates


def decide_all(questions: Sequence[Question], model: Path, console: Console) -> list[Decision]:
    """Return the decision on every question, showing progress. Raises NoModel."""
    loaded = load(model)

    async def all_of_them() -> list[Decision]:
        found = []
        with counting(console) as progress:
            for question in progress.track(questions, description="识别"):
                parsed = await loaded.parse(question.text)
                found.append(parsed.get("decision") or {})
        return found

    return asyncio.run(all_of_them())
