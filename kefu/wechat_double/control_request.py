"""A request of the control API, and what may be taken out of it."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from kefu.wechat_double import wire
from kefu.wechat_double.accounts import DoubleAccount
from kefu.wechat_double.customers import Customer
from kefu.wechat_double.platform import Platform
from kefu.wechat_double.refusals import ControlRefused

_MISSING = object()


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        platform: The double.
        request: As it arrived.
        body: Its JSON object, empty for GET and DELETE.
    """

    platform: Platform
    request: Request
    body: dict[str, Any]

    @classmethod
    async def read(cls, platform: Platform, request: Request) -> Asked:
        """Read the body. Raises ControlRefused."""
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            raise ControlRefused("不接受其他网站发来的请求")
        if request.method != "POST":
            return cls(platform, request, {})
        try:
            body = wire.json_object(await request.body() or b"{}")
        except wire.NotReadable as problem:
            raise ControlRefused(f"请求体{problem}") from None
        return cls(platform, request, body)

    def account(self, appid: str) -> DoubleAccount:
        """Return an account. Raises ControlRefused."""
        account = self.platform.accounts.get(appid)
        if account is None:
            raise ControlRefused(f"没有 AppID 为 {appid} 的账号")
        return account

    def customer(self) -> Customer:
        """Return the customer that appid and openid name. Raises ControlRefused."""
        account, openid = self.account(self.text("appid")), self.text("openid")
        if not openid:
            raise ControlRefused("需要 openid")
        return self.platform.customers.get(account.appid, openid)

    def text(self, name: str, default: Any = _MISSING) -> str:
        """Return a text of the body or the query. Raises ControlRefused."""
        value = self.body.get(name, self.request.query_params.get(name, default))
        if value is _MISSING:
            raise ControlRefused(f"需要 {name}")
        if not isinstance(value, str):
            raise ControlRefused(f"{name} 应为文本")
        return value

    def number(self, name: str, default: float) -> float:
        """Return a number of the query. Raises ControlRefused."""
        try:
            value = float(self.request.query_params.get(name, default))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ControlRefused(f"{name} 应为数字")
        return value

    def bytes(self, name: str) -> bytes | None:
        """Return the content of a base64 text, None when there is none."""
        try:
            return base64.b64decode(self.text(name), validate=True) if self.body.get(name) else None
        except ValueError:
            raise ControlRefused(f"{name} 应为 base64") from None

    def fields(self) -> dict[str, Any]:
        """Return the extra fields of a push. Raises ControlRefused."""
        fields = self.body.get("fields", {})
        if not isinstance(fields, dict):
            raise ControlRefused("fields 应为 JSON 对象")
        return fields
