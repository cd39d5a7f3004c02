"""The first administrator."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from kefu.staff import access, people
from kefu.staff.first import make_first_administrator
from kefu.staff.signing_in import sign_in
from kefu.storage.engine import writing
from kefu.storage.tables import staff

pytestmark = pytest.mark.usefixtures("database")

NOW = 1_800_000_000.0


def test_first_administrator_is_made_once_and_has_to_change_the_password() -> None:
    new = make_first_administrator(NOW)
    assert new is not None
    person = sign_in("admin", new.password, NOW, "127.0.0.1")
    assert person.is_administrator and person.must_change
    assert make_first_administrator(NOW) is None
    assert new.password not in str(access.entries())


def test_people_without_an_administrator_get_one() -> None:
    people.add("wang", "小王", "operator", "wolken ohne regen", NOW)
    make_first_administrator(NOW)
    with writing() as connection:  # as somebody may do who restores a damaged table
        connection.execute(update(staff).values(active=False))
    again = make_first_administrator(NOW)
    assert again is not None and again.person.login == "admin2"
