"""What a person answered: the words that carry an answer, among greetings and questions."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 300
_SENTENCE = re.compile(r"[^。！!；;\n？?~～]+[。！!；;\n？?~～]*")
_ASKS = re.compile(r"[？?]\s*$|(?:吗|呢|多少|哪个|什么)[。~～\s]*$")
_COURTESY = re.compile(
    r"你好|您好|很高兴|为[您你]服务|稍等|稍候|等一下|在的|收到|不客气|再见|祝[您你]|评价|感谢|谢谢|"
    r"抱歉|不好意思|这边(?:帮|为)?[您你](?:看|查)|帮[您你](?:看|查)|还有(?:什么|其他)|久等|好的$|嗯嗯?$"
)
_SHORTEST = 6


def answer_among(texts: Iterable[str]) -> str:
    """Return the first of an agent's messages that answers something, "" where none does."""
    for text in texts:
        if any(_tells(sentence) for sentence in _SENTENCE.findall(text)):
            return text.strip()[:LONGEST]
    return ""


def _tells(sentence: str) -> bool:
    said = sentence.strip(" ，,。！!；;~～\n")
    rest = _COURTESY.sub("", said)
    return len(rest) >= _SHORTEST and not _ASKS.search(sentence.strip())
