"""The calls of WeChat's API that customer service needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import aiohttp

from kefu.channels.wechat import pictures
from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.errors import Refused, Unknown, WechatError, is_trouble
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import Media, exchange, json_answer, json_object
from kefu.storage import troubles

__all__ = ["Media", "Verdict", "WechatApi"]

Suggestion = Literal["pass", "review", "risky"]
_SUGGESTIONS: tuple[Suggestion, ...] = ("pass", "review", "risky")  # from best to worst
_Result = TypeVar("_Result")

_TOKEN_REFUSED = (40001, 40014, 42001)
_TYPING_NEEDLESS = (45080, 45081)
_JSON = {"Content-Type": "application/json"}
_CHECKED_AT_ONCE = 2500  # characters
_COMMENT = 2  # the scene of content checks that fits a conversation best
_NONE: Mapping[str, str] = {}
_MEDIA_KINDS = {"audio": 1, "image": 2}


@dataclass(frozen=True)
class Verdict:
    """What WeChat's content check says of a text.

    Attributes:
        suggest: pass, review (a person should look) or risky.
        label: WeChat's number for the kind of content; 100 is harmless.
        trace_id: Under which WeChat's support finds the check.
    """

    suggest: Suggestion
    label: int
    trace_id: str


class WechatApi:
    """Calls WeChat for one account.

    Every method may raise the errors of `kefu.channels.wechat.errors`: Refused (never
    again), Busy (later), NotReached (nothing was sent), Unknown (perhaps carried out).
    """

    def __init__(
        self,
        account: Account,
        session: aiohttp.ClientSession,
        tokens: TokenStore,
        timeout: float = 5.0,
    ) -> None:
        """Take the account, where connections and tokens are kept, and seconds for a call."""
        self._account = account
        self._session = session
        self._tokens = tokens
        self._timeout = timeout

    async def call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post JSON to a path such as `cgi-bin/message/custom/send`; return the answer."""
        # Not escaped: WeChat would count and show `\u4f60` as six characters.
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return await self._answer("POST", path, lambda: {"data": content, "headers": _JSON})

    async def send(self, openid: str, message: Mapping[str, Any], ai: bool) -> None:
        """Send a customer a message.

        Args:
            openid: The customer.
            message: `msgtype`, and under its name what belongs to it.
            ai: Whether WeChat shows below it that an AI wrote it.
        """
        mark = {"aimsgcontext": {"is_ai_msg": 1}} if ai else {}
        await self.call("cgi-bin/message/custom/send", {"touser": openid, **message, **mark})

    async def typing(self, openid: str, on: bool) -> None:
        """Show or take away "对方正在输入"; where WeChat finds it needless, nothing happens."""
        command = "Typing" if on else "CancelTyping"
        try:
            await self.call(self._account.typing_path, {"touser": openid, "command": command})
        except Refused as refused:
            if refused.code not in _TYPING_NEEDLESS:
                raise

    async def fetch_media(self, media_id: str, limit: int, timeout: float) -> Media:
        """Return what a customer sent, of at most `limit` bytes, within `timeout` seconds."""
        path = "cgi-bin/media/get"
        return await self._ask(
            "GET",
            path,
            lambda: {"params": {"media_id": media_id}},
            lambda got: _media(got, path),
            limit=limit,
            timeout=timeout,
        )

    async def fetch_picture(self, url: str, limit: int, timeout: float) -> Media:
        """Return the picture at a PicUrl; see `pictures.fetch_picture`."""
        return await pictures.fetch_picture(url, limit, timeout)

    async def upload_image(
        self, content: bytes, filename: str, content_type: str, timeout: float
    ) -> str:
        """Upload a picture within `timeout` seconds; return its media_id, valid for three days."""

        def form() -> dict[str, Any]:
            # A form can be sent only once, so every attempt has its own.
            data = aiohttp.FormData()
            name = _ascii_name(filename, content_type)
            data.add_field("media", content, filename=name, content_type=content_type)
            return {"params": {"type": "image"}, "data": data}

        path = "cgi-bin/media/upload"
        return _text(await self._answer("POST", path, form, timeout=timeout), "media_id")

    async def check_text(self, openid: str, text: str, scene: int = _COMMENT) -> Verdict:
        """Return WeChat's verdict on a text, the worst of its parts when it is long.

        A customer who has not opened the mini-program for two hours gives Refused with
        code 61010.
        """
        parts = [
            text[start : start + _CHECKED_AT_ONCE]
            for start in range(0, max(len(text), 1), _CHECKED_AT_ONCE)
        ]
        verdicts = [await self._check_part(openid, part, scene) for part in parts]
        return max(verdicts, key=lambda verdict: _SUGGESTIONS.index(verdict.suggest))

    async def check_media(
        self, openid: str, url: str, kind: Literal["audio", "image"], scene: int = _COMMENT
    ) -> str:
        """Have a file at a public address checked; return the trace_id the result will have."""
        body = {"openid": openid, "scene": scene, "version": 2}
        media = {"media_url": url, "media_type": _MEDIA_KINDS[kind]}
        return _text(await self.call("wxa/media_check_async", {**body, **media}), "trace_id")

    async def callback_ips(self) -> list[str]:
        """Return the addresses that WeChat pushes from."""
        return await self._list("cgi-bin/getcallbackip", "ip_list")

    async def _check_part(self, openid: str, part: str, scene: int) -> Verdict:
        body = {"openid": openid, "scene": scene, "version": 2, "content": part}
        answer = await self.call("wxa/msg_sec_check", body)
        result = answer.get("result")
        given = result if isinstance(result, dict) else {}
        label = given.get("label", 0)
        for suggestion in _SUGGESTIONS:
            if given.get("suggest") == suggestion and isinstance(label, int):
                return Verdict(suggestion, label, str(answer.get("trace_id", "")))
        raise Unknown("微信的内容检测没有给出结论：改用本地词表检查")

    async def _list(self, path: str, name: str) -> list[Any]:
        found = (await self._answer("GET", path)).get(name)
        if not isinstance(found, list):
            raise Unknown(f"微信的应答里没有 {name}：请核对微信接口的地址")
        return found

    async def _answer(
        self, method: str, path: str, make: Callable[[], dict[str, Any]] = dict, **bounds: Any
    ) -> dict[str, Any]:
        return await self._ask(
            method, path, make, lambda got: json_answer(got.content, path), **bounds
        )

    async def _ask(
        self,
        method: str,
        path: str,
        make: Callable[[], dict[str, Any]],
        read: Callable[[Media], _Result],
        **bounds: Any,
    ) -> _Result:
        """Send what `make` makes, return what `read` reads, and count what fails at WeChat."""
        try:
            return await self._ask_twice(method, path, make, read, **bounds)
        except WechatError as error:
            if is_trouble(error):
                troubles.note(f"wechat:{self._account.name}")
            raise

    async def _ask_twice(
        self,
        method: str,
        path: str,
        make: Callable[[], dict[str, Any]],
        read: Callable[[Media], _Result],
        **bounds: Any,
    ) -> _Result:
        """Do so once, and once again when the token is old."""
        token = await self._tokens.get(self._account)
        try:
            return read(await self._attempt(method, path, token, **make(), **bounds))
        except Refused as refused:
            if refused.code not in _TOKEN_REFUSED:
                raise
        token = await self._tokens.renew(self._account, failing=token)
        return read(await self._attempt(method, path, token, **make(), **bounds))

    async def _attempt(
        self, method: str, path: str, token: str, params: Mapping[str, str] = _NONE, **more: Any
    ) -> Media:
        url = f"{self._account.api_url.rstrip('/')}/{path.lstrip('/')}"
        # WeChat takes the token nowhere else; no log line and no error holds the query.
        query = {**params, "access_token": token}
        more.setdefault("timeout", self._timeout)
        return await exchange(self._session, method, url, params=query, **more)


def _media(got: Media, path: str) -> Media:
    """Return a file as it is, unless it is an answer in JSON that says why there is none."""
    # Errors have status 200 too, and whether the content type tells depends on the gateway.
    if json_object(got.content) is None:
        return got
    if "video_url" in json_answer(got.content, path):
        raise Refused("暂不接收视频：请顾客改发图片或文字")
    raise Unknown("微信没有返回文件内容：请顾客重新发送")


def _ascii_name(filename: str, content_type: str) -> str:
    # WeChat finds no file in a form whose file name is escaped.
    plain = re.fullmatch(r"[\w.-]{1,100}", filename, re.ASCII)
    return filename if plain else f"image.{content_type.rpartition('/')[2]}"


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Unknown(f"微信的应答里没有 {name}：请核对微信接口的地址")
    return value
