"""What tests of pages with jobs wait for, and look at afterwards."""

from __future__ import annotations

import threading
from pathlib import Path

from kefu.knowledge.model import read_knowledge
from tests.console.visitors import Visitor

_PATIENCE_SECONDS = 60.0
OLD = ["怎么成为会员", "怎么查订单", "怎么取消订单"]


def questions(home: Path) -> list[str]:
    """Return the standard questions of the knowledge base."""
    return [entry.question.text for c in read_knowledge(home) for entry in c.entries]


def finished() -> None:
    """Wait until no job runs."""
    for thread in threading.enumerate():
        if thread.name.startswith("job-"):
            thread.join(_PATIENCE_SECONDS)
            assert not thread.is_alive(), f"{thread.name} does not end"


def settled(visitor: Visitor, address: str) -> str:
    """Return a page after the jobs are over."""
    finished()
    return visitor.get(address).text
