"""The WeChat accounts of credentials.yml, each with its secrets from the environment."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kefu import marked_yaml
from kefu.environment import WECHAT_PREFIX, environment, secret, wechat_value
from kefu.errors import KefuError

SECTION = "kefu.channels.wechat.connector.WechatChannel"
CHANNEL_PREFIX = "wechat:"
_AES_KEY_LENGTH = 43
_AES_KEY = re.compile(rf"[A-Za-z0-9+/]{{{_AES_KEY_LENGTH}}}")
# The channel is a column of the database.
_LONGEST_NAME = 40

AccountKind = Literal["miniprogram", "official"]
Mode = Literal["plain", "compatible", "safe"]
Format = Literal["auto", "json", "xml"]
Desk = Literal["kefu", "wechat"]

_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("miniprogram", "official"),
    "mode": ("plain", "compatible", "safe"),
    "format": ("auto", "json", "xml"),
    "desk": ("kefu", "wechat"),
}
_SWITCHES = ("msgmenu", "content_check")
_TYPING = {
    "miniprogram": "cgi-bin/message/custom/business/typing",
    "official": "cgi-bin/message/custom/typing",
}


class AccountProblem(KefuError):
    """Raised when an account of credentials.yml cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Account:
    """A mini-program or an official account.

    Attributes:
        name: Its name in credentials.yml; part of the push address.
        kind: miniprogram or official (公众号).
        appid, secret: As the console of WeChat shows them.
        token, aes_key: Of the message push; `aes_key` is the EncodingAESKey, "" without one.
        mode: How pushes are encrypted: plain, compatible or safe.
        format: Data format of pushes; auto reads either.
        desk: Whose people take over: kefu (ours) or wechat (WeChat's own desk).
        msgmenu: Whether options go out as a menu to tap instead of numbered lines.
        content_check: Whether WeChat's content check is asked, besides the word list.
        menu: What the customer says by pressing a menu item, by its EventKey.
        api_url: Base URL of WeChat's API.
        typing_path: Path of the typing indicator.
        demo: Whether it is an account of the double, without an AppID of its own.
    """

    name: str
    kind: AccountKind
    appid: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    mode: Mode = "safe"
    format: Format = "auto"
    desk: Desk = "kefu"
    msgmenu: bool = False
    content_check: bool = True
    menu: Mapping[str, str] = field(default_factory=dict)
    api_url: str = "https://api.weixin.qq.com"
    typing_path: str = _TYPING["miniprogram"]
    demo: bool = False

    @property
    def channel(self) -> str:
        """Return the name of the account's channel, as conversations keep it."""
        return f"{CHANNEL_PREFIX}{self.name}"


def accounts() -> list[Account]:
    """Return the accounts of the project's credentials.yml.

    Raises:
        AccountProblem: One of them is wrong.
    """
    return accounts_of(_section(environment().home / "credentials.yml"))


def demo_accounts() -> list[Account]:
    """Return the accounts that the double plays WeChat for. Raises AccountProblem."""
    return [account for account in accounts() if account.demo]


def accounts_of(section: Mapping[str, Any] | None) -> list[Account]:
    """Return the accounts of the connector's part of credentials.yml.

    Once one of them has an AppID in the environment, the others are left out; before
    that, all belong to the double.

    Raises:
        AccountProblem: One of them is wrong.
    """
    given = (section or {}).get("accounts")
    if not isinstance(given, dict) or not given:
        raise AccountProblem(
            "credentials.yml：WechatChannel 需要 accounts，例如 miniprogram: {kind: miniprogram}"
        )
    read = [_account(name, options) for name, options in given.items()]
    variables = {account.name.upper(): account.name for account in read}
    for name in given:
        if variables[name.upper()] != name:
            raise AccountProblem(
                f"credentials.yml：账号名称「{name}」和「{variables[name.upper()]}」"
                "只差大小写，环境变量分不出它们，请改掉一个"
            )
    own = [account for account in read if not account.demo]
    return own or read


def _section(file: Path) -> Mapping[str, Any]:
    data = marked_yaml.read(file).data
    section = data.get(SECTION) if isinstance(data, dict) else None
    return section if isinstance(section, dict) else {"accounts": {}}


def has_section(home: Path) -> bool:
    """Tell whether credentials.yml opens the WeChat channel at all."""
    data = marked_yaml.read(home / "credentials.yml").data
    return isinstance(data, dict) and SECTION in data


