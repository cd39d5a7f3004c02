"""Pictures that people upload: looked at, turned upright, and written anew before they go on.

Nothing of the file as it came is kept. A picture that was written anew holds no place, no
camera, no hidden text and no script, and it is as large as WeChat takes it.
"""

from __future__ import annotations

import asyncio
import io
import struct
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image, ImageOps

from kefu.errors import KefuError

# Of what is uploaded, in bytes and in pixels.
LARGEST = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_QUALITIES = (85, 70, 55)
_SMALLEST_SIDE = 64
# What Pillow's readers raise on a broken or hostile file.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *(OverflowError, NotImplementedError, struct.error, zlib.error),
)
# With all that is made of it, one picture takes up to 600 MB for a moment. Those that wait
# must not keep the threads that everybody else's requests need.
_one_at_a_time = threading.Lock()
_workers = ThreadPoolExecutor(1, "pictures")

NOT_A_PICTURE = "这不是图片，或者图片已损坏。请换一张 JPG、PNG、GIF 或 WEBP 图片"
TOO_LONG = f"图片超过 {LARGEST // 1024 // 1024} MB，请压缩后再发"
_TOO_MANY_PIXELS = f"图片超过 {MOST_PIXELS // 10_000} 万像素，请缩小后再发"


@dataclass(frozen=True)
class Picture:
    """A picture that is fit to be sent, and its content type: image/jpeg or image/png."""

    content: bytes
    content_type: str


class PictureRefused(KefuError):
    """Raised when an upload cannot be used; `status` is HTTP's word for the reason."""

    def __init__(self, text: str, status: int) -> None:
        self.status = status
        super().__init__(text)


def prepared(content: bytes, largest_side: int = 2000, limit_bytes: int = 2_000_000) -> Picture:
    """Return the picture upright, without anything that is not picture, and small enough.

    It takes up to a few seconds: on an event loop use `prepared_soon`. Of an animation the
    first frame stays.

    Args:
        content: The file as it came; what it is shows in itself, not in its name.
        largest_side: Width and height of the result at most, in pixels.
        limit_bytes: Size of the result at most.

    Raises:
        PictureRefused: 415 for what is no picture, 413 for one that is too large.
    """
    if len(content) > LARGEST:
        raise PictureRefused(TOO_LONG, 413)
    with _one_at_a_time:
        return _written(*_upright(content, largest_side), limit_bytes)


async def prepared_soon(
    content: bytes, largest_side: int = 2000, limit_bytes: int = 2_000_000
) -> Picture:
    """Do what `prepared` does in a thread that is there for pictures."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_workers, prepared, content, largest_side, limit_bytes)


def _upright(content: bytes, largest_side: int) -> tuple[Image.Image, bool]:
    """Return the picture as it is meant to be seen, and whether it is a photograph."""
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise PictureRefused(_TOO_MANY_PIXELS, 413)
            photograph = image.format in ("JPEG", "WEBP")
            shrunk = _shrunk(image, largest_side)
            return _plain(ImageOps.exif_transpose(shrunk)), photograph
    except Image.DecompressionBombError:
        raise PictureRefused(_TOO_MANY_PIXELS, 413) from None
    except _BROKEN:
        raise PictureRefused(NOT_A_PICTURE, 415) from None


def _shrunk(image: Image.Image, largest_side: int) -> Image.Image:
    """Return the picture with colours that can be mixed, no larger than wanted."""
    # A large JPEG is read at a fraction of its size.
    image.draft("RGB", (largest_side, largest_side))
    # What a file says about itself beside the picture is asked for by its orientation alone.
    image.load()
    if image.mode.startswith("I"):
        # 16 bits of grey; Pillow would cut off all that is brighter than 255.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    elif image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((largest_side, largest_side))
    return image


def _plain(image: Image.Image) -> Image.Image:
    """Return the points of a picture in an image that knows nothing else."""
    plain = Image.new(image.mode, image.size)
    plain.paste(image)
    return plain


def _written(image: Image.Image, photograph: bool, limit_bytes: int) -> Picture:
    for attempt in _attempts(image, photograph):
        if len(attempt.content) <= limit_bytes:
            return attempt
    raise PictureRefused(TOO_LONG, 413)


def _attempts(image: Image.Image, photograph: bool) -> Iterator[Picture]:
    """Yield the picture smaller and smaller: first as it is best, at last as a stamp."""
    if image.mode == "RGBA" or not photograph:
        yield Picture(_encoded(image, "PNG"), "image/png")
    flat = _on_white(image)
    while True:
        for quality in _QUALITIES:
            yield Picture(_encoded(flat, "JPEG", quality=quality), "image/jpeg")
        if max(flat.size) < _SMALLEST_SIDE:
            return
        flat = flat.resize((max(1, flat.width * 7 // 10), max(1, flat.height * 7 // 10)))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
