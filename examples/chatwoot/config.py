"""What the administrator sets, all of it in environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NEEDED = (
    "KEFU_URL",
    "KEFU_HELPDESK_SECRET",
    "CHATWOOT_URL",
    "CHATWOOT_INBOX",
    "CHATWOOT_ACCOUNT",
    "CHATWOOT_TOKEN",
    "BRIDGE_TOKEN",
)
_SHORTEST_TOKEN = 24


@dataclass(frozen=True)
class Config:
    """The two sides of the bridge.

    Attributes:
        kefu_url: Address of kefu's console, without a path.
        kefu_secret: Shown by `kefu helpdesk secret`.
        chatwoot_url: Address of Chatwoot, without a path.
        inbox: Identifier of the API channel's inbox.
        account: Number of the account.
        token: Access token of a user or bot that writes private notes.
        webhook_secret: Key with which Chatwoot signs; "" where it does not sign.
        path_token: Last part of the address that Chatwoot calls.
        host, port: Where the bridge listens.
        database: File in which it remembers.
    """

    kefu_url: str
    kefu_secret: str
    chatwoot_url: str
    inbox: str
    account: str
    token: str
    webhook_secret: str
    path_token: str
    host: str
    port: int
    database: Path


def read_config(variables: Mapping[str, str]) -> Config:
    """Read the variables. Raises SystemExit with what is missing."""
    missing = [name for name in _NEEDED if not variables.get(name)]
    if missing:
        raise SystemExit(f"请设置环境变量：{'、'.join(missing)}")
    if len(variables["BRIDGE_TOKEN"]) < _SHORTEST_TOKEN:
        raise SystemExit(f"BRIDGE_TOKEN 太短，至少 {_SHORTEST_TOKEN} 个字符：openssl rand -hex 24")
    return Config(
        kefu_url=variables["KEFU_URL"].rstrip("/"),
        kefu_secret=variables["KEFU_HELPDESK_SECRET"],
        chatwoot_url=variables["CHATWOOT_URL"].rstrip("/"),
        inbox=variables["CHATWOOT_INBOX"],
        account=variables["CHATWOOT_ACCOUNT"],
        token=variables["CHATWOOT_TOKEN"],
        webhook_secret=variables.get("CHATWOOT_WEBHOOK_SECRET", ""),
        path_token=variables["BRIDGE_TOKEN"],
        host=variables.get("BRIDGE_HOST", "127.0.0.1"),
        port=int(variables.get("BRIDGE_PORT", "5065")),
        database=Path(variables.get("BRIDGE_DATABASE", "bridge.db")),
    )