def _account(name: Any, options: Any) -> Account:
    # The name becomes part of an environment variable's and of an address.
    fits = isinstance(name, str) and name.isidentifier() and name.isascii()
    if not fits or len(name) > _LONGEST_NAME:
        raise AccountProblem(
            f"credentials.yml：账号名称「{name}」应由字母、数字和下划线组成，不以数字开头，"
            f"至多 {_LONGEST_NAME} 个字符"
        )
    chosen = _options(name, options if options is not None else {})
    demo = wechat_value(name, "APPID") is None
    if demo and any(wechat_value(name, key) for key in ("SECRET", "TOKEN", "AES_KEY")):
        raise AccountProblem(_missing(name, ["APPID"]))
    chosen |= _demo_secrets(name) if demo else _own_secrets(name, chosen["mode"])
    url = environment().wechat_double_url if demo else environment().wechat_api_url
    return Account(name=name, api_url=url, typing_path=_TYPING[chosen["kind"]], demo=demo, **chosen)


def _options(name: str, options: Any) -> dict[str, Any]:
    if not isinstance(options, dict):
        raise AccountProblem(f"credentials.yml：{name} 应写成 {{kind: miniprogram, mode: safe}}")
    unknown = set(options) - set(_CHOICES) - set(_SWITCHES) - {"menu"}
    if unknown:
        raise AccountProblem(f"credentials.yml：{name} 没有「{sorted(unknown)[0]}」这一项，请删去")
    chosen: dict[str, Any] = {"kind": "miniprogram", "mode": "safe", "format": "auto"}
    chosen = {**chosen, "desk": "kefu", **options}
    chosen.update(_from_environment(name))
    for key, known in _CHOICES.items():
        if chosen[key] not in known:
            raise AccountProblem(f"账号 {name} 的 {key} 应为 {'、'.join(known)} 之一")
    chosen.setdefault("msgmenu", chosen["kind"] == "official")
    for key in _SWITCHES:
        if not isinstance(chosen.get(key, True), bool):
            raise AccountProblem(f"credentials.yml：{name} 的 {key} 应为 true 或 false")
    chosen["menu"] = _menu(name, chosen.get("menu"))
    return chosen


def _from_environment(name: str) -> dict[str, str]:
    values = {key: wechat_value(name, key.upper()) for key in ("mode", "format")}
    return {key: value.lower() for key, value in values.items() if value}


def _menu(name: str, menu: Any) -> dict[str, str]:
    if menu is None:
        return {}
    if not isinstance(menu, dict) or not all(isinstance(v, str) and v for v in menu.values()):
        raise AccountProblem(f"credentials.yml：{name} 的 menu 应写成「菜单 KEY: 顾客说的话」")
    return {str(key): value for key, value in menu.items()}


def _own_secrets(name: str, mode: Mode) -> dict[str, str]:
    needed = ["APPID", "SECRET", "TOKEN"] + ([] if mode == "plain" else ["AES_KEY"])
    values = {key: wechat_value(name, key) for key in (*needed, "AES_KEY")}
    missing = [key for key in needed if not values[key]]
    if missing:
        raise AccountProblem(_missing(name, missing))
    key = values["AES_KEY"] or ""
    if key and not _AES_KEY.fullmatch(key):
        raise AccountProblem(
            f"环境变量 {WECHAT_PREFIX}{name.upper()}_AES_KEY 应为 43 个字母或数字，"
            "请从微信后台重新复制"
        )
    return {
        "appid": values["APPID"] or "",
        "secret": values["SECRET"] or "",
        "token": values["TOKEN"] or "",
        "aes_key": key,
    }


def _missing(name: str, keys: list[str]) -> str:
    variables = "、".join(f"{WECHAT_PREFIX}{name.upper()}_{key}" for key in keys)
    return f"账号 {name} 缺少环境变量 {variables}，见 docs/wechat.md"


def _demo_secrets(name: str) -> dict[str, str]:
    """Return what the double and we agree on; made at the first start and kept."""
    return {
        "appid": f"wx{hashlib.sha256(name.encode()).hexdigest()[:16]}",
        "secret": _letters(secret(f"wechat_{name}_secret"))[:32],
        "token": _letters(secret(f"wechat_{name}_token"))[:32],
        "aes_key": _letters(secret(f"wechat_{name}_aes_key"))[:_AES_KEY_LENGTH],
    }


def _letters(value: str) -> str:
    # The console of WeChat allows letters and digits alone.
    return value.replace("-", "A").replace("_", "B").replace("=", "")
