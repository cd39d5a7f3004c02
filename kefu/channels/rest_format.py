"""What the REST channel accepts and returns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kefu.exchange import Answer, Incoming, Kind
from kefu.replies import Reply
from kefu.storage.messages import Outgoing

MAX_SENDER = 128
MAX_MESSAGE_ID = 128
_TYPES: dict[str, Kind] = {"text": "text", "image": "image", "voice": "voice", "enter": "enter"}


@dataclass(frozen=True)
class BadRequest(Exception):
    """Raised for a request that cannot be used; becomes the error answer.

    Attributes:
        status: HTTP status.
        code: Stable name for programs.
        message: What is wrong and what to do, in Chinese.
    """

    status: int
    code: str
    message: str


def read_request(body: bytes, max_text: int) -> Incoming:
    """Read one message in Rasa's REST format. Raises BadRequest.

    Fields: `sender` (openid that the backend verified), `message`, and optionally
    `message_id`, `metadata` with `type` (text, image, voice, enter), `page`,
    `order_no`, `test`.
    """
    data = _json_object(body)
    metadata = data.get("metadata")
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        raise BadRequest(400, "bad_metadata", "metadata 应为 JSON 对象")
    kind = _kind(metadata)
    return Incoming(
        channel="rest",
        customer=checked_sender(data.get("sender")),
        kind=kind,
        text=_text(data, kind, max_text),
        key=checked_message_id(data.get("message_id")),
        page=_short(metadata, "page", 32),
        page_order_no=_short(metadata, "order_no", 64),
        test=metadata.get("test") is True,
    )


def answer_body(answer: Answer, sender: str, waiting: list[Outgoing]) -> list[dict[str, Any]]:
    """Return the answer in Rasa's REST format, a person's waiting messages first."""
    body = [outgoing_body(message, sender) for message in waiting]
    body += [{"recipient_id": sender, **reply} for reply in answer.replies]
    note = _note(answer)
    if note and answer.replies:
        body[-1] = {**body[-1], "custom": note}
    elif note and not body:
        body.append({"recipient_id": sender, "custom": note})
    return body


def outgoing_body(message: Outgoing, sender: str) -> dict[str, Any]:
    """Return a message that waited for the customer, with who wrote it."""
    if message.author == "bot":
        reply: Reply = json.loads(message.body)
        return {"recipient_id": sender, **reply}
    custom = {"from": message.author, "id": message.id}
    if message.kind == "image":
        return {"recipient_id": sender, "image": media_path(message.id, sender), "custom": custom}
    return {"recipient_id": sender, "text": message.body, "custom": custom}


def numbered_body(message: Outgoing, sender: str) -> dict[str, Any]:
    """Return a message with its number, whoever wrote it."""
    body = outgoing_body(message, sender)
    own = body.get("custom")
    custom = own if isinstance(own, dict) else {}
    return {**body, "custom": {**custom, "from": message.author, "id": message.id}}


def media_path(message: int, sender: str) -> str:
    """Return where the backend fetches the file of a message, below our own address."""
    return f"/webhooks/rest/media/{message}?sender={quote(sender, safe='')}"


def _note(answer: Answer) -> dict[str, Any] | None:
    """Say why an answer has no text: nothing to show, but the caller must know."""
    if answer.state == "merged":
        return {"type": "merged", "into": answer.merged_into}
    if answer.state == "held":
        return {"type": "held"}
    return None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise BadRequest(400, "bad_json", "请求体不是 UTF-8 编码的 JSON") from None
    if not isinstance(data, dict):
        raise BadRequest(400, "bad_json", "请求体应为 JSON 对象，含 sender 和 message")
    return data


def checked_sender(sender: Any) -> str:
    """Return the customer that a request names. Raises BadRequest."""
    if not isinstance(sender, str) or not sender.strip():
        raise BadRequest(400, "missing_sender", "缺少 sender：请填后端核实过的顾客 openid")
    if len(sender) > MAX_SENDER or not sender.isprintable():
        text = f"sender 至多 {MAX_SENDER} 个可见字符"
        raise BadRequest(400, "bad_sender", text)
    return sender.strip()


def _kind(metadata: dict[str, Any]) -> Kind:
    given = metadata.get("type", "text")
    if not isinstance(given, str) or given not in _TYPES:
        raise BadRequest(400, "unknown_type", f"metadata.type 应为 {'、'.join(_TYPES)} 之一")
    return _TYPES[given]


def _text(data: dict[str, Any], kind: Kind, max_text: int) -> str:
    text = data.get("message")
    if text is None and kind != "text":
        return ""
    if isinstance(text, str):
        # NUL cannot be stored in PostgreSQL; lone surrogates cannot be encoded at all.
        text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if not isinstance(text, str) or (kind == "text" and not text.strip()):
        raise BadRequest(400, "missing_message", "缺少 message：请填顾客发送的文字")
    return text[:max_text]


def checked_message_id(key: Any) -> str | None:
    """Return the backend's own id of a message, where it gives one. Raises BadRequest."""
    if key is None:
        return None
    if isinstance(key, int) and not isinstance(key, bool):
        key = str(key)
    if not isinstance(key, str) or not 0 < len(key) <= MAX_MESSAGE_ID or not key.isprintable():
        text = f"message_id 应为 1 到 {MAX_MESSAGE_ID} 个可见字符"
        raise BadRequest(400, "bad_message_id", text)
    return key


def _short(metadata: dict[str, Any], name: str, longest: int) -> str | None:
    value = metadata.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise BadRequest(400, "bad_metadata", f"metadata.{name} 应为至多 {longest} 个可见字符")
    return value or None
