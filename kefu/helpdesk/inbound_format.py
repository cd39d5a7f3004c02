"""What we accept of the helpdesk, and the errors that say why not."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Literal, cast

from kefu.helpdesk import agents

Kind = Literal["accepted", "message", "picture", "typing", "closed", "returned"]
KINDS: tuple[Kind, ...] = ("accepted", "message", "picture", "typing", "closed", "returned")
# A picture of so many bytes, as base64, and some room for the rest.
LARGEST_PICTURE = 2_000_000
LARGEST_BODY = LARGEST_PICTURE * 4 // 3 + 64 * 1024
LONGEST_TEXT = 2000
LONGEST_ID = 128
_LONGEST_NAME = 37
_LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class BadEvent(Exception):
    """Raised for an event that cannot be used; becomes the error answer.

    Attributes:
        status: HTTP status.
        code: Stable name for programs.
        message: What is wrong and what to do, in Chinese.
    """

    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Inbound:
    """An event of the helpdesk.

    Attributes:
        id: Its id there; the same again is a repeat.
        kind: What it is.
        handoff: Number of the handoff.
        login: Who of the helpdesk did it; "" where it does not matter.
        text: Of a message.
        picture: Bytes of a picture as they came.
    """

    id: str
    kind: Kind
    handoff: int
    login: str
    text: str = ""
    picture: bytes = b""


def read(body: bytes) -> Inbound:
    """Read one event. Raises BadEvent."""
    data = _json_object(body)
    kind = data.get("type")
    if kind not in KINDS:
        raise BadEvent(400, "unknown_type", f"type 应为 {'、'.join(KINDS)} 之一")
    number = data.get("handoff")
    if isinstance(number, bool) or not isinstance(number, int) or number > _LARGEST_NUMBER:
        raise BadEvent(400, "bad_handoff", "handoff 应为转接的编号（整数）")
    event = Inbound(_id(data), cast(Kind, kind), number, _login(data, cast(Kind, kind)))
    if kind == "message":
        return Inbound(**{**vars(event), "text": _text(data)})
    if kind == "picture":
        return Inbound(**{**vars(event), "picture": _picture(data)})
    return event


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise BadEvent(400, "bad_json", "请求体不是 UTF-8 编码的 JSON") from None
    if not isinstance(data, dict):
        raise BadEvent(400, "bad_json", "请求体应为 JSON 对象，含 id、type 和 handoff")
    return data


def _id(data: dict[str, Any]) -> str:
    given = data.get("id")
    if not isinstance(given, str) or not 0 < len(given) <= LONGEST_ID or not given.isprintable():
        raise BadEvent(400, "bad_id", f"id 应为 1 到 {LONGEST_ID} 个可见字符，每个事件不同")
    return given


def _login(data: dict[str, Any], kind: Kind) -> str:
    agent = data.get("agent")
    name = agent.get("name") if isinstance(agent, dict) else None
    if kind in ("typing", "closed", "returned"):
        return ""
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise BadEvent(400, "missing_agent", "缺少 agent.name：请填客服的名称，顾客会读到")
    return agents.login_of(name.strip()[:_LONGEST_NAME])


def _text(data: dict[str, Any]) -> str:
    text = data.get("text")
    if isinstance(text, str):
        # NUL cannot be stored in PostgreSQL; lone surrogates cannot be encoded at all.
        text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if not isinstance(text, str) or not text.strip():
        raise BadEvent(400, "missing_text", "缺少 text：请填要对顾客说的话")
    if len(text) > LONGEST_TEXT:
        raise BadEvent(400, "text_too_long", f"text 至多 {LONGEST_TEXT} 个字，请分成几条")
    return text


def _picture(data: dict[str, Any]) -> bytes:
    content = data.get("content")
    try:
        picture = base64.b64decode(content, validate=True) if isinstance(content, str) else b""
    except (binascii.Error, ValueError):
        picture = b""
    if not picture:
        raise BadEvent(400, "missing_content", "缺少 content：请填图片的 base64")
    if len(picture) > LARGEST_PICTURE:
        raise BadEvent(
            413, "too_large", f"图片超过 {LARGEST_PICTURE // 1_000_000} MB，请压缩后再发"
        )
    return picture
