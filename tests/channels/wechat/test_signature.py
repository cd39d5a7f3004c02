"""WeChat's signatures, their age and their repeats."""

from __future__ import annotations

import pytest

from kefu.channels.wechat import signature
from kefu.channels.wechat.signature import (
    Freshness,
    PushRefused,
    ReplayedNonce,
    StaleSignature,
    matches,
    message_signature,
    plain_signature,
)

NOW = 1_800_000_000
STAMP = str(NOW)


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def freshness(clock: Clock) -> Freshness:
    return Freshness(clock=clock)


def test_signatures_are_those_of_the_official_documentation() -> None:
    assert (
        plain_signature("AAAAA", "1714036504", "1514711492")
        == "f464b24fc39322e44b38aa78f5edd27bd1441696"
    )
    encrypted = (
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    assert (
        message_signature("AAAAA", "1713424427", "415670741", encrypted)
        == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    )


def test_parts_are_sorted_before_they_are_joined() -> None:
    assert plain_signature("c", "b", "a") == "a9993e364706816aba3e25717850c26c9cd0d89d"


@pytest.mark.parametrize("given", ["", "x", "A" * 40, "签名", "\ud800", "\x00", "a" * 10_000])
def test_any_other_text_does_not_match(given: str) -> None:
    assert not matches(given, plain_signature("token", STAMP, "n"))


def test_the_same_signature_matches() -> None:
    assert matches(plain_signature("令牌", STAMP, "n"), plain_signature("令牌", STAMP, "n"))


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_time_inside_the_window_is_taken(freshness: Freshness, off: int) -> None:
    freshness.check("shop", str(NOW + off), "n", b"content")


@pytest.mark.parametrize(
    "stamp",
    [str(NOW - 301), str(NOW + 301), "", "now", "-1", "1.8e9", " " + STAMP, "9" * 5000, "١٨"],
)
def test_other_times_are_stale(freshness: Freshness, stamp: str) -> None:
    with pytest.raises(StaleSignature) as refused:
        freshness.check("shop", stamp, "n", b"content")
    assert refused.value.reason == "stale"


def test_repeat_with_the_same_content_is_taken(freshness: Freshness, clock: Clock) -> None:
    for _ in range(3):
        freshness.check("shop", STAMP, "n", b"content")
        clock.now += 5


def test_other_content_under_a_used_nonce_is_refused(freshness: Freshness) -> None:
    freshness.check("shop", STAMP, "n", b"content")
    with pytest.raises(ReplayedNonce) as refused:
        freshness.check("shop", STAMP, "n", b"other")
    assert refused.value.reason == "replayed"
    assert isinstance(refused.value, PushRefused)
    freshness.check("shop", STAMP, "n", b"content")


@pytest.mark.parametrize(
    ("nonce", "other_stamp", "other_nonce"),
    [("00", "0" + STAMP, "0"), (str(NOW + 7), str(NOW + 7), STAMP)],
    ids=["a zero moved", "both changed places"],
)
def test_same_signature_over_other_parts_is_no_new_nonce(
    freshness: Freshness, nonce: str, other_stamp: str, other_nonce: str
) -> None:
    same = plain_signature("token", other_stamp, other_nonce)
    assert plain_signature("token", STAMP, nonce) == same
    freshness.check("shop", STAMP, nonce, b"content")
    with pytest.raises(ReplayedNonce):
        freshness.check("shop", other_stamp, other_nonce, b"other")


def test_accounts_and_times_do_not_share_nonces(freshness: Freshness) -> None:
    freshness.check("shop", STAMP, "n", b"one")
    freshness.check("other", STAMP, "n", b"two")
    freshness.check("shop", str(NOW + 1), "n", b"three")


def test_replay_is_refused_as_long_as_its_timestamp_is_fresh(
    freshness: Freshness, clock: Clock
) -> None:
    early = str(NOW + 300)
    freshness.check("shop", early, "n", b"content")
    clock.now += 600
    freshness.check("shop", str(NOW + 600), "m", b"content")
    with pytest.raises(ReplayedNonce):
        freshness.check("shop", early, "n", b"other")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(signature, "_MAX_NONCES", 3)
    freshness = Freshness(clock=clock)
    for nonce in "abcd":
        freshness.check("shop", STAMP, nonce, b"content")
    freshness.check("shop", STAMP, "a", b"the oldest was forgotten")
    with pytest.raises(ReplayedNonce):
        freshness.check("shop", STAMP, "d", b"the newest was not")
