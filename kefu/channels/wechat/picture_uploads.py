"""Pictures that people send: uploaded to WeChat just before the message that shows them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.errors import NotReached, Refused, Unknown
from kefu.channels.wechat.outbox import Send
from kefu.storage import media
from kefu.storage.recent import Recent

# WeChat keeps an upload for three days.
KEPT_SECONDS = 2 * 24 * 3600.0
SECONDS = 20.0
GONE = "图片已经删除，没有发送"
NOT_UPLOADED = "图片没有传到微信：请检查服务器的网络和上行带宽"


@dataclass(frozen=True)
class _Upload:
    media_id: str
    at: float
    attempt: int


class PictureUploads:
    """Turns stored pictures into messages that WeChat takes, uploading each once."""

    def __init__(
        self, api: Callable[[Account], WechatApi], clock: Callable[[], float] = time.time
    ) -> None:
        """Take how to reach WeChat for an account."""
        self._api = api
        self._clock = clock
        self._known: Recent[_Upload] = Recent(1000)

    async def ready(self, send: Send, account: Account) -> dict[str, Any]:
        """Return the body of a message as WeChat takes it, with its picture uploaded.

        Uploading twice does no harm, so an unknown outcome means only that nothing was sent.

        Raises:
            Refused: The picture is gone, or WeChat does not want it.
            Busy, NotReached: The upload may be tried again.
        """
        message = stored_message(send.body)
        if message is None:
            return send.body
        known = self._known.get(_key(send, account))
        if known is None or known.at < self._clock() - KEPT_SECONDS:
            known = _Upload(await self._upload(account, message), self._clock(), send.attempts)
            self._known.set(_key(send, account), known)
        return {"msgtype": "image", "image": {"media_id": known.media_id}}

    def outdated(self, send: Send, account: Account) -> bool:
        """Tell whether a refused message showed an earlier upload, which is then made anew."""
        known = self._known.get(_key(send, account))
        if known is None or known.attempt == send.attempts:
            return False
        self._known.set(_key(send, account), replace(known, at=0.0))
        return True

    async def _upload(self, account: Account, message: int) -> str:
        picture = await asyncio.to_thread(media.stored, message)
        if picture is None:
            raise Refused(GONE)
        kind = picture.content_type
        name = f"picture.{kind.rpartition('/')[2]}"
        try:
            return await self._api(account).upload_image(picture.content, name, kind, SECONDS)
        except Unknown as error:
            raise NotReached(NOT_UPLOADED, error.code) from None


def stored_message(body: dict[str, Any]) -> int | None:
    """Return the message whose picture a body shows, None where it shows none of ours."""
    message = (body.get("image") or {}).get("stored") if body["msgtype"] == "image" else None
    return message if isinstance(message, int) else None


def _key(send: Send, account: Account) -> str:
    return f"{account.appid}:{stored_message(send.body)}"
