"""Pictures of the REST channel: customers' come as a request's body, people's are fetched."""

from __future__ import annotations

from sanic.request import Request

from kefu.channels.rest_desk import conversation_of
from kefu.channels.rest_format import BadRequest
from kefu.channels.wechat.magic import sniff
from kefu.exchange import Incoming
from kefu.storage import media
from kefu.storage.intake import Picture

LARGEST_PICTURE = 10 * 1024 * 1024
# Who is still writing does not hear an answer: up to so many times the limit is listened to.
_PATIENCE = 3
# Whatever a file turns out to be, a browser that gets it does nothing but show it.
SAFELY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=3600",
}


async def read_stream(request: Request, largest: int) -> bytes:
    """Return the body of a streamed request. Raises BadRequest where it is too long.

    No more than `largest` bytes of it are kept.
    """
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _PATIENCE * largest:
        raise _too_large(largest)
    if request.stream is None:
        return b""
    # Sanic's own limit is that of messages; the one here is checked below.
    request.stream.request_max_size = (_PATIENCE + 1) * largest
    body, size = bytearray(), 0
    async for part in request.stream:
        size += len(part)
        if size <= largest:
            body += part
        elif size > _PATIENCE * largest:
            break
    if size > largest:
        raise _too_large(largest)
    return bytes(body)


def read_picture(sender: str, content: bytes, key: str | None) -> Incoming:
    """Return the message that a picture is. Raises BadRequest where it is none."""
    kind = sniff(content) or ""
    if not kind.startswith("image/"):
        text = "请求体不是图片：请发送 JPG、PNG、GIF 或 WEBP 图片的原始内容"
        raise BadRequest(415, "not_a_picture", text)
    return Incoming("rest", sender, "image", "", key, picture=Picture(content, kind))


def picture_for(sender: str, message: int) -> media.StoredFile:
    """Return the file of a message to the customer who may see it. Raises BadRequest."""
    found = media.stored_for(conversation_of(sender), message)
    if found is None:
        raise BadRequest(404, "no_such_picture", "这位顾客的对话里没有这张图片")
    return found


def _too_large(largest: int) -> BadRequest:
    megabytes = largest // 1024 // 1024
    return BadRequest(413, "body_too_large", f"图片超过 {megabytes} MB，请压缩后再发")
