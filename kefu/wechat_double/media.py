"""Temporary media: what customers send and accounts upload, kept for three days."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from kefu.wechat_double.clock import Clock
from kefu.wechat_double.refusals import ApiRefused

LIFE = 3 * 86400.0
_KEPT = 256 * 1024 * 1024  # bytes of all media together
_MB = 1024 * 1024
_LARGEST = {"image": 10 * _MB, "voice": 2 * _MB, "video": 10 * _MB, "thumb": 64 * 1024}
_UPLOADABLE = {
    "image": {"image/jpeg", "image/png", "image/gif"},
    "voice": {"audio/amr", "audio/mpeg"},
    "video": {"video/mp4"},
    "thumb": {"image/jpeg", "image/png"},
}
_MAGIC = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftyp", "video/mp4"),
)
SUFFIXES = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "video/mp4": "mp4",
}
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Media:
    """One file.

    Attributes:
        media_id: WeChat's id of it.
        appid: The account it belongs to.
        type: image, voice, video or thumb.
        content: Its bytes.
        content_type: MIME type, recognised by its first bytes.
        created_at: When it was stored.
    """

    media_id: str
    appid: str
    type: str
    content: bytes
    content_type: str
    created_at: float

    @property
    def filename(self) -> str:
        """Return a name to save it under."""
        return f"{self.media_id}.{SUFFIXES.get(self.content_type, 'bin')}"


class MediaStore:
    """All files; the oldest make room when there are too many."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._files: dict[str, Media] = {}
        self._size = 0

    def upload(self, appid: str, type_: str, content: bytes) -> Media:
        """Store a file that the account uploads. Raises ApiRefused."""
        if type_ not in _LARGEST:
            raise ApiRefused(40004)
        if not content:
            raise ApiRefused(44001)
        if len(content) > _LARGEST[type_]:
            raise ApiRefused(40006)
        if sniffed(content) not in _UPLOADABLE[type_]:
            raise ApiRefused(40005)
        return self.keep(appid, type_, content)

    def keep(self, appid: str, type_: str, content: bytes) -> Media:
        """Store any file."""
        now, name = self._clock.now(), secrets.token_urlsafe(48)
        media = Media(name, appid, type_, content, sniffed(content), now)
        self._files[name] = media
        self._size += len(content)
        while self._size > _KEPT and len(self._files) > 1:
            self._size -= len(self._files.pop(next(iter(self._files))).content)
        return media

    def find(self, media_id: object, appid: str | None = None) -> Media:
        """Return a file that has not run out, of one account or of any. Raises ApiRefused."""
        media = self._files.get(media_id) if isinstance(media_id, str) else None
        if media is None or appid not in (None, media.appid):
            raise ApiRefused(40007)
        if self._clock.now() >= media.created_at + LIFE:
            raise ApiRefused(40007)
        return media


def sniffed(content: bytes) -> str:
    """Return the MIME type by the first bytes."""
    for offset, magic, content_type in _MAGIC:
        if content.startswith(magic, offset):
            return content_type
    return UNKNOWN_TYPE
