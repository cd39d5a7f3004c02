"""The assistant's picture: uploaded here, shown to anybody."""

from __future__ import annotations

import asyncio
import hashlib
import time
from pathlib import Path
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.guard import max_body, operators_only, person_of
from kefu.console.pages import render
from kefu.console.pictures import Picture, PictureRefused, prepared_soon
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.knowledge.files_whole import write_whole
from kefu.settings import settings
from kefu.settings_editing import saving
from kefu.settings_editing.saving import Wanted

ADDRESS = "/assistant/picture"
LARGEST_PICTURE = 2 * 1024 * 1024
_SIDE = 256
_FILES = {"image/png": "assistant.png", "image/jpeg": "assistant.jpg"}
_AVATAR = "assistant.avatar"
_TOO_LARGE = "图片超过 2 MB，请换一张小些的"
_NO_PICTURE = "请先选择一张图片"
_keeping = Lock()


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route("/settings/assistant/picture", _upload, methods=["POST"]),
        Route(ADDRESS, _picture, methods=["GET"]),
    ]


@operators_only
@max_body(2 * LARGEST_PICTURE)
async def _upload(request: Request) -> Response:
    given = (await request.form()).get("picture")
    if not isinstance(given, UploadFile) or not given.size:
        return _refused(request, _NO_PICTURE, 422)
    if given.size > LARGEST_PICTURE:
        return _refused(request, _TOO_LARGE, 413)
    try:
        picture = await prepared_soon(await given.read(), _SIDE)
        await run_in_threadpool(_keep, picture, person_of(request).login)
    except PictureRefused as refusal:
        return _refused(request, str(refusal), refusal.status)
    except KefuError as error:
        return _refused(request, f"没有保存：{error}", 422)
    return responses.redirect(request, "/settings/assistant?done=picture")


async def _picture(request: Request) -> Response:
    """Answer with the picture; mini-programs and other sites show it too."""
    found = await asyncio.to_thread(_kept)
    if found is None:
        raise HTTPException(404)
    headers = {
        "Cache-Control": "public, max-age=300",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(found.content, media_type=found.content_type, headers=headers)


def _keep(picture: Picture, login: str) -> None:
    folder = environment().var
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = folder / _FILES[picture.content_type]
    # Of two at once, in two formats, neither may remove the other's.
    with _keeping:
        write_whole(kept, picture.content)
        for other in _FILES.values():
            if other != kept.name:
                (folder / other).unlink(missing_ok=True)
    # Whoever keeps the former picture asks again when the address is another.
    version = hashlib.sha256(picture.content).hexdigest()[:8]
    url = f"{settings().alerts.public_url}{ADDRESS}?v={version}"
    saving.save({_AVATAR: Wanted(url, None)}, login, time.time())


def _kept() -> Picture | None:
    for content_type, name in _FILES.items():
        file: Path = environment().var / name
        if file.is_file():
            return Picture(file.read_bytes(), content_type)
    return None


def _refused(request: Request, text: str, status: int) -> Response:
    return render(request, "error.html", status, title="头像没有换", text=text)
