"""Files are told apart by what they hold."""

from __future__ import annotations

import pytest

from kefu.channels.wechat.magic import sniff


@pytest.mark.parametrize(
    ("start", "content_type"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"BM\x36\x00", "image/bmp"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"#!AMR\n\x3c", "audio/amr"),
        (b"#!AMR-WB\n\x04", "audio/amr-wb"),
        (b"\x02#!SILK_V3", "audio/silk"),
        (b"#!SILK_V3", "audio/silk"),
        (b"OggS\x00\x02", "audio/ogg"),
        (b"ID3\x04\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xf3\x48\xc4", "audio/mpeg"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x18ftypheic", "image/heif"),
    ],
)
def test_kind_is_seen_in_the_first_bytes(start: bytes, content_type: str) -> None:
    assert sniff(start + bytes(32)) == content_type


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"\xff\xd8",
        b"\xff\xff\xff\xff",
        b"RIFF\x24\x00\x00\x00AVI LIST",
        b'{"errcode": 40007}',
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>",
        b"%PDF-1.7",
        b"MZ\x90\x00",
    ],
)
def test_other_files_are_nothing_we_know(content: bytes) -> None:
    assert sniff(content) is None
