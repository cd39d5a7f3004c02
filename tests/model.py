"""A trained model for tests, and what it recognises."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from kefu.environment import child_environment
from kefu.training import model_is_current, newest_model

PROJECT = Path(__file__).resolve().parent.parent


class Parse(Protocol):
    """Recognises a text; `topic` is the label of what was answered before."""

    def __call__(self, text: str, topic: str | None = None) -> dict[str, Any]: ...


_ENTITY = re.compile(r"\[([^\]]*)\]\(\w+\)")


@pytest.fixture(scope="session")
def trained_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the project's newest model when it is current, else train one for this session."""
    newest = newest_model(PROJECT)
    if newest is not None and model_is_current(PROJECT):
        return newest
    folder = tmp_path_factory.mktemp("model")
    done = run_rasa("train", "--out", str(folder))
    assert done.returncode == 0, done.stdout
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def parse(trained_model: Path) -> Parse:
    """Give a function from a text to what the model says of it."""
    from rasa.core.agent import Agent  # takes seconds; not every test needs it
    from rasa.core.channels.channel import UserMessage
    from rasa.utils.log_utils import configure_structlog

    # Unconfigured, structlog prints every message.
    configure_structlog(logging.WARNING)
    processor = Agent.load(str(trained_model)).processor
    assert processor is not None

    def recognise(text: str, topic: str | None = None) -> dict[str, Any]:
        message = UserMessage(text, metadata={"topic": topic} if topic else None)
        return dict(asyncio.run(processor.parse_message(message)))

    return recognise


def run_rasa(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a `rasa` command in the project; stdout holds both streams."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "rasa", *arguments],
        cwd=PROJECT,
        env=child_environment(
            KEFU_HOME=str(PROJECT), RASA_TELEMETRY_ENABLED="false", TF_CPP_MIN_LOG_LEVEL="3",
            PYTHONDONTWRITEBYTECODE="", **variables,
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )  # fmt: skip


def examples(*files: Path) -> Iterator[tuple[str, str]]:
    """Yield (intent, text) of Rasa's NLU files, without the marks of entities."""
    for file in files:
        items = yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
        for item in (item for item in items if "intent" in item):
            for text in _lines(item["examples"]):
                yield item["intent"], _ENTITY.sub(r"\1", text)


def held_out_phrasings() -> Iterator[tuple[str, str]]:
    """Yield (label, text) of `tests/knowledge`."""
    for file in sorted((PROJECT / "tests/knowledge").glob("*.yml")):
        held_out = yaml.safe_load(file.read_text(encoding="utf-8"))
        for entry in held_out["entries"]:
            for text in entry["phrasings"]:
                yield f"{held_out['category']}/{entry['id']}", text


def _lines(given: str | list[Any]) -> Iterator[str]:
    if isinstance(given, str):
        yield from (line[2:].strip() for line in given.splitlines() if line.startswith("- "))
    else:
        yield from (item if isinstance(item, str) else item["text"].strip() for item in given)
