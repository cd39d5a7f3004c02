"""Trying a customer's question on the model in service, in the operator's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console.guard import operators_only
from kefu.console.knowledge_files import needs_files, the_library
from kefu.console.pages import render
from kefu.console.suggestions import model_says
from kefu.insight.names import question_name
from kefu.knowledge.library import Library
from kefu.labels import REQUEST_HUMAN, SMALL_TALK, TASKS, is_entry

_SECONDS = 5.0
_LONGEST = 300
_SHOWN = 5
# Below this an entry is no candidate at all.
_LEAST_SCORE = 0.01
_OUTCOMES = {
    "answer": "会直接回答",
    "options": "拿不准，会让顾客点选",
    "not_recognised": "听不懂，会请顾客换个说法",
}
# From which score up, and what it is called.
_SURE = ((0.8, "很有把握"), (0.5, "比较有把握"), (0.2, "不太确定"), (0.0, "不太像"))


@dataclass(frozen=True)
class Candidate:
    """What a question may mean: its name, the address of its entry, and how sure that is."""

    name: str
    category: str
    url: str
    sure: str
    percent: int
    chosen: bool


@dataclass(frozen=True)
class Trial:
    """What the model in service makes of a question; `failed` says why nothing is known."""

    outcome: str = ""
    candidates: tuple[Candidate, ...] = ()
    failed: str = ""


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route("/knowledge/try", _try, methods=["GET"])]


@operators_only
@needs_files
async def _try(request: Request) -> Response:
    text = request.query_params.get("q", "").replace("\0", "").strip()[:_LONGEST]
    trial = await _tried(text, await the_library()) if text else None
    name = "_knowledge_tried.html" if request.headers.get("HX-Request") else "knowledge_try.html"
    return render(request, name, text=text, trial=trial)


async def _tried(text: str, known: Library) -> Trial:
    answer = await model_says(text, _SECONDS)
    if answer is None:
        return Trial(failed="现在问不到助手：可能正在启动，或没有在运行。请稍后再试")
    try:
        candidates = tuple(_candidates(answer, known))
        return Trial(_OUTCOMES.get(str(answer.get("outcome") or ""), ""), candidates)
    except (TypeError, ValueError, KeyError, AttributeError):
        return Trial(failed="助手的回答读不懂：助手和工作台的版本可能不一样，请联系管理员")


def _candidates(answer: dict[str, Any], known: Library) -> Iterator[Candidate]:
    found = [(str(one["label"]), float(one["score"])) for one in answer["candidates"]]
    chosen = set(answer.get("options") or ())
    if answer.get("outcome") == "answer" and found:
        chosen = {found[0][0]}
    for label, score in found[:_SHOWN]:
        if score >= _LEAST_SCORE or label in chosen:
            yield _candidate(label, score, label in chosen, known)


def _candidate(label: str, score: float, chosen: bool, known: Library) -> Candidate:
    sure = next(word for least, word in _SURE if score >= least)
    percent = round(max(0.0, min(1.0, score)) * 100)
    if not is_entry(label):
        return Candidate(_name(label), "", "", sure, percent, chosen)
    entry, category = known.entry(label), known.category(label.split("/", 1)[0])
    if entry is None or category is None:
        return Candidate("已经删除或移走的条目", "", "", sure, percent, chosen)
    url = f"/knowledge/entries/{label}"
    return Candidate(entry.question.text, category.title, url, sure, percent, chosen)


def _name(label: str) -> str:
    if label == REQUEST_HUMAN:
        return "转人工"
    if label in TASKS:
        return question_name(label)
    return "闲聊" if label in SMALL_TALK else "其他"
