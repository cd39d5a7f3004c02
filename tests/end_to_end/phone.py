"""A customer's phone: what the double's control API lets a customer do and see."""

from __future__ import annotations

import time
from typing import Any

import requests

from tests.end_to_end.installation import Installation

ANSWERED_WITHIN = 20.0
Entry = dict[str, Any]


class Phone:
    """Chats with one account as one customer."""

    def __init__(self, kefu: Installation, openid: str, kind: str = "miniprogram") -> None:
        self.openid = openid
        self.platform = Platform(kefu)
        self.appid = self.platform.appid(kind)
        kefu.customers.add(openid)
        self._kefu = kefu
        self._read = 0

    def say(self, text: str, **fields: Any) -> dict[str, Any]:
        """Send a text; return how it was delivered."""
        self._kefu.sent.add(text)
        return self._do("say", type="text", content=text, fields=fields)

    def send(self, kind: str, **more: Any) -> dict[str, Any]:
        """Send an image, a voice message, a card and the like."""
        return self._do("say", type=kind, **more)

    def event(self, event: str, **fields: Any) -> dict[str, Any]:
        """Enter, follow, press a menu item."""
        return self._do("event", event=event, fields=fields)

    def press(self, entry: Entry, title: str) -> dict[str, Any]:
        """Tap an item of a menu."""
        items = entry["payload"]["list"]
        item = next(item for item in items if item["content"] == title)
        return self._do("press", seq=entry["seq"], id=item["id"])

    def hears(self, words: str, within: float = ANSWERED_WITHIN) -> Entry:
        """Return the next thing the account says with these words in it."""
        found: list[Entry] = []
        deadline = time.monotonic() + within
        while not any(words in said(entry) for entry in found):
            assert time.monotonic() < deadline, f"no 「{words}」 in {[said(e) for e in found]}"
            found += self.new(wait=1)
        return next(entry for entry in found if words in said(entry))

    def new(self, wait: float = 0) -> list[Entry]:
        """Return what the account has said since the last time, waiting up to so many seconds."""
        query = {"appid": self.appid, "openid": self.openid, "after": self._read, "wait": wait}
        log = self.platform.get("log", **query)
        self._read = log["last"]
        return [entry for entry in log["entries"] if entry["author"] in ("account", "notice")]

    def _do(self, what: str, **body: Any) -> dict[str, Any]:
        body = {"appid": self.appid, "openid": self.openid, "wait": True, **body}
        return self.platform.post(what, **body)


class Platform:
    """The double's control API."""

    def __init__(self, kefu: Installation) -> None:
        self._url = f"http://127.0.0.1:{kefu.double_port}/_control"
        self._http = requests.Session()
        self._http.trust_env = False

    def get(self, path: str, **query: Any) -> Any:
        """Ask for something."""
        return self._json(self._http.get(f"{self._url}/{path}", params=query, timeout=60))

    def post(self, path: str, **body: Any) -> Any:
        """Do something."""
        return self._json(self._http.post(f"{self._url}/{path}", json=body, timeout=60))

    def delete(self, path: str) -> None:
        """Clear something."""
        self._http.delete(f"{self._url}/{path}", timeout=60).raise_for_status()

    def appid(self, kind: str) -> str:
        """Return the AppID of the account of this kind."""
        known = self.get("accounts")["accounts"]
        return str(next(account["appid"] for account in known if account["kind"] == kind))

    @staticmethod
    def _json(answer: requests.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


def said(entry: Entry) -> str:
    """Return the words of an entry."""
    payload = entry["payload"]
    if entry["type"] == "msgmenu":
        return "\n".join([payload["head_content"], *(i["content"] for i in payload["list"])])
    return str(payload.get("content", ""))
