"""The process that measures: `python -m kefu.recognition_benchmark.measure MODEL IN OUT`.

A process of its own, so that load time and memory are those of the model alone. IN is a
JSON list of texts; OUT becomes an object as `measured` returns it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.utils.log_utils import configure_structlog

from kefu.channels.dialogue import as_text
from kefu.labels import OUT_OF_SCOPE
from kefu.running.machine import resident_megabytes

WARM_UP = 50


def measured(model: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Load the model and recognise every text, one after the other.

    Returns:
        `load_seconds`, `memory_megabytes` after the last text, and for each text
        `answers` (outcome, ranking of intents) and `milliseconds`.
    """
    started = time.perf_counter()
    processor = Agent.load(str(model)).processor
    load_seconds = time.perf_counter() - started
    if processor is None:
        sys.exit(f"error: {model} is not a model")
    answers, milliseconds = asyncio.run(_recognise(processor, texts))
    return {
        "load_seconds": load_seconds,
        "answers": answers,
        "milliseconds": milliseconds,
        "memory_megabytes": resident_megabytes(os.getpid()),
    }


def answer(parsed: dict[str, Any]) -> dict[str, Any]:
    """Return outcome and ranking of Rasa's parse data, with our decision or without one."""
    decision = parsed.get("decision")
    if decision is not None:
        ranking = [candidate["label"] for candidate in decision["candidates"]]
        return {"outcome": decision["outcome"], "ranking": ranking}
    names = [intent["name"] for intent in parsed.get("intent_ranking") or []]
    # As with our decision: what is recognised as out of scope is not answered.
    silent = {None, "", DEFAULT_NLU_FALLBACK_INTENT_NAME, OUT_OF_SCOPE}
    answered = (parsed.get("intent") or {}).get("name") not in silent
    return {
        "outcome": "answer" if answered else "not_recognised",
        "ranking": [name for name in names if name != DEFAULT_NLU_FALLBACK_INTENT_NAME],
    }


async def _recognise(
    processor: MessageProcessor, texts: Sequence[str]
) -> tuple[list[dict[str, Any]], list[float]]:
    messages = [as_text(text) for text in texts]
    for number in range(WARM_UP):
        await processor.parse_message(UserMessage(messages[number % len(messages)]))
    answers, milliseconds = [], []
    for message in messages:
        started = time.perf_counter()
        parsed = await processor.parse_message(UserMessage(message))
        milliseconds.append((time.perf_counter() - started) * 1000)
        answers.append(answer(parsed))
    return answers, milliseconds


def _main(model: str, asked: str, found: str) -> None:
    # Unconfigured, structlog prints every message.
    configure_structlog(logging.WARNING)
    texts = json.loads(Path(asked).read_text(encoding="utf-8"))
    result = measured(Path(model), texts)
    Path(found).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
