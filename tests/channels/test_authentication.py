"""Who may call the REST channel."""

from __future__ import annotations

import pytest

from kefu.channels.authentication import WINDOW_SECONDS, Authentication, Backend, Refused, signature

NOW = 1_800_000_000.0
PATH = "/webhooks/rest/webhook"
BODY = '{"sender": "o_1", "message": "你好"}'.encode()
SECRET = "signing-key"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def authentication(clock: Clock) -> Authentication:
    backends = [
        Backend("miniprogram", "token", "right-token"),
        Backend("app", "hmac", SECRET),
        Backend("web", "hmac", "another-key"),
    ]
    return Authentication(backends, clock)


def signed(
    nonce: str = "n1", at: float = NOW, secret: str = SECRET, body: bytes = BODY, name: str = "app"
) -> dict[str, str]:
    stamp = str(int(at))
    return {
        "x-kefu-backend": name,
        "x-kefu-timestamp": stamp,
        "x-kefu-nonce": nonce,
        "x-kefu-signature": signature(secret, stamp, nonce, "POST", PATH, body),
    }


def test_token_names_its_backend(authentication: Authentication) -> None:
    for scheme in ("Bearer", "bearer"):
        headers = {"authorization": f"{scheme} right-token"}
        assert authentication.check(headers, "POST", PATH, BODY).name == "miniprogram"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": "Bearer wrong-token"},
        {"authorization": "Basic right-token"},
        {"authorization": "right-token"},
        # A signing key is no token.
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": "Bearer \udcff"},
        {"x-kefu-token": "right-token"},
    ],
)
def test_other_credentials_are_refused(
    authentication: Authentication, headers: dict[str, str]
) -> None:
    with pytest.raises(Refused, match="凭证"):
        authentication.check(headers, "POST", PATH, BODY)


def test_signed_request_names_its_backend(authentication: Authentication) -> None:
    assert authentication.check(signed(), "POST", PATH, BODY).name == "app"


def test_signature_is_the_documented_one() -> None:
    # openssl dgst -sha256 -hmac signing-key over the five lines.
    assert signature(SECRET, "1800000000", "n1", "post", PATH, b"{}") == (
        "56a711aeecfadfa765fa07488ee99be03642d2534f56c3c38de5684563e28129"
    )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", PATH, BODY + b" "),
        ("POST", f"{PATH}?x=1", BODY),
        ("GET", PATH, BODY),
        ("POST", "/webhooks/rest/messages", BODY),
    ],
)
def test_signature_holds_for_one_request_alone(
    authentication: Authentication, method: str, path: str, body: bytes
) -> None:
    with pytest.raises(Refused, match="签名不正确"):
        authentication.check(signed(), method, path, body)


@pytest.mark.parametrize(
    "headers",
    [
        signed(secret="guessed"),
        signed(name="web"),
        # A backend with a token has no signing key, an unknown one none at all.
        signed(name="miniprogram", secret="right-token"),
        signed(name="nobody", secret=""),
        {**signed(), "x-kefu-nonce": "n2"},
        {**signed(), "x-kefu-timestamp": str(int(NOW) + 1)},
        {**signed(), "x-kefu-signature": "é"},
    ],
)
def test_wrong_signature_is_refused(
    authentication: Authentication, headers: dict[str, str]
) -> None:
    with pytest.raises(Refused, match="签名不正确"):
        authentication.check(headers, "POST", PATH, BODY)


def test_wrong_signature_is_not_saved_by_a_token(authentication: Authentication) -> None:
    headers = {**signed(secret="guessed"), "authorization": "Bearer right-token"}
    with pytest.raises(Refused):
        authentication.check(headers, "POST", PATH, BODY)


@pytest.mark.parametrize("away", [-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1])
def test_request_of_another_time_is_refused(authentication: Authentication, away: int) -> None:
    with pytest.raises(Refused, match="时间戳"):
        authentication.check(signed(at=NOW + away), "POST", PATH, BODY)


@pytest.mark.parametrize("away", [-WINDOW_SECONDS, WINDOW_SECONDS])
def test_clock_may_be_off_by_the_window(authentication: Authentication, away: int) -> None:
    assert authentication.check(signed(at=NOW + away), "POST", PATH, BODY).name == "app"


@pytest.mark.parametrize("stamp", ["", "soon", "²", "-1", "1e9"])
def test_timestamp_that_is_no_number_is_refused(authentication: Authentication, stamp: str) -> None:
    wanted = signature(SECRET, stamp, "n1", "POST", PATH, BODY)
    headers = {**signed(), "x-kefu-timestamp": stamp, "x-kefu-signature": wanted}
    with pytest.raises(Refused, match="时间戳"):
        authentication.check(headers, "POST", PATH, BODY)


@pytest.mark.parametrize("nonce", ["", "x" * 129])
def test_nonce_of_a_wrong_length_is_refused(authentication: Authentication, nonce: str) -> None:
    with pytest.raises(Refused, match="Nonce"):
        authentication.check(signed(nonce), "POST", PATH, BODY)


def test_replay_is_refused_as_long_as_its_timestamp_holds(
    authentication: Authentication, clock: Clock
) -> None:
    early = signed("early", at=NOW + WINDOW_SECONDS)
    assert authentication.check(early, "POST", PATH, BODY).name == "app"
    for later in (0, WINDOW_SECONDS, 2 * WINDOW_SECONDS - 1):
        clock.now = NOW + later
        with pytest.raises(Refused, match="Nonce"):
            authentication.check(early, "POST", PATH, BODY)
    clock.now = NOW + 2 * WINDOW_SECONDS + 1
    with pytest.raises(Refused, match="时间戳"):
        authentication.check(early, "POST", PATH, BODY)


def test_refused_request_does_not_use_its_nonce_up(authentication: Authentication) -> None:
    with pytest.raises(Refused):
        authentication.check(signed("n1", secret="guessed"), "POST", PATH, BODY)
    assert authentication.check(signed("n1"), "POST", PATH, BODY).name == "app"


def test_backends_have_nonces_of_their_own(authentication: Authentication) -> None:
    assert authentication.check(signed("n1"), "POST", PATH, BODY).name == "app"
    other = signed("n1", secret="another-key", name="web")
    assert authentication.check(other, "POST", PATH, BODY).name == "web"
