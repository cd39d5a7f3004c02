"""What agents and operators read about WeChat's error codes."""

from __future__ import annotations

import pytest

from kefu.channels.wechat.errors import MEANINGS, Busy, Refused, meaning, refusal

# The columns that keep these texts take no more.
_LONGEST = 200


@pytest.mark.parametrize("code", MEANINGS)
def test_meaning_says_what_is_wrong_and_what_to_do(code: int) -> None:
    wrong, _, remedy = meaning(code).partition("：")
    assert wrong and remedy and len(meaning(code)) <= _LONGEST


def test_unknown_code_has_a_remedy_too() -> None:
    error = refusal(12345, "something new")
    assert isinstance(error, Refused)
    assert "官方文档" in str(error) and "12345" in str(error)


def test_waiting_helps_only_with_three_codes() -> None:
    codes = {code for code in [*MEANINGS, 12345] if isinstance(refusal(code), Busy)}
    assert codes == {-1, 45009, 45011}


@pytest.mark.parametrize(
    ("errmsg", "shown"),
    [
        ("invalid ip 61.172.68.219, not in whitelist rid: 1", "61.172.68.219"),
        ("invalid ip 61.172.68.219 ipv6 ::ffff:61.172.68.219, not in whitelist", "61.172.68.219"),
        ("invalid ip", "公网 IP"),
    ],
)
def test_address_to_enter_in_the_whitelist_is_shown(errmsg: str, shown: str) -> None:
    assert refusal(40164, errmsg).text.endswith(shown)


def test_nothing_else_of_the_answer_is_shown() -> None:
    error = refusal(40003, "invalid openid o9AgO5Kd5ggOC-bXrbNODIiE3bGY 10.0.0.1")
    assert str(error) == f"{meaning(40003)}（错误码 40003）"
