"""What a file is by its first bytes; names and content types are only claims."""

from __future__ import annotations

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!SILK_V3", "audio/silk"),
    (b"\x02#!SILK_V3", "audio/silk"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_HEIF_BRANDS = {b"heic", b"heix", b"mif1", b"msf1", b"avif"}


def sniff(content: bytes) -> str | None:
    """Return the content type of an image, a recording or a video, None when it is none."""
    for start, content_type in _STARTS:
        if content.startswith(start):
            return content_type
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12])
    if content[4:8] == b"ftyp":
        return "image/heif" if content[8:12] in _HEIF_BRANDS else "video/mp4"
    return "audio/mpeg" if _is_mpeg_frame(content) else None


def _is_mpeg_frame(content: bytes) -> bool:
    """Tell whether it starts with a frame of MPEG layer III that has no tag before it."""
    if len(content) < 3 or content[0] != 0xFF:
        return False
    sync, layer = content[1] & 0xE0, content[1] & 0x06
    version, bitrate = content[1] & 0x18, content[2] & 0xF0
    return sync == 0xE0 and layer == 0x02 and version != 0x08 and bitrate != 0xF0
