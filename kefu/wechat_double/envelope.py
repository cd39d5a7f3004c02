"""A push as it goes over the wire: address, signature, encryption."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from yarl import URL

from kefu.wechat_double import cipher, wire
from kefu.wechat_double.accounts import DoubleAccount


@dataclass(frozen=True)
class Envelope:
    """One request to the account's server.

    Attributes:
        url: The push URL with its query.
        body: The sealed message.
        headers: Content type, and what else WeChat sends.
    """

    url: URL
    body: bytes
    headers: dict[str, str]


def seal(
    account: DoubleAccount, fields: wire.Fields, timestamp: float, openid: str | None
) -> Envelope:
    """Return the push of `fields` in the account's mode and format.

    `openid` goes into the address, unless it is None.
    """
    query = _signed(account, timestamp)
    if openid is not None:
        query["openid"] = openid
    written = fields
    if account.mode != "plain":
        encrypted = cipher.encrypt(
            account.aes_key, account.appid, wire.write(fields, account.format)
        )
        query["encrypt_type"] = "aes"
        query["msg_signature"] = cipher.signature(
            account.token, query["timestamp"], query["nonce"], encrypted
        )
        clear = fields if account.mode == "compatible" else {"ToUserName": account.original_id}
        written = {**clear, "Encrypt": encrypted}
    headers = {
        "Content-Type": wire.CONTENT_TYPES[account.format],
        "User-Agent": "Mozilla/4.0",
        "Accept": "*/*",
        "Pragma": "no-cache",
    }
    url = URL(account.push_url).update_query(query)
    return Envelope(url, wire.write(written, account.format).encode(), headers)


def verification(account: DoubleAccount, token: str, timestamp: float) -> tuple[URL, str]:
    """Return the address of a URL verification signed with `token`, and its echostr."""
    echo = str(secrets.randbelow(9 * 10**18) + 10**18)
    query = _signed(account, timestamp, token)
    return URL(account.push_url).update_query({**query, "echostr": echo}), echo


def _signed(account: DoubleAccount, timestamp: float, token: str | None = None) -> dict[str, str]:
    time, nonce = str(int(timestamp)), str(secrets.randbelow(2 * 10**9))
    signed = cipher.signature(account.token if token is None else token, time, nonce)
    return {"signature": signed, "timestamp": time, "nonce": nonce}
