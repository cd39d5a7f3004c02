"""Which messages of a burst make one turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kefu.labels import TASKS, is_entry
from kefu.normalise import match_key

_LONGEST_OPENER = 30
_OPENER = re.compile(
    r"^(?:你好|您好|在吗|在么|在嘛|在不|在不在|有人吗|有人么|有人在吗|客服|亲|老板|掌柜|哈喽|嗨|喂|hi|hello|"
    r"请问|请问一下|问一下|问下|想问一下|想问下|我想问一下|我想问下|咨询一下|咨询下|我想咨询一下|打扰一下|麻烦问下|早上好|下午好|晚上好)+$"
)


@dataclass(frozen=True)
class Recognition:
    """What recognition says of a text: outcome of the decision, label, and its score."""

    outcome: str
    label: str
    score: float

    @property
    def is_question(self) -> bool:
        """Return whether the text stands on its own as a question or a task."""
        return self.outcome == "answer" and (is_entry(self.label) or self.label in TASKS)


def is_opener(text: str) -> bool:
    """Return whether a message only announces the question that follows (在吗, 请问一下)."""
    return len(text) <= _LONGEST_OPENER and bool(_OPENER.match(match_key(text)))


def turns(recognised: Sequence[Recognition]) -> list[range]:
    """Divide consecutive messages into turns.

    A turn holds one question with whatever surrounds it: a greeting, an order number,
    half sentences. Two different questions are two turns, so that both are answered.
    """
    groups: list[range] = []
    start, question = 0, None
    for number, message in enumerate(recognised):
        if message.is_question:
            if question not in (None, message.label):
                groups.append(range(start, number))
                start = number
            question = message.label
    if recognised:
        groups.append(range(start, len(recognised)))
    return groups


def joined(texts: Sequence[str]) -> str:
    """Return the messages of a turn as one text."""
    return "，".join(text.strip() for text in texts if text.strip())
