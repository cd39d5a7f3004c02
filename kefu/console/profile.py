"""What people change about themselves, and their pictures."""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from kefu.console import responses
from kefu.console.forms import fields
from kefu.console.guard import max_body, person_of, signed_in
from kefu.console.pages import fragment, render
from kefu.console.pictures import PictureRefused, prepared
from kefu.staff import people
from kefu.staff.person import StaffError

LARGEST_PICTURE = 2 * 1024 * 1024
_SIDE = 256
# A form is larger than the file in it; what is much larger is not read.
_LARGEST_FORM = LARGEST_PICTURE * 2
_TOO_LARGE = "头像超过 2 MB，请换一张小些的"
_NO_PICTURE = "请先选择一张图片"
_DONE = {
    "profile": "昵称已保存",
    "picture": "头像已保存",
    "no-picture": "头像已删除",
    "password": "密码已修改",
}


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route("/me", _page, methods=["GET"]),
        Route("/me", _change, methods=["POST"]),
        Route("/me/state", _set_state, methods=["POST"]),
        Route("/me/picture", _set_picture, methods=["POST"]),
        Route("/me/picture/remove", _remove_picture, methods=["POST"]),
        Route("/staff/{id:int}/picture", _picture, methods=["GET"]),
    ]


@signed_in
async def _page(request: Request) -> Response:
    return _shown(request)


@signed_in
async def _change(request: Request) -> Response:
    nickname = (await fields(request)).get("nickname", "")
    try:
        await run_in_threadpool(people.change, person_of(request).id, nickname=nickname)
    except StaffError as error:
        return _shown(request, str(error), 422)
    return responses.redirect(request, "/me?done=profile")


@signed_in
async def _set_state(request: Request) -> Response:
    state = (await fields(request)).get("state", "")
    number = person_of(request).id
    try:
        await run_in_threadpool(people.set_state, number, state, time.time())
    except StaffError as error:
        return responses.refused(request, 422, str(error))
    if not request.headers.get("HX-Request"):
        return responses.redirect(request, "/me")
    person = await run_in_threadpool(people.get, number)
    session = request.state.session
    return HTMLResponse(fragment("state.html", person=person, csrf=session.csrf))


@signed_in
@max_body(_LARGEST_FORM)
async def _set_picture(request: Request) -> Response:
    given = (await request.form()).get("picture")
    if not isinstance(given, UploadFile) or not given.size:
        return _shown(request, _NO_PICTURE, 422)
    if given.size > LARGEST_PICTURE:
        return _shown(request, _TOO_LARGE, 413)
    try:
        picture = await run_in_threadpool(prepared, await given.read(), _SIDE)
    except PictureRefused as refusal:
        return _shown(request, str(refusal), refusal.status)
    number = person_of(request).id
    await run_in_threadpool(people.set_picture, number, picture.content, picture.content_type)
    return responses.redirect(request, "/me?done=picture")


@signed_in
async def _remove_picture(request: Request) -> Response:
    await run_in_threadpool(people.set_picture, person_of(request).id, None, None)
    return responses.redirect(request, "/me?done=no-picture")


@signed_in
async def _picture(request: Request) -> Response:
    found = await run_in_threadpool(people.picture, request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    content, content_type = found
    headers = {"Cache-Control": "private, max-age=60"}
    return Response(content, media_type=content_type, headers=headers)


def _shown(request: Request, error: str = "", status: int = 200) -> Response:
    done = "" if error else _DONE.get(request.query_params.get("done", ""), "")
    return render(request, "me.html", status, error=error, done=done)
