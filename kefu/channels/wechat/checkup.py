"""Whether WeChat lets our accounts call it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.errors import WechatError
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session


@dataclass(frozen=True)
class Checked:
    """What calling WeChat for one account showed; `text` says what is wrong and what to do."""

    account: Account
    ok: bool
    text: str


def check_accounts(accounts: Sequence[Account]) -> list[Checked]:
    """Ask WeChat for a token and its push addresses for each account."""
    return asyncio.run(_check_all(accounts))


async def _check_all(accounts: Sequence[Account]) -> list[Checked]:
    async with open_session() as session:
        tokens = TokenStore(session)
        return [await _check(account, WechatApi(account, session, tokens)) for account in accounts]


async def _check(account: Account, api: WechatApi) -> Checked:
    try:
        addresses = await api.callback_ips()
    except WechatError as error:
        return Checked(account, False, str(error))
    return Checked(account, True, f"access_token 有效，微信的推送来自 {len(addresses)} 个 IP")
