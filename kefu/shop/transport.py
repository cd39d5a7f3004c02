"""One HTTP call to a shop: bounded in time and size, signed, behind a circuit breaker."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pybreaker
import requests
import urllib3

from kefu.environment import secret
from kefu.settings import Gateway
from kefu.shop.errors import ShopAnswerInvalid, ShopUnavailable
from kefu.shop.signing import KEY_HEADER, signed_headers

LARGEST = 1_000_000  # bytes of one answer
_BLOCK = 65_536
_TRY_AGAIN = (502, 503, 504)
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Answer:
    """What a shop sent back; `data` is parsed JSON, None for an empty or unreadable error."""

    status: int
    data: Any


class Breaker(pybreaker.CircuitBreaker):
    """A circuit breaker that lets calls run side by side, and one alone after a pause.

    The library holds its lock during a call, which would queue customers one behind
    the other at a slow shop.
    """

    def __init__(self, failures: int, seconds: float) -> None:
        super().__init__(failures, seconds, exclude=[_shop_is_up], throw_new_error_on_trip=False)
        self._trial = threading.RLock()

    def call(self, func: Callable[..., _Result], *args: Any, **kwargs: Any) -> _Result:
        """Run `func`. Raises CircuitBreakerError while the breaker is open."""
        if self.current_state == pybreaker.STATE_CLOSED:
            return self.state.call(func, *args, **kwargs)
        if not self._trial.acquire(blocking=False):
            raise pybreaker.CircuitBreakerError
        try:
            return self.state.call(func, *args, **kwargs)
        finally:
            self._trial.release()


class Transport:
    """Sends requests to one shop; safe to use from several threads."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        self._gateway = gateway
        self._url = url.rstrip("/")
        self._breaker = Breaker(gateway.breaker_failures, gateway.breaker_seconds)
        self._local = threading.local()

    def send(self, method: str, path: str, body: dict[str, str] | None = None) -> Answer:
        """Send one request and return the answer; a GET is tried again, a POST never.

        Args:
            method: GET or POST.
            path: Path and query, percent-encoded.
            body: Sent as JSON.

        Raises:
            ShopUnavailable: No answer in time, a 5xx or 429 answer, or the breaker is open.
            ShopAnswerInvalid: A redirect, a refused key, or a body that is not JSON.
        """
        deadline = time.monotonic() + self._gateway.timeout
        attempts = 1 + (self._gateway.retries if method == "GET" else 0)
        try:
            response, content = self._breaker.call(
                self._persist, method, path, body, deadline, attempts
            )
        except pybreaker.CircuitBreakerError:
            raise ShopUnavailable("商家系统刚才连续出错，暂停访问，稍后会自动恢复") from None
        return _judged(response.status_code, content)

    def _persist(
        self, method: str, path: str, body: dict[str, str] | None, deadline: float, attempts: int
    ) -> tuple[requests.Response, bytes]:
        # Our own loop rather than an automatic retry inside the session: a repeated nonce is
        # refused, so every attempt is signed anew, and all of them share one deadline.
        for attempt in range(1, attempts + 1):
            try:
                response, content = self._attempt(method, path, body, deadline)
                if response.status_code < 500 and response.status_code != 429:
                    return response, content
                problem = ShopUnavailable(f"商家系统返回 HTTP {response.status_code}")
                if response.status_code not in _TRY_AGAIN:
                    break
            except (requests.Timeout, urllib3.exceptions.TimeoutError):
                problem = ShopUnavailable("商家系统没有及时应答")
            except (requests.RequestException, urllib3.exceptions.HTTPError):
                problem = ShopUnavailable("连不上商家系统，请检查 shop 的 url 和网络")
            if attempt == attempts or time.monotonic() >= deadline:
                break
        raise problem

    def _attempt(
        self, method: str, path: str, body: dict[str, str] | None, deadline: float
    ) -> tuple[requests.Response, bytes]:
        remaining = max(deadline - time.monotonic(), 0.001)
        session = self._session()
        response = session.send(
            self._prepared(session, method, path, body),
            timeout=urllib3.Timeout(total=remaining),  # type: ignore[arg-type]
            verify=self._gateway.ca_file or True,
            allow_redirects=False,
            stream=True,
        )
        with response:
            return response, _content(response, deadline)

    def _prepared(
        self, session: requests.Session, method: str, path: str, body: dict[str, str] | None
    ) -> requests.PreparedRequest:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        request = requests.Request(method, self._url + path, headers=headers, data=content)
        prepared = session.prepare_request(request)
        prepared.headers.update(self._credentials(prepared, content))
        return prepared

    def _credentials(self, prepared: requests.PreparedRequest, content: bytes) -> dict[str, str]:
        auth, sent = self._gateway.auth, urlsplit(prepared.path_url)
        if auth == "none":
            return {}
        key = secret("shop_api_key")
        if auth == "bearer":
            return {"Authorization": f"Bearer {key}"}
        if auth == "key":
            return {KEY_HEADER: key}
        method = str(prepared.method)
        return signed_headers(
            key, secret("shop_api_secret"), method, sent.path, sent.query, content
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            # Proxies, certificates and passwords are not picked up from the machine.
            session.trust_env = False
            session.headers["Accept"] = "application/json"
            session.headers["User-Agent"] = "kefu"
            self._local.session = session
        return session


def _shop_is_up(error: BaseException) -> bool:
    return not isinstance(error, ShopUnavailable)


def _content(response: requests.Response, deadline: float) -> bytes:
    # read1 returns what has arrived; a body that drips in cannot outlast the deadline.
    content = bytearray()
    while block := response.raw.read1(_BLOCK, decode_content=True):
        content += block
        if len(content) > LARGEST:
            response.close()
            raise ShopAnswerInvalid("商家系统的应答超过 1 MB，请减少每次返回的记录")
        if time.monotonic() > deadline:
            response.close()
            raise requests.Timeout
    return bytes(content)


def _judged(status: int, content: bytes) -> Answer:
    if status in (401, 403):
        raise ShopAnswerInvalid(
            f"商家系统不接受密钥（HTTP {status}），请核对 KEFU_SHOP_API_KEY 和 KEFU_SHOP_API_SECRET"
        )
    if status < 200 or 300 <= status < 400:
        raise ShopAnswerInvalid(f"商家系统要求跳转（HTTP {status}），请把 shop 的 url 写成最终地址")
    try:
        return Answer(status, json.loads(content))
    except (ValueError, RecursionError):
        if status >= 400:
            return Answer(status, None)
        raise ShopAnswerInvalid("商家系统的应答不是 JSON，请检查 shop 的 url 和 paths") from None
