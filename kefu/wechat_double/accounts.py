"""The accounts that the double plays WeChat for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from kefu.wechat_double.refusals import ControlRefused

Kind = Literal["miniprogram", "official"]
Mode = Literal["plain", "compatible", "safe"]
Format = Literal["json", "xml"]

_CHOICES = {"mode": get_args(Mode), "format": get_args(Format)}
_TEXTS = ("push_url", "token", "aes_key", "secret", "title")
_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")
_WEB = re.compile(r"https?://[\w.-]+(:\d+)?(/|$)", re.ASCII)
_TITLES = {"miniprogram": "演示小程序", "official": "演示公众号"}


@dataclass(frozen=True)
class DoubleAccount:
    """One account as WeChat's console shows it.

    Attributes:
        name: Short name, unique.
        kind: Mini-program or official account (公众号).
        appid: WeChat's id of the account.
        secret: AppSecret that tokens are fetched with.
        token: Token that pushes are signed with.
        aes_key: EncodingAESKey, 43 characters.
        mode: Whether pushes are encrypted.
        format: Data format of pushes.
        push_url: Where pushes go; empty when push is switched off.
        original_id: The account's gh_… name in messages.
        title: Name that customers see.
    """

    name: str
    kind: Kind
    appid: str
    secret: str
    token: str
    aes_key: str
    mode: Mode
    format: Format
    push_url: str
    original_id: str
    title: str = ""

    @property
    def is_miniprogram(self) -> bool:
        """Tell whether this is a mini-program."""
        return self.kind == "miniprogram"

    @property
    def fault_notice(self) -> str:
        """Return what a customer reads when the account's server fails."""
        who = "小程序客服" if self.is_miniprogram else "公众号"
        return f"该{who}暂时无法提供服务，请稍后再试"

    def public(self) -> dict[str, str]:
        """Return what may be shown of the account; no secrets."""
        shown = ("name", "kind", "appid", "mode", "format", "push_url", "original_id")
        return {
            "title": self.title or _TITLES[self.kind],
            **{field: getattr(self, field) for field in shown},
        }

    def changed(self, wanted: Mapping[str, Any]) -> DoubleAccount:
        """Return the account with other settings. Raises ControlRefused."""
        for field, value in wanted.items():
            if field not in _CHOICES and field not in _TEXTS:
                raise ControlRefused(f"账号没有可改的设置 {field}")
            if not isinstance(value, str):
                raise ControlRefused(f"{field} 应为文本")
            if field in _CHOICES and value not in _CHOICES[field]:
                raise ControlRefused(f"{field} 只能是 {'、'.join(_CHOICES[field])}")
        changed = replace(self, **wanted)
        if changed.mode != "plain" and not _AES_KEY.fullmatch(changed.aes_key):
            raise ControlRefused("加密模式需要 43 位字母和数字的 aes_key")
        if changed.push_url and not _WEB.match(changed.push_url):
            raise ControlRefused("push_url 应以 http:// 或 https:// 开头，或者为空")
        return changed


class Accounts:
    """The accounts by appid, and what each was before its last change."""

    def __init__(self, accounts: Iterable[DoubleAccount]) -> None:
        self._accounts = {account.appid: account for account in accounts}
        self._former: dict[str, tuple[float, DoubleAccount]] = {}

    def __iter__(self) -> Iterator[DoubleAccount]:
        return iter(self._accounts.values())

    def __getitem__(self, appid: str) -> DoubleAccount:
        return self._accounts[appid]

    def get(self, appid: str) -> DoubleAccount | None:
        """Return an account, None when there is none of that appid."""
        return self._accounts.get(appid)

    def change(self, appid: str, wanted: Mapping[str, Any], now: float) -> DoubleAccount:
        """Change an account's settings and return it. Raises ControlRefused."""
        former = self._accounts[appid]
        self._accounts[appid] = former.changed(wanted)
        self._former[appid] = (now, former)
        return self._accounts[appid]

    def former(self, appid: str, since: float) -> DoubleAccount | None:
        """Return what an account was before a change later than `since`."""
        changed_at, former = self._former.get(appid, (since, None))
        return former if changed_at > since else None


def original_id(appid: str) -> str:
    """Return a gh_… name for an appid, the same every time."""
    return "gh_" + hashlib.sha256(appid.encode()).hexdigest()[:12]
