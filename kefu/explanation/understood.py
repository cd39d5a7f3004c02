"""What the components left on a message, from Rasa's parse data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kefu.explanation.conclusion import Candidate, Decided
from kefu.explanation.subjects import Subjects
from kefu.nlu.decision import DECISION
from kefu.nlu.normaliser import NORMALISED
from kefu.nlu.parts import KIND, PARTS
from kefu.nlu.recogniser import CANDIDATES, READING

_ORDER_NUMBER = "order_no"


@dataclass(frozen=True)
class Part:
    """A part that was read beside the whole message: a clause, rest or follow_up."""

    kind: str
    text: str


@dataclass(frozen=True)
class Understood:
    """What was made of a message.

    Attributes:
        read_as: Text that was recognised, reworded.
        order_numbers: Those that it names.
        parts: What was read beside the whole; none where a rule decided.
        decided: The decision.
    """

    read_as: str
    order_numbers: tuple[str, ...]
    parts: tuple[Part, ...]
    decided: Decided


def understood(parsed: Mapping[str, Any], subjects: Subjects) -> Understood:
    """Read parse data that holds every attribute of the message."""
    decided = _decided(parsed, subjects)
    parts = () if decided.certain else tuple(map(_part, parsed.get(PARTS) or ()))
    found = (e for e in parsed.get("entities") or () if e["entity"] == _ORDER_NUMBER)
    numbers = dict.fromkeys(str(entity["value"]) for entity in found)
    return Understood(parsed.get(NORMALISED) or "", tuple(numbers), parts, decided)


def _part(message: Any) -> Part:
    return Part(message.get(KIND), message.get(NORMALISED))


def _decided(parsed: Mapping[str, Any], subjects: Subjects) -> Decided:
    decision = parsed[DECISION]
    # The decision rounds what it keeps; a score just below a threshold would seem to reach it.
    exact = {c["label"]: c["score"] for c in parsed.get(CANDIDATES) or ()}
    candidates = [
        _candidate(c["label"], _closest(c["score"], exact.get(c["label"])), subjects)
        for c in decision["candidates"]
        if c["score"]
    ]
    return Decided(
        outcome=decision["outcome"],
        candidates=tuple(candidates),
        options=tuple(option["title"] for option in decision["options"]),
        two_questions=bool(decision.get("questions")),
        because=(parsed.get(READING) or {}).get("because") or "",
    )


def _candidate(label: str, score: float, subjects: Subjects) -> Candidate:
    subject = subjects.of(label)
    return Candidate(label, subject.name, score, bool(subject.title))


def _closest(rounded: float, exact: float | None) -> float:
    """Return the exact score, unless a rule gave another one."""
    same = exact is not None and abs(exact - rounded) < 1e-4
    return float(exact) if same and exact is not None else float(rounded)
