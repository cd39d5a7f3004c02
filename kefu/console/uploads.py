"""Reading a picture out of a request, without ever holding one that is too large."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from kefu.console.pictures import LARGEST, NOT_A_PICTURE, TOO_LONG, PictureRefused

# A form's own lines around the picture.
_AROUND = 64 * 1024
MOST_READ = LARGEST + _AROUND
_FIELD = "picture"


async def uploaded(request: Request) -> bytes:
    """Return the picture of a request: the whole body, or the field `picture` of a form.

    Raises:
        PictureRefused: 413 as soon as it is longer than allowed, 415 when there is none.
    """
    try:
        if request.headers.get("Content-Type", "").startswith("multipart/form-data"):
            return await _from_form(request)
        return b"".join([chunk async for chunk in _limited(request)])
    except HTTPException as refused:
        if refused.status_code != 413:
            raise
        # The guard says so of any body; of a picture there is more to say.
        raise PictureRefused(TOO_LONG, 413) from None


class _InMemory(MultiPartParser):
    """Keeps files in memory: a customer's receipt has no business in a temporary file."""

    spool_max_size = MOST_READ


async def _from_form(request: Request) -> bytes:
    parser = _InMemory(request.headers, _limited(request), max_files=1, max_fields=10)
    try:
        form = await parser.parse()
    except MultiPartException:
        raise PictureRefused(NOT_A_PICTURE, 415) from None
    found = form.get(_FIELD)
    if not isinstance(found, UploadFile):
        raise PictureRefused(NOT_A_PICTURE, 415)
    content = await found.read()
    await form.close()
    return content


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > MOST_READ:
            raise PictureRefused(TOO_LONG, 413)
        yield chunk
