"""What customers and agents see."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.model import PROJECT

Reply = dict[str, Any]


def texts(replies: list[Reply]) -> str:
    """Return what a customer reads, without the buttons."""
    return "\n".join(reply["text"] for reply in replies if "text" in reply)


def payloads(replies: list[Reply]) -> list[str]:
    """Return what the buttons of the replies say."""
    return [button["payload"] for reply in replies for button in reply.get("buttons", [])]


def titles(replies: list[Reply]) -> list[str]:
    """Return what stands on the buttons of the replies."""
    return [button["title"] for reply in replies for button in reply.get("buttons", [])]


def handoff_number(listed: str, question: str) -> str:
    """Return the number of the line in `kefu handoff list` that shows the question."""
    line = next(line for line in listed.splitlines() if question in line)
    found = re.search(r"\d+", line)
    assert found is not None
    return found.group()


def _intents() -> list[str]:
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text("utf-8"))
    categories = [file.stem for file in (PROJECT / "data" / "knowledge").glob("*.yml")]
    return [*domain["intents"], *categories, "nlu_fallback"]


# What must never stand in front of a customer.
INNER_NAMES = re.compile(rf"(?<![A-Za-z_])({'|'.join(_intents())})(?![A-Za-z_])|utter_|action_")
