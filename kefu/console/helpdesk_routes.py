"""Where the outside helpdesk calls us: every request is signed, none has a session."""

from __future__ import annotations

import asyncio
import logging
import time

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kefu.console.pictures import PictureRefused, prepared
from kefu.errors import KefuError
from kefu.helpdesk import files, inbound, inbound_format, signing
from kefu.helpdesk.inbound_format import BadEvent
from kefu.settings import settings

logger = logging.getLogger(__name__)

# The guard of the console lets what is below it through: it is checked here.
FOLDER = "/helpdesk/"
_READY_IN_SECONDS = "2"


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route(f"{FOLDER}events", _events, methods=["POST"]),
        Route(f"{FOLDER}media/{{message:int}}", _media, methods=["GET"]),
    ]


async def _events(request: Request) -> Response:
    try:
        _require_helpdesk()
        body = await _body(request)
        signing.check(request.headers, body, time.time())
        event = inbound_format.read(body)
        answer = await asyncio.to_thread(inbound.act, event, _picture, time.time())
    except signing.Forged as error:
        return _refused(401, "unauthorized", str(error))
    except BadEvent as error:
        return _refused(error.status, error.code, error.message)
    except PictureRefused as error:
        return _refused(error.status, "bad_picture", str(error))
    except (SQLAlchemyError, KefuError):
        logger.exception("an event of the helpdesk could not be carried out")
        return _refused(503, "try_again", "系统暂时出错，请稍后用同一个 id 重发")
    return JSONResponse(answer)


async def _media(request: Request) -> Response:
    try:
        _require_helpdesk()
        signing.check(request.headers, request.scope["path"].encode(), time.time())
        file = await asyncio.to_thread(files.fetch, request.path_params["message"])
    except signing.Forged as error:
        return _refused(401, "unauthorized", str(error))
    except BadEvent as error:
        return _refused(error.status, error.code, error.message)
    if file == "not_ready":
        return _refused(503, "not_ready", "文件还没有取到，请稍后再取", _READY_IN_SECONDS)
    if isinstance(file, str):
        return _refused(404, "no_file", "没有这个文件，或者没有取到")
    headers = {"Content-Disposition": "attachment", "Content-Security-Policy": "sandbox"}
    return Response(file.content, media_type=file.content_type, headers=headers)


def _require_helpdesk() -> None:
    if not settings().helpdesk.url:
        raise BadEvent(404, "off", "没有启用外部客服系统：请设置 settings.yml 的 helpdesk.url")


async def _body(request: Request) -> bytes:
    """Read the body, and no more of it than an event may have."""
    content = bytearray()
    async for block in request.stream():
        content += block
        if len(content) > inbound_format.LARGEST_BODY:
            raise BadEvent(413, "too_large", "请求体太大：图片至多 2 MB")
    return bytes(content)


def _picture(content: bytes) -> tuple[bytes, str]:
    picture = prepared(content)
    return picture.content, picture.content_type


def _refused(status: int, code: str, message: str, retry_after: str = "") -> Response:
    headers = {"Retry-After": retry_after} if retry_after else None
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)
