"""Signing in, and what keeps strangers from trying."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from kefu.staff import access, passwords, people
from kefu.staff.people import Person
from kefu.staff.signing_in import (
    FAILURES,
    FAILURES_OF_ADDRESS,
    LOCKED_SECONDS,
    TOO_OFTEN,
    WRONG,
    WRONG_PASSWORD,
    SignInRefused,
    confirm,
    sign_in,
)
from kefu.storage.engine import writing
from kefu.storage.tables import staff

pytestmark = pytest.mark.usefixtures("database")

NOW = 1_800_000_000.0
HERE = "203.0.113.7"
PASSWORD = "wolken ohne regen"


@pytest.fixture
def wang(database: str) -> Person:
    return people.add("wang", "小王", "agent", PASSWORD, NOW)


def refusal(login: str, password: str, now: float = NOW, address: str = HERE) -> str:
    with pytest.raises(SignInRefused) as refused:
        sign_in(login, password, now, address)
    return str(refused.value)


def test_right_password_signs_in_and_is_logged(wang: Person) -> None:
    person = sign_in(" Wang ", PASSWORD, NOW, HERE)
    assert (person.id, person.signed_in_at) == (wang.id, NOW)
    entry = access.entries()[0]
    assert (entry.action, entry.login, entry.staff, entry.address) == (
        "sign_in", "wang", wang.id, HERE,
    )  # fmt: skip


def test_stranger_cannot_tell_what_was_wrong(wang: Person) -> None:
    people.add("gone", "小李", "agent", PASSWORD, NOW)
    people.change(people.by_login("gone").id, active=False)  # type: ignore[union-attr]
    assert refusal("wang", "wrong") == refusal("nobody", PASSWORD) == WRONG
    assert refusal("gone", PASSWORD) == refusal("", "") == WRONG


def test_what_nobody_is_called_is_not_logged(wang: Person) -> None:
    refusal(PASSWORD, "wang")
    refusal("wang", "wrong")
    assert [entry.login for entry in access.entries()] == ["wang", "（未知）"]


def test_fifth_wrong_password_locks_for_a_quarter_of_an_hour(wang: Person) -> None:
    for _ in range(FAILURES):
        refusal("wang", "wrong")
    assert refusal("wang", PASSWORD, NOW + LOCKED_SECONDS - 1) == WRONG
    assert sign_in("wang", PASSWORD, NOW + LOCKED_SECONDS, HERE).id == wang.id


def test_after_a_lock_there_are_five_attempts_again(wang: Person) -> None:
    for _ in range(FAILURES):
        refusal("wang", "wrong")
    later = NOW + LOCKED_SECONDS
    refusal("wang", "wrong", later)
    assert sign_in("wang", PASSWORD, later, HERE).id == wang.id


def test_success_forgets_the_failures_before_it(wang: Person) -> None:
    for _ in range(2):
        for _ in range(FAILURES - 1):
            refusal("wang", "wrong")
        sign_in("wang", PASSWORD, NOW, HERE)


def test_attempts_at_the_same_moment_are_no_more_than_five(wang: Person) -> None:
    tried = [f"wrong {number}" for number in range(FAILURES)] + [PASSWORD] * 7

    def attempt(password: str) -> bool:
        try:
            sign_in("wang", password, NOW, HERE)
        except SignInRefused:
            return False
        return True

    for _ in range(FAILURES):
        refusal("wang", "wrong")
    with ThreadPoolExecutor(6) as pool:
        assert not any(pool.map(attempt, tried))


def test_administrator_lifts_a_lock(wang: Person) -> None:
    for _ in range(FAILURES):
        refusal("wang", "wrong")
    people.unlock(wang.id)
    assert sign_in("wang", PASSWORD, NOW, HERE).id == wang.id


def test_address_that_tries_many_logins_has_to_wait(wang: Person) -> None:
    for number in range(FAILURES_OF_ADDRESS):
        access.note(f"a{number}", "sign_in_failed", address=HERE, now=NOW)
    assert refusal("wang", PASSWORD) == TOO_OFTEN
    assert sign_in("wang", PASSWORD, NOW, "203.0.113.8").id == wang.id
    assert sign_in("wang", PASSWORD, NOW + LOCKED_SECONDS + 1, HERE).id == wang.id


def test_password_kept_in_a_weaker_way_is_kept_anew(wang: Person) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    assert passwords.is_outdated(weak)
    with writing() as connection:
        connection.execute(update(staff).values(password_hash=weak))
    sign_in("wang", PASSWORD, NOW, HERE)
    with writing() as connection:
        kept = connection.execute(staff.select()).one().password_hash
    assert kept != weak and not passwords.is_outdated(kept)


def test_open_page_is_no_place_to_try_passwords(wang: Person) -> None:
    confirm(wang, PASSWORD, NOW, HERE)
    for _ in range(FAILURES):
        with pytest.raises(SignInRefused, match=WRONG_PASSWORD[:8]):
            confirm(wang, "wrong", NOW, HERE)
    with pytest.raises(SignInRefused):
        confirm(wang, PASSWORD, NOW, HERE)
