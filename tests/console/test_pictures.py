"""Pictures that are uploaded: what is one, what is left of it, and what is not let in."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from kefu.console.pictures import LARGEST, PictureRefused, prepared

_ORIENTATION, _MAKER, _PLACE = 0x0112, 0x010F, 0x8825
_LATITUDE = 2


def drawn(
    size: tuple[int, int] = (60, 40), mode: str = "RGB", kind: str = "PNG", **more: Any
) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    colours = {"L": (60, 200), "RGBA": ((255, 0, 0, 255), (0, 0, 255, 0))}
    left, right = colours.get(mode, ((255, 0, 0), (0, 0, 255)))
    image = Image.new(mode, size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return encoded(image, kind, **more)


def encoded(image: Image.Image, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def seen(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_the_usual_kinds_are_taken(kind: str) -> None:
    picture = prepared(drawn(kind=kind))
    image = seen(picture.content).convert("RGB")
    assert picture.content_type in ("image/jpeg", "image/png")
    assert Image.MIME[seen(picture.content).format or ""] == picture.content_type
    assert image.size == (60, 40)
    red, _, blue = image.getpixel((5, 5))
    assert red > 200 and blue < 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_stands_upright_and_names_no_place(kind: str) -> None:
    about = Image.Exif()
    about[_ORIENTATION] = 6  # it has to be turned to the right
    about[_MAKER] = "SecretPhone"
    about.get_ifd(_PLACE)[_LATITUDE] = (31.0, 14.0, 5.0)
    taken = drawn(kind=kind, exif=about)
    assert b"SecretPhone" in taken
    picture = prepared(taken)
    image = seen(picture.content)
    assert image.size == (40, 60)
    red, _, blue = image.convert("RGB").getpixel((20, 5))
    assert red > 200 and blue < 60
    assert b"SecretPhone" not in picture.content
    assert not image.getexif()
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


def test_hidden_text_and_what_follows_the_picture_are_gone() -> None:
    script = b"<script>alert(1)</script>"
    picture = prepared(drawn(kind="JPEG", comment=script) + script)
    assert b"script" not in picture.content


def test_a_large_picture_is_made_small() -> None:
    image = seen(prepared(drawn((3000, 1500), kind="JPEG")).content)
    assert image.size == (2000, 1000)
    assert seen(prepared(drawn(), largest_side=16).content).size == (16, 11)


def test_it_fits_into_what_wechat_takes() -> None:
    noise = Image.effect_noise((1200, 1200), 90).convert("RGB")
    whole = encoded(noise, "PNG")
    limit = 200_000
    assert len(whole) > limit
    picture = prepared(whole, limit_bytes=limit)
    assert len(picture.content) <= limit
    assert picture.content_type == "image/jpeg"


def test_a_stamp_of_a_few_points_is_taken() -> None:
    assert seen(prepared(drawn((1, 1), kind="JPEG")).content).size == (1, 1)


def test_what_shines_through_stays_so() -> None:
    image = seen(prepared(drawn(mode="RGBA")).content)
    assert image.mode == "RGBA"
    assert image.getpixel((50, 5))[3] == 0


def test_grey_of_sixteen_bits_does_not_turn_white() -> None:
    grey = encoded(Image.new("I;16", (8, 8), 128 * 256), "PNG")
    value = seen(prepared(grey).content).convert("L").getpixel((3, 3))
    assert isinstance(value, int | float) and abs(value - 128) <= 1


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_colours_of_print_and_grey_are_taken(mode: str) -> None:
    image = seen(prepared(encoded(Image.new(mode, (30, 20)), "JPEG")).content)
    assert image.size == (30, 20)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        "这是一段文字".encode(),
        SVG,
        b"<!doctype html><script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n" + SVG,
        b"GIF89a<script>alert(1)</script>",
        b"%PDF-1.7 " + b"x" * 100,
        encoded(Image.new("RGB", (8, 8)), "TIFF"),
        encoded(Image.new("RGB", (8, 8)), "BMP"),
        drawn(kind="JPEG")[:200],
        drawn((400, 400), kind="PNG")[:300],
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(PictureRefused, match="不是图片") as refused:
        prepared(content)
    assert refused.value.status == 415


def test_more_than_ten_megabytes_are_refused() -> None:
    with pytest.raises(PictureRefused, match="超过 10 MB") as refused:
        prepared(drawn(kind="JPEG") + b"\0" * LARGEST)
    assert refused.value.status == 413


@pytest.mark.parametrize("side", [6_400, 20_000, 2**31 - 1])
def test_a_bomb_is_not_unpacked(side: int) -> None:
    """A few hundred bytes that would be gigabytes of points."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000)
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )
    assert len(bomb) < 1000
    with pytest.raises(PictureRefused) as refused:
        prepared(bomb)
    assert refused.value.status == 413


def test_any_damage_is_a_refusal_or_a_picture() -> None:
    whole = [drawn((24, 16), kind=kind) for kind in ("JPEG", "PNG", "GIF", "WEBP")]
    for content in whole:
        for place in range(0, len(content), 3):
            damaged = content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]
            for tried in (damaged, content[:place]):
                try:
                    seen(prepared(tried).content)
                except PictureRefused as refused:
                    assert refused.status in (413, 415)
