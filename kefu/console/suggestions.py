"""Answers of the knowledge base that may fit what the customer has just asked."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console.guard import person_of, signed_in
from kefu.console.opened import opened
from kefu.console.pages import render
from kefu.console.rights import readable_until
from kefu.environment import environment, secret
from kefu.errors import KefuError
from kefu.handoff.records import Handoff
from kefu.knowledge.search import Found, KnowledgeSearch, search
from kefu.labels import is_entry
from kefu.replies import fill, values
from kefu.settings import settings
from kefu.storage.asked import last_texts

logger = logging.getLogger(__name__)

SECONDS = 1.5
SHOWN = 3
SHOWN_OF_SEARCH = 6
# A customer's 「好的」 or 「在吗」 is about nothing; then the text before it is looked at.
_TEXTS = 3
_LEAST_SCORE = 0.06
# Nobody asked for these: better none than one that shares only a few letters.
_LEAST_ALIKE = 0.25
_LONGEST_QUERY = 100
_NOT_REACHED = (aiohttp.ClientError, asyncio.TimeoutError, OSError)


@dataclass(frozen=True)
class Suggestion:
    """An entry as an agent sees it; the answer is what the customer would read."""

    label: str
    question: str
    category: str
    answer: str


@dataclass(frozen=True)
class Suggested:
    """What is offered, and whether letters alone found it; `failed` says what is wrong."""

    suggestions: tuple[Suggestion, ...]
    by_text: bool = False
    failed: str = ""


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [Route("/desk/{number:int}/suggestions", _suggestions)]


@signed_in
async def _suggestions(request: Request) -> Response:
    handoff = await opened(request)
    query = request.query_params.get("q")
    wanted = (query or "").strip()[:_LONGEST_QUERY]
    until = readable_until(person_of(request), handoff)
    return render(
        request,
        "_suggestions.html",
        number=handoff.id,
        query=wanted,
        list_only=query is not None,
        found=await _found(wanted, handoff, until),
    )


async def _found(query: str, handoff: Handoff, until: float | None) -> Suggested:
    """Return what a query finds, or without one what fits the customer's last question."""
    try:
        known = await asyncio.to_thread(search)
    except KefuError as error:
        logger.warning("the knowledge base cannot be searched: %s", error)
        return Suggested((), failed="知识库文件有误，暂时查不到，请告诉运营人员")
    if query:
        hits = await asyncio.to_thread(known.find, query, SHOWN_OF_SEARCH)
        return Suggested(_suggestions_of(hits), by_text=True)
    return await suggested(known, await asyncio.to_thread(_asked, handoff, until))


async def suggested(known: KnowledgeSearch, texts: Sequence[str]) -> Suggested:
    """Return what may answer the first of the texts that is about anything.

    The trained model is asked; where it cannot be, or knows nothing, letters decide.
    """
    for text in texts:
        labels = await _labels(text)
        if labels is None:
            break
        known_hits = [hit for hit in map(known.entry, labels) if hit is not None]
        if known_hits:
            return Suggested(_suggestions_of(known_hits[:SHOWN]))
    for text in texts:
        alike = await asyncio.to_thread(known.find, text, SHOWN)
        hits = [hit for hit in alike if hit.score >= _LEAST_ALIKE]
        if hits:
            return Suggested(_suggestions_of(hits), by_text=True)
    return Suggested(())


async def _labels(text: str) -> list[str] | None:
    """Return the entries that the model finds in a text, None where it cannot be asked."""
    answer = await model_says(text)
    try:
        return None if answer is None else _entries(answer)
    except (ValueError, TypeError, KeyError):
        logger.warning("the model's suggestions cannot be read")
        return None


async def model_says(text: str, seconds: float = SECONDS) -> Any:
    """Return what the model in service makes of a text; None where it cannot be asked.

    Args:
        text: As a customer writes it.
        seconds: How long to wait for the answer.
    """
    url = f"{environment().rasa_url}/webhooks/desk/suggest"
    headers = {"Authorization": f"Bearer {secret('internal_token')}"}
    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.post(url, json={"text": text}, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                logger.info("the model gives no suggestions: status %s", answer.status)
                return None
            return json.loads(await answer.read())
    except _NOT_REACHED as error:
        logger.info("the model gives no suggestions: %s", type(error).__name__)
        return None
    except ValueError:
        logger.warning("the model's suggestions cannot be read")
        return None


def _entries(answer: Any) -> list[str]:
    found = [(str(one["label"]), float(one["score"])) for one in answer["candidates"]]
    return [label for label, score in found if is_entry(label) and score >= _LEAST_SCORE]


def _asked(handoff: Handoff, until: float | None) -> list[str]:
    """Return the customer's last texts, the newest first; before there is one, the question."""
    said = last_texts(handoff.conversation, _TEXTS, until)
    question = handoff.question or ""
    if question.strip() and question not in said:
        said.append(question)
    return said


def _suggestions_of(found: Iterable[Found]) -> tuple[Suggestion, ...]:
    known = values(settings())
    return tuple(
        Suggestion(
            hit.entry.label,
            hit.entry.question.text,
            hit.category,
            fill(hit.entry.answer.text, **known),
        )
        for hit in found
    )
