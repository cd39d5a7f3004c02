"""How long somebody stays signed in."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from kefu.staff import people, sessions
from kefu.staff.people import Person
from kefu.staff.sessions import IDLE_SECONDS, LONGEST_SECONDS
from kefu.storage.engine import reading
from kefu.storage.tables import staff_sessions

pytestmark = pytest.mark.usefixtures("database")

NOW = 1_800_000_000.0


@pytest.fixture
def wang(database: str) -> Person:
    return people.add("wang", "小王", "agent", "wolken ohne regen", NOW)


def test_token_leads_to_the_person_and_no_other_does(wang: Person) -> None:
    new = sessions.open_session(wang.id, NOW)
    found = sessions.find(new.token, NOW)
    assert found is not None
    assert (found.person.id, found.csrf, found.created_at) == (wang.id, new.csrf, NOW)
    assert sessions.find(new.token + "x", NOW) is None
    assert sessions.find(found.token_hash, NOW) is None


def test_token_is_not_in_the_database(wang: Person) -> None:
    new = sessions.open_session(wang.id, NOW)
    with reading() as connection:
        rows = connection.execute(select(staff_sessions.c)).all()
    assert new.token not in str(rows)


def test_session_ends_after_eight_idle_hours(wang: Person) -> None:
    new = sessions.open_session(wang.id, NOW)
    assert sessions.find(new.token, NOW + IDLE_SECONDS) is not None
    assert sessions.find(new.token, NOW + 2 * IDLE_SECONDS) is not None
    assert sessions.find(new.token, NOW + 3 * IDLE_SECONDS + 1) is None


def test_session_ends_after_a_day_however_busy(wang: Person) -> None:
    new = sessions.open_session(wang.id, NOW)
    for hour in range(1, 25):
        assert sessions.find(new.token, NOW + hour * 3600) is not None
    assert sessions.find(new.token, NOW + LONGEST_SECONDS + 1) is None


def test_page_that_only_stays_open_does_not_keep_a_session_alive(wang: Person) -> None:
    new = sessions.open_session(wang.id, NOW)
    found = sessions.find(new.token, NOW)
    assert found is not None
    assert sessions.is_alive(found.token_hash, NOW + IDLE_SECONDS)
    assert not sessions.is_alive(found.token_hash, NOW + IDLE_SECONDS + 1)
    assert sessions.find(new.token, NOW + IDLE_SECONDS + 1) is None


def test_signing_out_ends_one_session_or_all(wang: Person) -> None:
    one, two, three = (sessions.open_session(wang.id, NOW) for _ in range(3))
    sessions.end(one.token)
    assert sessions.find(one.token, NOW) is None
    assert sessions.find(two.token, NOW) is not None
    sessions.end_all(wang.id)
    assert sessions.find(two.token, NOW) is None and sessions.find(three.token, NOW) is None


def test_sessions_that_ended_are_removed(wang: Person) -> None:
    sessions.open_session(wang.id, NOW)
    sessions.open_session(wang.id, NOW + LONGEST_SECONDS + 1)
    with reading() as connection:
        assert len(connection.execute(select(staff_sessions.c)).all()) == 1
