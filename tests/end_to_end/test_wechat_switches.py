"""Every way in which the platform may behave, one after the other, against the real processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.phone import Phone, Platform, said
from tests.end_to_end.processes import eventually

pytestmark = pytest.mark.end_to_end

INVOICE = "申请发票"
ONCE = {"fault_error_rate": 1.0, "fault_left": 1}
PUSHED_AGAIN = {"lost_answer_rate": 1.0, "retry_pause": 0.2}


@pytest.fixture(autouse=True)
def as_usual(kefu: Installation) -> Iterator[None]:
    platform = Platform(kefu)
    usual = platform.get("switches")
    yield
    platform.post("switches", **usual)


def answers(phone: Phone) -> list[str]:
    return [said(entry) for entry in phone.new(wait=1.5) if entry["author"] == "account"]


@pytest.mark.parametrize(
    "switches",
    [
        {"duplicate_rate": 1.0},
        {"duplicate_rate": 1.0, "concurrent_pushes": True},
        {"duplicate_rate": 1.0, "duplicate_delay": 0.5},
        PUSHED_AGAIN,
        {**PUSHED_AGAIN, "sign_retries_anew": True},
        {**PUSHED_AGAIN, "push_attempts": 4},
        {"openid_in_query": False},
        {"quota_rule": "max"},
        {"message_quota": 20},
        {"typing_path": "plain"},
        {"typing_path": "business"},
        {"fault_latency": 1.0},
        {**ONCE, "fault_errors": [-1]},
        {**ONCE, "fault_errors": [-1], "fault_left": 3},
        {**ONCE, "fault_errors": [40001]},
        {**ONCE, "fault_errors": [40014]},
        {**ONCE, "fault_errors": [42001]},
        {"fault_paths": ["wxa/msg_sec_check"], **ONCE, "fault_errors": [61010]},
        {"fault_paths": ["wxa/msg_sec_check"], **ONCE, "fault_errors": [45009]},
        {"fault_paths": ["cgi-bin/stable_token"], **ONCE, "fault_errors": [-1]},
    ],
    ids=str,
)
def test_message_is_answered_once(kefu: Installation, switches: dict[str, Any]) -> None:
    phone = Phone(kefu, a_customer())
    phone.platform.post("switches", **switches)
    phone.say("怎么开发票")
    phone.hears(INVOICE, 40)
    assert answers(phone) == []


@pytest.mark.parametrize(
    ("switches", "reason", "arrived"),
    [
        ({"fault_stall_rate": 1.0, "fault_stall": 7.0, "fault_left": 1}, "没有及时应答", True),
        ({"fault_drop_rate": 1.0, "fault_left": 1, "fault_after_handling": True}, "连接中断", True),
        ({"fault_drop_rate": 1.0, "fault_left": 1}, "连接中断", False),
        ({"fault_http_rate": 1.0, "fault_http": "500", "fault_left": 1}, "500", False),
        ({"fault_http_rate": 1.0, "fault_http": "html", "fault_left": 1}, "JSON", False),
        ({**ONCE, "fault_errors": [45047]}, "45047", False),
        ({**ONCE, "fault_errors": [45015]}, "45015", False),
        ({**ONCE, "fault_errors": [40003]}, "40003", False),
        ({**ONCE, "fault_errors": [48002]}, "48002", False),
        ({"ip_whitelist": ["192.0.2.1"]}, "40164", False),
    ],
    ids=str,
)
def test_message_that_cannot_be_sent_is_a_dead_letter_and_never_sent_twice(
    kefu: Installation, switches: dict[str, Any], reason: str, arrived: bool
) -> None:
    phone = Phone(kefu, a_customer())
    phone.platform.post("switches", **switches)
    before = kefu.kefu("wechat", "dead", "--limit", "1")
    phone.say("怎么开发票")
    if arrived:
        phone.hears(INVOICE)
    dead = eventually(
        lambda: (now := kefu.kefu("wechat", "dead", "--limit", "1")) != before and now,
        30,
        "the dead letter",
    )
    assert reason in dead.replace("\n", ""), dead
    assert answers(phone) == []


def test_token_that_ends_in_the_middle_is_renewed(kefu: Installation) -> None:
    phone = Phone(kefu, a_customer())
    phone.say("怎么开发票")
    phone.hears(INVOICE)
    phone.platform.post("tokens/expire")
    phone.say("怎么开发票")
    phone.hears(INVOICE)
    assert answers(phone) == []


@pytest.mark.parametrize("menu_id", ["given", "absent", "zero"])
def test_click_says_its_option_whatever_id_comes_back(kefu: Installation, menu_id: str) -> None:
    phone = Phone(kefu, a_customer(), "official")
    phone.platform.post("switches", menu_press_id=menu_id)
    phone.event("subscribe")
    phone.press(phone.hears("示例商城"), "怎么开发票")
    phone.hears(INVOICE)


def test_late_message_is_answered_after_the_one_that_overtook_it(kefu: Installation) -> None:
    phone = Phone(kefu, a_customer())
    phone.platform.post("switches", reorder_rate=1.0, reorder_hold=1.0)
    phone.say("怎么开发票")
    phone.hears(INVOICE)
    assert answers(phone) == []


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
@pytest.mark.parametrize("body_format", ["json", "xml"])
def test_every_mode_and_format_that_the_account_reads(
    kefu: Installation, mode: str, body_format: str
) -> None:
    phone = Phone(kefu, a_customer())
    path = f"accounts/{phone.appid}"
    phone.platform.post(path, mode=mode, format=body_format)
    try:
        delivery = phone.say("怎么开发票")
        if mode == "plain":
            # This account is in safe mode: whoever sends plain text is not let in.
            assert delivery["outcome"] == "fault"
        else:
            phone.hears(INVOICE)
    finally:
        phone.platform.post(path, mode="safe", format="json")
