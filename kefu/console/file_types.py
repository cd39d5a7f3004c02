"""Kinds of files that customers send, by content type."""

from __future__ import annotations

# What browsers show by themselves; anything else is only there to be saved.
SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp")
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/heif": "heic",
    "audio/amr": "amr",
    "audio/amr-wb": "awb",
    "audio/silk": "silk",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
}
