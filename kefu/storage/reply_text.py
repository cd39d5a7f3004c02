"""The bot's JSON replies as a person sees them."""

from __future__ import annotations

import json
from typing import Any

_KINDS = {
    "image": "[图片]",
    "voice": "[语音]",
    "video": "[视频]",
    "location": "[位置]",
    "link": "[链接]",
    "card": "[小程序卡片]",
    "file": "[文件]",
}


def readable(author: str, kind: str, body: str) -> str:
    """Return one line for a transcript; a body that is not a reply stays as it is."""
    if author != "bot":
        return f"{_KINDS[kind]}{body}" if kind in _KINDS else body
    try:
        reply = json.loads(body)
    except ValueError:
        return body
    parts = reply if isinstance(reply, list) else [reply]
    return "\n".join(_part(part) for part in parts if part)


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return str(part)
    pieces = [str(part["text"])] if part.get("text") else []
    if part.get("buttons"):
        pieces.append("".join(f"「{button.get('title', '')}」" for button in part["buttons"]))
    if part.get("image") or part.get("attachment"):
        pieces.append("[图片]" if part.get("image") else "[附件]")
    return "\n".join(pieces) or "[卡片]"
