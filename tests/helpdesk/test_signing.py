"""Only what both sides signed a short while ago counts."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from kefu.environment import secret
from kefu.helpdesk import signing
from kefu.helpdesk.signing import Forged

pytestmark = pytest.mark.usefixtures("fresh_home")
NOW = 1_780_000_000.4
BODY = '{"id": "1", "text": "你好"}'.encode()


def headers(**changed: str) -> dict[str, str]:
    made = {name.lower(): value for name, value in signing.signed_headers("1", BODY, NOW).items()}
    return {**made, **{name.replace("_", "-"): value for name, value in changed.items()}}


def test_the_signature_is_what_the_documentation_says() -> None:
    made = headers()
    key, signed = secret("helpdesk_secret").encode(), b"1780000000." + BODY
    digest = hmac.new(key, signed, hashlib.sha256).hexdigest()
    assert made["x-kefu-signature"] == f"v1={digest}"
    assert (made["x-kefu-timestamp"], made["x-kefu-event"]) == ("1780000000", "1")


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_request_of_the_other_side_passes_within_five_minutes(seconds: float) -> None:
    signing.check(headers(), BODY, NOW + seconds)


@pytest.mark.parametrize("seconds", [-302, 302, 86400])
def test_an_old_request_does_not_pass_although_its_signature_is_right(seconds: float) -> None:
    with pytest.raises(Forged, match="校准时钟"):
        signing.check(headers(), BODY, NOW + seconds)


@pytest.mark.parametrize(
    "given",
    [
        {"x_kefu_signature": "v1=" + "0" * 64},
        {"x_kefu_signature": ""},
        {"x_kefu_signature": "你好"},
        {"x_kefu_timestamp": "1780000001"},
        {"x_kefu_timestamp": "现在"},
        {"x_kefu_timestamp": ""},
    ],
)
def test_a_forged_request_does_not_pass(given: dict[str, str]) -> None:
    with pytest.raises(Forged, match="签名不正确"):
        signing.check(headers(**given), BODY, NOW)


def test_another_body_does_not_pass_under_a_known_signature() -> None:
    with pytest.raises(Forged, match="签名不正确"):
        signing.check(headers(), BODY + b" ", NOW)


@pytest.mark.parametrize("stamp", ["9" * 400, "-5", "1e9", "１７８００００００"])
def test_a_timestamp_that_is_no_number_of_seconds_does_not_pass(stamp: str) -> None:
    made = headers(x_kefu_timestamp=stamp)
    made["x-kefu-signature"] = signing.signature(secret("helpdesk_secret"), stamp, BODY)
    with pytest.raises(Forged):
        signing.check(made, BODY, NOW)
