"""Which passwords are good enough."""

from __future__ import annotations

import pytest

from kefu.staff import passwords
from kefu.staff.person import StaffError


@pytest.mark.parametrize(
    ("password", "remedy"),
    [
        ("short", "10 至 128"),
        ("x" * 129, "10 至 128"),
        ("wang.li2024", "登录名"),
        ("WANG.LI2024", "登录名"),
        ("1234567890", "太常见"),
        ("Password123", "太常见"),
        ("aaaaaaaaaaaa", "太常见"),
        ("abababababab", "太常见"),
    ],
)
def test_easy_password_is_refused_with_the_remedy(password: str, remedy: str) -> None:
    with pytest.raises(StaffError, match=remedy):
        passwords.check(password, "wang.li")


@pytest.mark.parametrize("password", ["korrekt pferd", "三个不相关的词语放一起", "x7Kq-92mP-zz"])
def test_longer_password_is_taken_whatever_it_is_made_of(password: str) -> None:
    passwords.check(password, "wang.li")


def test_password_matches_what_was_kept_of_it_only() -> None:
    kept = passwords.hashed("korrekt pferd")
    assert passwords.matches("korrekt pferd", kept)
    assert not passwords.matches("korrekt pferd ", kept)
    assert not passwords.matches("korrekt pferd", None)
    assert not passwords.matches("korrekt pferd", "damaged")


def test_same_password_is_kept_differently_for_two_people() -> None:
    assert passwords.hashed("korrekt pferd") != passwords.hashed("korrekt pferd")


def test_one_time_passwords_are_good_enough_and_differ() -> None:
    made = {passwords.one_time() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check(password, "admin")
